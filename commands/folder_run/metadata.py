"""Users and songs in an embedded PostgreSQL, loaded from a data folder."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from commands.folder_run.delivery import DeliveredFile, Delivery
from conf.settings import load_settings
from dags.metadata.load import DEFAULT_RULES, LoadRules, MetadataFile, run, write_quarantine
from dags.metadata.report import LoadReport
from dags.systems import metadata
from localaws.postgres import PostgresServer

DATABASE = "metadata"
# As spark_jobs/jobs/extract_metadata.py names it.
PASSWORD_SETTING = "spark.kpi.jdbc.password"  # noqa: S105
QUARANTINE = "metadata-quarantine.jsonl.gz"


@dataclass(frozen=True)
class LocalMetadata:
    """A running database: how a job reaches it, what loading it did and what it rejected."""

    version: str
    arguments: tuple[str, ...]
    password: str
    report: LoadReport
    quarantine: Path


@contextlib.contextmanager
def open_metadata(
    state: Path, delivery: Delivery, rules: LoadRules = DEFAULT_RULES
) -> Iterator[LocalMetadata]:
    """Start PostgreSQL over `state/postgres`, load the delivery, and stop it at the end."""
    server = PostgresServer(state / "postgres")
    with server.running():
        yield load(server, state, delivery, rules)


def load(
    server: PostgresServer,
    state: Path,
    delivery: Delivery,
    rules: LoadRules = DEFAULT_RULES,
) -> LocalMetadata:
    """Bring the delivery into the database; rejected rows go to a file of `state`."""
    server.create_database(DATABASE)
    kinds: tuple[tuple[metadata.Table, tuple[DeliveredFile, ...]], ...] = (
        ("users", delivery.users),
        ("songs", delivery.songs),
    )
    files = [
        MetadataFile(file.file_key, file.etag, table, opener(file.path))
        for table, kind in kinds
        for file in kind
    ]
    quarantine, part = state / QUARANTINE, state / f"{QUARANTINE}.part"
    with (
        contextlib.closing(metadata.connect(server.dsn(DATABASE))) as connection,
        part.open("wb") as file,
    ):
        metadata.migrate(connection)
        with write_quarantine(file) as sink:
            report = run(connection, files, sink, rules)
    if report.is_changed:
        part.replace(quarantine)
    return LocalMetadata(
        version=report.version,
        arguments=(
            *("--jdbc-url", server.jdbc_url(DATABASE)),
            *("--jdbc-user", server.dsn(DATABASE)["user"]),
            *("--ssl-mode", "disable"),
        ),
        password=server.password,
        report=report,
        quarantine=quarantine,
    )


def read_rules() -> LoadRules:
    """Read by which rules users and songs are loaded: those of the local configuration."""
    settings = load_settings("local", os.environ)
    return LoadRules(mode=settings.metadata_mode, track_id_prefix=settings.track_id_prefix)


def opener(path: Path) -> Callable[[], BinaryIO]:
    """Give a function that opens a file; pathlib's own is not known to give bytes."""

    def open_bytes() -> BinaryIO:
        return path.open("rb")

    return open_bytes
