"""A pipeline over the real stand-in, its steps called as the DAG calls them, and what it must give.

Each world has a bucket and a ledger of its own; the two databases are emptied for it.
"""

import contextlib
import dataclasses
import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2

from commands.stack.describe import make_client
from commands.stack.seed import create_ledger, metadata_dsn
from conf import places
from conf.settings import Settings
from dags.protocol.params import read_params
from dags.protocol.pipeline import Pipeline
from dags.systems import metadata, warehouse
from dags.systems.alerts import Alerts
from dags.systems.bucket import Bucket
from dags.systems.ledger import Ledger
from dags.systems.warehouse import Warehouse
from localaws.stack import Stack
from maintenance.reconciliation import reconcile
from spark_jobs import schemas
from tests import reference
from tests.end_to_end.spark_run_helpers import Rows, assert_plays_and_kpis
from tests.pipeline_life import Life
from tests.plain_jobs import PlainJobs, micros
from tests.reference_kpis import Song

HEADER = "user_id,track_id,listen_time"
USERS = "user_id,user_name,user_age,user_country,created_at"
SONGS = ",".join(schemas.SONGS.fieldNames())
EMPTY_WAREHOUSE = (
    "DELETE FROM users; DELETE FROM songs; DELETE FROM streams; DELETE FROM genre_kpis; "
    "DELETE FROM hourly_kpis; UPDATE etl_state SET commit_no = 0, plan = NULL"
)
A_USER = ("1,Ann,30,X,2020-01-01",)
EMPTY_METADATA = "TRUNCATE users, songs, metadata_files, metadata_version"
_numbers = itertools.count()


@dataclass
class Told:
    """The alerts and metrics of a world, instead of SNS and CloudWatch."""

    messages: list[str] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, **request: Any) -> None:
        self.messages.append(f"{request['Subject']}\n{request['Message']}")

    def put_metric_data(self, **request: Any) -> None:
        self.metrics += request["MetricData"]


