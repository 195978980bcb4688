"""Bring the users and songs files into RDS: all of them anew whenever a key or an ETag changed."""

import base64
import contextlib
import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, get_args

from dags.steps import metadata_rows
from dags.systems import metadata

MAX_REJECTED_SHARE = 0.10
MIN_REJECTED_ROWS = 20
TOO_MANY_REJECTED_ROWS = "too_many_rejected_rows"
CHUNK_BYTES = 1 << 18
TABLES: tuple[metadata.Table, ...] = get_args(metadata.Table)

Quarantine = Callable[[str, bytes, str], None]


@dataclass(frozen=True)
class MetadataFile:
    """A delivered file; `open` gives exactly the bytes of `etag`, or raises."""

    file_key: str
    etag: str
    table: metadata.Table
    open: Callable[[], BinaryIO]


@dataclass(frozen=True)
class FileReport:
    """What a load made of a file: `rows_read = rows_loaded + Σ rows_rejected`, unless refused."""

    file_key: str
    etag: str
    rows_read: int
    rows_loaded: int
    rows_rejected: dict[str, int]
    refused: str | None


@dataclass(frozen=True)
class LoadReport:
    """What a load did: nothing where `is_changed` is false, and `files` is empty then."""

    version: str
    is_changed: bool
    files: tuple[FileReport, ...]
    rows_changed: dict[str, int]


@dataclass(frozen=True)
class ShareRule:
    """When a file has too many rejected rows to be trusted: both bounds must be broken."""

    max_rejected_share: float = MAX_REJECTED_SHARE
    min_rejected_rows: int = MIN_REJECTED_ROWS

    def refuses(self, rows_read: int, rows_rejected: int) -> bool:
        """Tell whether a file of these counts is refused."""
        is_many = rows_rejected >= max(self.min_rejected_rows, 1)
        return is_many and rows_rejected / rows_read > self.max_rejected_share


DEFAULT_SHARE_RULE = ShareRule()


def run(
    connection: "metadata.Connection",
    files: Sequence[MetadataFile],
    quarantine: Quarantine,
    share_rule: ShareRule = DEFAULT_SHARE_RULE,
    keep: Callable[[LoadReport], None] | None = None,
) -> LoadReport:
    """Load the files in one transaction, so that a rerun after any death finds the old rows.

    Nothing happens where keys and ETags are those of the last load, unless the share rule now
    lets a file in that was refused then. A row that is in no file any more stays.

    Args:
        connection: An open connection to database `metadata`, its migrations applied.
        files: All users and songs files there are, in any order.
        quarantine: Takes file_key, raw line and reason of each rejected row; it may have been
            called when the load fails.
        share_rule: Which file is refused for its rejected rows.
        keep: Takes the report of a load right before it commits: what a crash in between must not
            lose, since a rerun finds nothing to do. Its error rolls the load back.

    Raises:
        MetadataError: A table is empty and no file would fill it, a migration is missing, or
            PostgreSQL fails.
    """
    delivered = {(file.file_key, file.etag) for file in files}
    with metadata.transaction(connection):
        metadata.check_schema(connection)
        metadata.lock(connection)
        _require_rows(connection, files)
        version = metadata.read_version(connection)
        noted = {(file.file_key, file.etag) for file in metadata.read_files(connection)}
        if version and delivered == noted and not _lets_in(connection, share_rule):
            return LoadReport(version, is_changed=False, files=(), rows_changed={})
        report = _load(connection, files, quarantine, share_rule)
        if keep:
            keep(report)
        return report


@contextlib.contextmanager
def write_quarantine(file: BinaryIO) -> Iterator[Quarantine]:
    """Give a quarantine that writes gzipped JSON lines; equal rows give equal bytes."""
    with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:

        def add(file_key: str, raw_line: bytes, reason: str) -> None:
            raw_text = base64.b64encode(raw_line).decode("ascii")
            row = {"file_key": file_key, "raw_line": raw_text, "reason": reason}
            packed.write(json.dumps(row).encode("ascii") + b"\n")

        yield add


def _require_rows(connection: "metadata.Connection", files: Iterable[MetadataFile]) -> None:
    delivered = {file.table for file in files}
    for table in TABLES:
        if table not in delivered and not metadata.has_rows(connection, table):
            raise metadata.MetadataStateError(
                f"table {table} is empty and no file would fill it: deliver data/{table}/*.csv"
            )


def _lets_in(connection: "metadata.Connection", share_rule: ShareRule) -> bool:
    """Tell whether a file refused for its rejected rows would pass now."""
    return any(
        file.refused_reason == TOO_MANY_REJECTED_ROWS
        and not share_rule.refuses(file.rows_read, file.rows_rejected)
        for file in metadata.read_files(connection)
    )


def _load(
    connection: "metadata.Connection",
    files: Sequence[MetadataFile],
    quarantine: Quarantine,
    share_rule: ShareRule,
) -> LoadReport:
    for table in TABLES:
        metadata.create_stage(connection, table)
    in_order = sorted(files, key=lambda file: file.file_key.encode("utf-8"))
    reports = tuple(
        _stage_file(connection, number, file, quarantine, share_rule)
        for number, file in enumerate(in_order)
    )
    rows_changed: dict[str, int] = {
        table: metadata.merge_stage(connection, table) for table in TABLES
    }
    version = metadata_rows.metadata_version((file.file_key, _etag(file)) for file in reports)
    metadata.note_load(connection, map(_note, reports), version)
    return LoadReport(version, is_changed=True, files=reports, rows_changed=rows_changed)


def _etag(report: FileReport) -> str:
    """Give a file's ETag; that of a file which only this run lets in makes a version of its own.

    Without it the rows would be in RDS under the version that Redshift has already.
    """
    rejected = sum(report.rows_rejected.values())
    is_let_in = not report.refused and DEFAULT_SHARE_RULE.refuses(report.rows_read, rejected)
    return f"{report.etag} let in" if is_let_in else report.etag


def _stage_file(
    connection: "metadata.Connection",
    number: int,
    file: MetadataFile,
    quarantine: Quarantine,
    share_rule: ShareRule,
) -> FileReport:
    """Stage a file's good rows and quarantine the others; a refused file leaves none staged."""
    rejected: Counter[str] = Counter()
    loaded = 0
    refused = None

    def good_rows() -> Iterator[metadata_rows.GoodRow]:
        nonlocal loaded
        with contextlib.closing(file.open()) as stream:
            chunks = iter(partial(stream.read, CHUNK_BYTES), b"")
            is_gzipped = file.file_key.endswith(".gz")
            for row in metadata_rows.read_rows(file.table, chunks, is_gzipped=is_gzipped):
                if isinstance(row, metadata_rows.RejectedRow):
                    rejected[row.reason] += 1
                    quarantine(file.file_key, row.raw_line, row.reason)
                else:
                    loaded += 1
                    yield row

    try:
        metadata.stage_rows(connection, file.table, number, good_rows())
    except metadata_rows.RefusedFileError as error:
        refused = str(error)
    rows_read = loaded + rejected.total()
    if refused is None and share_rule.refuses(rows_read, rejected.total()):
        refused = TOO_MANY_REJECTED_ROWS
    if refused is not None:
        metadata.discard_rows(connection, file.table, number)
        loaded = 0
    return FileReport(file.file_key, file.etag, rows_read, loaded, dict(rejected), refused)


def _note(report: FileReport) -> metadata.NotedFile:
    return metadata.NotedFile(
        report.file_key,
        report.etag,
        report.rows_read,
        report.rows_loaded,
        sum(report.rows_rejected.values()),
        report.refused,
    )
