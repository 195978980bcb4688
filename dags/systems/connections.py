"""What Airflow's secrets backend knows: how RDS and Redshift are reached; and AWS's clients."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from boto3.session import Session

MAX_CONNECTIONS = 32
TRIES = 6


class MissingFieldError(Exception):
    """A connection lacks a field that the pipeline needs; the message names both."""


def read_connection(connection_id: str) -> "Connection":
    """Read a connection by Airflow's secrets backend, at run time: its secret may rotate."""
    try:
        from airflow.sdk import BaseHook
    except ImportError:  # Airflow 2.9
        from airflow.hooks.base import BaseHook  # type: ignore[attr-defined, no-redef]
    return BaseHook.get_connection(connection_id)


def postgres_dsn(connection: "Connection", ssl_mode: str, ssl_root_cert: str) -> dict[str, str]:
    """Give psycopg2's parameters for a connection; TLS is the environment's to decide."""
    needed = {
        "host": connection.host,
        "dbname": connection.schema,
        "user": connection.login,
        "password": connection.password,
    }
    dsn = {"port": str(connection.port or 5432), "sslmode": ssl_mode}
    for name, value in needed.items():
        if not value:
            raise MissingFieldError(f"connection {connection.conn_id} lacks its {name}")
        dsn[name] = value
    return dsn | ({"sslrootcert": ssl_root_cert} if ssl_root_cert else {})


def extra_of(connection: "Connection", *names: str) -> dict[str, str]:
    """Give the named fields of a connection's extra.

    Raises:
        MissingFieldError: One is not there.
    """
    extra: Mapping[str, object] = connection.extra_dejson
    for name in names:
        if not extra.get(name):
            raise MissingFieldError(f"the extra of connection {connection.conn_id} lacks {name}")
    return {name: str(extra[name]) for name in names}


def open_session(region: str) -> "Session":
    """Open AWS with the worker's own role; its clients wait and try again when throttled."""
    import boto3
    import botocore.session
    from botocore.config import Config

    session = botocore.session.get_session()
    session.set_default_client_config(
        Config(
            retries={"mode": "standard", "total_max_attempts": TRIES},
            max_pool_connections=MAX_CONNECTIONS,
        )
    )
    return boto3.Session(botocore_session=session, region_name=region)
