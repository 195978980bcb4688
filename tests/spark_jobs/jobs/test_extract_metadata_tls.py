"""Worker and job reach the metadata by TLS alone, and only the server that their file knows."""

import contextlib
import io
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession

from dags.metadata import load
from dags.protocol import users
from dags.systems import metadata
from dags.systems.connections import postgres_dsn
from localaws.postgres import PostgresServer
from spark_jobs import schemas, storage
from spark_jobs.errors import JobError
from spark_jobs.jobs.extract_metadata import PASSWORD_SETTING, parse_args, run
from tests.builders import frame
from tests.certificates import make_authority
from tests.spark_jobs.job_builders import MetadataDatabase
from tests.tls_door import tls_door

USERS = b"user_id,user_name,user_age,user_country,created_at\n1,Ann,30,X,2020-01-01\n"
SONG = {"id": "1", "track_id": "t1", "track_genre": "pop", "popularity": "5"}
OURS, OTHER = make_authority("ours"), make_authority("another")


class TlsDatabase:
    """The metadata behind TLS, as its two users reach it with a file of certificates."""

    def __init__(self, database: MetadataDatabase, port: int, certificate: Path) -> None:
        self.database, self.port, self.certificate = database, port, certificate

    def open_as_worker(self) -> Any:
        connection = SimpleNamespace(
            conn_id="rds_postgres",
            host="127.0.0.1",
            port=self.port,
            schema=self.database.name,
            login="loader",
            password="loads",
        )
        dsn = postgres_dsn(connection, "verify-full", str(self.certificate))
        return contextlib.closing(metadata.connect(dsn))

    def load(self) -> None:
        columns = schemas.SONGS.fieldNames()
        row = ",".join(SONG.get(name, "") for name in columns)
        songs = f"{','.join(columns)}\n{row}\n".encode()
        files = [
            load.MetadataFile("u.csv", "1", "users", lambda: io.BytesIO(USERS)),
            load.MetadataFile("s.csv", "1", "songs", lambda: io.BytesIO(songs)),
        ]
        with (
            self.open_as_worker() as connection,
            load.write_quarantine(io.BytesIO()) as sink,
        ):
            load.run(connection, files, sink)

    def extract(self, spark: SparkSession, output: Path) -> None:
        flags = {
            "jdbc_url": f"jdbc:postgresql://127.0.0.1:{self.port}/{self.database.name}",
            "jdbc_user": "reader",
            "ssl_mode": "verify-full",
            "ssl_root_cert": str(self.certificate),
        }
        run(spark, parse_args(self.database.arguments(output, **flags)))


@pytest.fixture
def make_tls(
    spark: SparkSession, database: MetadataDatabase, postgres: PostgresServer, tmp_path: Path
) -> Iterator[Callable[..., TlsDatabase]]:
    """Give what lets the server answer under a name, to clients that trust an authority."""
    for user, password in (("loader", "loads"), ("reader", "reads")):
        users.set_password(database.connection, user, password)
    users.grant_metadata(database.connection, database.name, "loader", "reader")
    spark.conf.set(PASSWORD_SETTING, "reads")

    ca, certificate, key = (tmp_path / name for name in ("ca.pem", "server.pem", "server.key"))
    with contextlib.ExitStack() as doors:

        def make(trusted: str = OURS.pem, name: str = "127.0.0.1") -> TlsDatabase:
            for path, text in zip(
                (ca, certificate, key), (trusted, *OURS.issue(name)), strict=True
            ):
                path.write_text(text)
            port = doors.enter_context(tls_door(postgres.port, certificate, key))
            return TlsDatabase(database, port, ca)

        yield make
    spark.conf.unset(PASSWORD_SETTING)


def test_worker_and_job_read_and_write_by_tls_as_their_own_users(
    spark: SparkSession, make_tls: Callable[..., TlsDatabase], tmp_path: Path
) -> None:
    tls = make_tls()

    tls.load()
    tls.extract(spark, tmp_path / "out")

    with tls.open_as_worker() as connection:
        assert connection.info.ssl_in_use
    found = storage.read(spark, f"file:{tmp_path}/out/users", schemas.USERS)
    expected = frame(spark, schemas.USERS, (1, "Ann", 30, "X", date(2020, 1, 1)))
    assert_df_equality(found, expected, ignore_nullable=True, ignore_metadata=True)


@pytest.mark.parametrize(
    ("trusted", "name", "of_worker", "of_job"),
    [
        (OTHER.pem, "127.0.0.1", "certificate verify failed", "certification path"),
        (OURS.pem, "db.example", "does not match host name", "could not be verified"),
        (None, "127.0.0.1", 'ca.pem" does not exist', "ca.pem (No such file or directory)"),
    ],
    ids=["another-authority", "another-host", "no-file"],
)
def test_a_server_that_the_file_does_not_know_is_refused_in_one_line(
    spark: SparkSession,
    make_tls: Callable[..., TlsDatabase],
    tmp_path: Path,
    trusted: str | None,
    name: str,
    of_worker: str,
    of_job: str,
) -> None:
    tls = make_tls(trusted or "", name)
    if trusted is None:
        tls.certificate.unlink()

    with pytest.raises(metadata.MetadataError, match=of_worker) as worker:
        tls.open_as_worker()
    with pytest.raises(JobError) as job:
        tls.extract(spark, tmp_path / "out")

    assert of_job in str(job.value)
    assert str(worker.value).endswith("and metadata_ssl_root_cert, are current")
    assert str(job.value).endswith("check --ssl-mode and --ssl-root-cert")
    for message in (str(worker.value), str(job.value)):
        assert "\n" not in message
        assert "loads" not in message
        assert "reads" not in message
