"""What Airflow's secrets backend knows: how RDS and Redshift are reached; and AWS's clients."""

from collections.abc import Mapping
from typing import Any

MAX_CONNECTIONS = 32
TRIES = 6


class MissingFieldError(Exception):
    """A connection lacks a field that the pipeline needs; the message names both."""


def read_connection(connection_id: str) -> Any:
    """Read a connection by Airflow's secrets backend, at run time: its secret may rotate."""
    try:
        from airflow.sdk import BaseHook
    except ImportError:  # Airflow 2.9
        from airflow.hooks.base import BaseHook  # type: ignore[attr-defined, no-redef]
    return BaseHook.get_connection(connection_id)


def postgres_dsn(connection: Any, ssl_mode: str, ssl_root_cert: str) -> dict[str, Any]:
    """Give psycopg2's parameters for a connection; TLS is the environment's to decide."""
    dsn = {
        "host": connection.host,
        "port": connection.port or 5432,
        "dbname": connection.schema,
        "user": connection.login,
        "password": connection.password,
        "sslmode": ssl_mode,
    }
    for name in ("host", "dbname", "user", "password"):
        if not dsn[name]:
            raise MissingFieldError(f"connection {connection.conn_id} lacks its {name}")
    return dsn | ({"sslrootcert": ssl_root_cert} if ssl_root_cert else {})


def extra_of(connection: Any, *names: str) -> dict[str, str]:
    """Give the named fields of a connection's extra.

    Raises:
        MissingFieldError: One is not there.
    """
    extra: Mapping[str, Any] = connection.extra_dejson
    for name in names:
        if not extra.get(name):
            raise MissingFieldError(f"the extra of connection {connection.conn_id} lacks {name}")
    return {name: str(extra[name]) for name in names}


def make_client(service: str, region: str) -> Any:
    """Give a client of AWS with the worker's own role; it waits and tries again when throttled."""
    import boto3
    from botocore.config import Config

    retries: Any = {"mode": "standard", "total_max_attempts": TRIES}
    config = Config(retries=retries, max_pool_connections=MAX_CONNECTIONS)
    return boto3.client(service, region_name=region, config=config)
