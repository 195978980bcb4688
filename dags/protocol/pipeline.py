"""All systems of a run in one hand, as the steps get them."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from conf.settings import Settings
from dags.systems import connections, metadata
from dags.systems.alerts import Alerts
from dags.systems.bucket import Bucket
from dags.systems.ledger import Ledger
from dags.systems.warehouse import Warehouse

if TYPE_CHECKING:
    from dags.systems.metadata import Connection


@dataclass(frozen=True)
class Pipeline:
    """The systems and the configuration; `now` is the only clock that a run asks."""

    settings: Settings
    bucket: Bucket
    ledger: Ledger
    warehouse: Warehouse
    copy_role: str
    alerts: Alerts
    open_metadata: "Callable[[], AbstractContextManager[Connection]]"
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def open_bucket(settings: Settings) -> Bucket:
    """Give the bucket, which needs no connection but the worker's own role."""
    return Bucket(connections.open_session(settings.region).client("s3"), settings.data_bucket)


def open_alerts(settings: Settings) -> Alerts:
    """Give the way to tell people, which works where every connection is broken."""
    aws = connections.open_session(settings.region)
    return Alerts(aws.client("sns"), aws.client("cloudwatch"), settings.alerts_topic_arn)


def open_pipeline(
    settings: Settings, *, read_connection: Callable[[str], Any] = connections.read_connection
) -> Pipeline:
    """Give the systems as Airflow's connections and the process's own role reach them.

    Args:
        read_connection: Reads a connection where there is no Airflow.

    Raises:
        MissingFieldError: A connection lacks a field.
    """

    @contextlib.contextmanager
    def open_metadata() -> "Iterator[Connection]":
        found = read_connection(settings.metadata_connection)
        dsn = connections.postgres_dsn(
            found, settings.metadata_ssl_mode, settings.metadata_ssl_root_cert
        )
        with contextlib.closing(metadata.connect(dsn)) as opened:
            yield opened

    aws = connections.open_session(settings.region)
    redshift = connections.extra_of(
        read_connection(settings.warehouse_connection),
        *("workgroup", "database", "copy_role"),
    )
    return Pipeline(
        settings=settings,
        bucket=open_bucket(settings),
        ledger=Ledger(aws.client("dynamodb"), settings.ledger_table),
        warehouse=Warehouse(
            aws.client("redshift-data"), redshift["workgroup"], redshift["database"]
        ),
        copy_role=redshift["copy_role"],
        alerts=open_alerts(settings),
        open_metadata=open_metadata,
    )