class World:
    """Deliveries, runs and what they leave; `jobs` are the plain ones unless others are given."""

    def __init__(self, stack: Stack, settings: Settings) -> None:
        number = next(_numbers)
        self.stack, self.told, self.ahead = stack, Told(), timedelta()
        self.settings = dataclasses.replace(
            settings, data_bucket=f"world-{number}", ledger_table=f"Ledger-{number}"
        )
        s3 = make_client(stack, "s3")
        s3.create_bucket(Bucket=self.settings.data_bucket)
        create_ledger(make_client(stack, "dynamodb"), self.settings)
        self.pipeline = self._open_pipeline(s3)
        self.bucket = self.pipeline.bucket
        self.jobs: Any = PlainJobs(self.pipeline, self._opener(self.settings.jdbc_user))
        self.versions: dict[str, list[tuple[bytes, int]]] = {}
        self.songs: list[Song] = []
        self.execute(self.settings.warehouse_database, EMPTY_WAREHOUSE)
        self.execute(self.settings.metadata_database, EMPTY_METADATA)

    def _open_pipeline(self, s3: Any) -> Pipeline:
        settings, stack = self.settings, self.stack

        data_api = make_client(stack, "redshift-data")
        place = (settings.warehouse_workgroup, settings.warehouse_database)
        return Pipeline(
            settings=settings,
            bucket=Bucket(s3, settings.data_bucket),
            ledger=Ledger(make_client(stack, "dynamodb"), settings.ledger_table),
            warehouse=Warehouse(data_api, *place),
            copy_role=settings.copy_role,
            alerts=Alerts(self.told, self.told, settings.alerts_topic_arn),
            open_metadata=self._opener(settings.metadata_user),
            now=lambda: datetime.now(UTC) + self.ahead,
        )

    def _opener(self, user: str) -> Any:
        """Give what opens the metadata as one of its users."""

        @contextlib.contextmanager
        def open_metadata() -> Iterator[Any]:
            dsn = metadata_dsn(self.stack, self.settings, user)
            with contextlib.closing(metadata.connect(dsn)) as connection:
                yield connection

        return open_metadata

    def execute(self, database: str, sql: str) -> None:
        with contextlib.closing(psycopg2.connect(**self.stack.postgres.dsn(database))) as opened:
            opened.autocommit = True
            opened.cursor().execute(sql)

    def execute_in_warehouse(self, sql: str) -> None:
        self.execute(self.settings.warehouse_database, sql)

    def deliver(self, name: str, *lines: str, header: str = HEADER) -> str:
        """Put a stream file and give its key."""
        key = f"data/streams/{name}"
        return self.deliver_bytes(key, "".join(f"{line}\n" for line in (header, *lines)).encode())

    def deliver_bytes(self, key: str, content: bytes) -> str:
        self.bucket.put(key, content)
        found = self.bucket.head(key)
        assert found is not None
        self.versions.setdefault(key, []).append((content, micros(found.last_modified)))
        return key

    def deliver_metadata(self, songs: Iterable[Song], *users: str) -> None:
        """Put one users file and one songs file; one good user where none is given."""
        self.songs = list(songs)
        rows = [
            ",".join(text(getattr(song, name, None)) for name in schemas.SONGS.fieldNames())
            for song in self.songs
        ]
        self.bucket.put("data/users/users.csv", "\n".join((USERS, *(users or A_USER), "")).encode())
        self.bucket.put("data/songs/songs.csv", "\n".join((SONGS, *rows, "")).encode())

    def life(self, run_id: str, **params: Any) -> Life:
        """Begin a life of a run: the first one, or one more after it was cleared."""
        return Life(self, run_id, read_params(params))

    def run(self, run_id: str, **params: Any) -> str:
        """Carry out a whole run and say how it ended; an error ends it as Airflow would."""
        life = self.life(run_id, **params)
        try:
            return life.complete()
        finally:
            life.release()

    def tables(self) -> dict[str, Rows]:
        """Read the warehouse's five tables whole, past the Data API; times are UTC."""
        return read_warehouse(self.stack.postgres.dsn(self.settings.warehouse_database))

    def status(self, key: str) -> str:
        return str(self.pipeline.ledger.read([key])[key]["status"])

    def plays(self, **rules: Any) -> set[reference.Play]:
        """Give the plays that every version ever delivered brings, by the reference."""
        accepted: set[reference.Play] = set()
        for key, versions in self.versions.items():
            for version in versions:
                accepted |= reference.validate({key: version}, **rules).accepted.keys()
        return accepted

    def counted_versions(self) -> dict[str, list[tuple[bytes, int]]]:
        """Give of each file the versions that a run committed, and the one that is there now."""
        committed = set()
        for found in self.bucket.list_objects("lake/commits/"):
            files = json.loads(self.bucket.require(found.key))["files"]
            committed |= {(key, account["etag"]) for key, account in files.items()}
        return {
            key: [*(v for v in former if (key, etag_of(v[0])) in committed), last]
            for key, (*former, last) in self.versions.items()
        }

    def assert_tables(self, plays: Iterable[reference.Play] | None = None) -> None:
        """Compare the warehouse, the lake and the commits with the plays that must be there."""
        expected = self.plays() if plays is None else set(plays)
        assert_plays_and_kpis(self.tables(), expected, self.songs)
        commit, _ = self.state()
        lake = list(PlainJobs(self.pipeline).lake_plays(commit))
        assert sorted(lake) == sorted(expected)
        accepted = [
            json.loads(self.bucket.require(found.key))["plays"]
            for found in self.bucket.list_objects("lake/commits/")
        ]
        assert (len(accepted), sum(accepted)) == (commit, len(expected))
        assert reconcile(self.pipeline).faults == ()

    def state(self) -> tuple[int, str | None]:
        return warehouse.read_state(self.pipeline.warehouse)

    def report(self, run_id: str) -> dict[str, Any]:
        content = self.bucket.read(places.report_key(places.run_name(run_id), "json"))
        document: dict[str, Any] = json.loads(content or b"{}")
        return document


def read_warehouse(dsn: dict[str, Any]) -> dict[str, Rows]:
    """Read a warehouse's five tables whole, past the Data API; times are UTC."""
    tables: dict[str, Rows] = {}
    with contextlib.closing(psycopg2.connect(**dsn)) as connection:
        for table, schema in schemas.TABLES.items():
            names = ", ".join(f'"{name}"' for name in schema.fieldNames())
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {names} FROM {table}")
                tables[table] = [tuple(map(aware, row)) for row in cursor.fetchall()]
    return tables


def etag_of(content: bytes) -> str:
    """Give the ETag of an object that was put by one call."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def text(value: Any) -> str:
    return "" if value is None else str(value)


def aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
