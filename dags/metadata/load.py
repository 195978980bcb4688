"""Bring the users and songs files into RDS: all anew whenever a key, an ETag or a rule changed."""

import base64
import contextlib
import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO, get_args

from dags.metadata.report import FileReport, LoadReport, Tally, say_empty
from dags.metadata.rows import GoodRow, RefusedFileError, RejectedRow, read_rows
from dags.systems import metadata

MAX_REJECTED_SHARE = 0.10
MIN_REJECTED_ROWS = 20
TOO_MANY_REJECTED_ROWS = "too_many_rejected_rows"
SNAPSHOT = "snapshot"
RULES = 2  # raised whenever files are read by other rules, so that those of before are read anew
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
class LoadRules:
    """By what rules files are read and rows leave a table.

    Attributes:
        max_rejected_share, min_rejected_rows: Above both a file is refused.
        mode: `snapshot`: the table is what the files hold; `upsert`: rows of no file stay.
        track_id_prefix: What ids of tracks may begin with and do not keep.
    """

    max_rejected_share: float = MAX_REJECTED_SHARE
    min_rejected_rows: int = MIN_REJECTED_ROWS
    mode: str = SNAPSHOT
    track_id_prefix: str = ""

    def refuses(self, rows_read: int, rows_rejected: int) -> bool:
        """Tell whether a file of these counts is refused."""
        is_many = rows_rejected >= max(self.min_rejected_rows, 1)
        return is_many and rows_rejected / rows_read > self.max_rejected_share


DEFAULT_RULES = LoadRules()


def run(
    connection: "metadata.Connection",
    files: Sequence[MetadataFile],
    quarantine: Quarantine,
    rules: LoadRules = DEFAULT_RULES,
    keep: Callable[[LoadReport], None] | None = None,
) -> LoadReport:
    """Load the files in one transaction, so that a rerun after any death finds the old rows.

    Nothing happens where keys, ETags and rules are as before, unless a file refused then passes.

    Args:
        connection: An open connection to database `metadata`, its migrations applied.
        files: All users and songs files there are, in any order.
        quarantine: Takes file_key, line and reason of each rejected row, even if the load fails.
        rules: Which file is refused, and which rows stay.
        keep: Takes the report right before the commit: what a crash in between must not lose,
            since a rerun finds nothing to do. Its error rolls the load back.

    Raises:
        MetadataError: A table would be empty, a migration is missing, or PostgreSQL fails.
    """
    delivered = {(file.file_key, file.etag) for file in files}
    with metadata.transaction(connection):
        metadata.check_schema(connection)
        metadata.lock(connection)
        version, noted = metadata.read_version(connection), metadata.read_files(connection)
        is_noted = delivered == {(file.file_key, file.etag) for file in noted}
        is_same = is_noted and version == metadata_version(noted, rules)
        if version and is_same and not _lets_in(noted, rules):
            return LoadReport(version, is_changed=False)
        report = _load(connection, files, quarantine, rules)
        if keep:
            keep(report)
        _require_rows(connection, files, report)
        return report


def metadata_version(files: Iterable[metadata.NotedFile], rules: LoadRules) -> str:
    """Give the SHA-256, in hex, over the rules and the sorted pairs of key and ETag.

    The ETag of a file which only this run lets in makes a version of its own: without it the rows
    would be in RDS under the version that Redshift has already.
    """
    pairs = []
    for file in files:
        is_bad = DEFAULT_RULES.refuses(file.rows_read, file.rows_rejected)
        is_let_in = is_bad and not file.refused_reason
        pairs.append([file.file_key, f"{file.etag} let in" if is_let_in else file.etag])
    document = [RULES, rules.mode, rules.track_id_prefix, sorted(pairs)]
    return hashlib.sha256(json.dumps(document).encode("ascii")).hexdigest()


@contextlib.contextmanager
def write_quarantine(file: BinaryIO) -> Iterator[Quarantine]:
    """Give a quarantine that writes gzipped JSON lines; equal rows give equal bytes."""
    with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:

        def add(file_key: str, raw_line: bytes, reason: str) -> None:
            raw_text = base64.b64encode(raw_line).decode("ascii")
            row = {"file_key": file_key, "raw_line": raw_text, "reason": reason}
            packed.write(json.dumps(row).encode("ascii") + b"\n")

        yield add


def _lets_in(noted: Iterable[metadata.NotedFile], rules: LoadRules) -> bool:
    """Tell whether a file refused for its rejected rows would pass now."""
    return any(
        file.refused_reason == TOO_MANY_REJECTED_ROWS
        and not rules.refuses(file.rows_read, file.rows_rejected)
        for file in noted
    )


def _load(
    connection: "metadata.Connection",
    files: Sequence[MetadataFile],
    quarantine: Quarantine,
    rules: LoadRules,
) -> LoadReport:
    filled: list[str] = [table for table in TABLES if metadata.has_rows(connection, table)]
    for table in TABLES:
        metadata.create_stage(connection, table)
    in_order = sorted(files, key=lambda file: file.file_key.encode("utf-8"))
    staged = [
        _stage_file(connection, number, file, quarantine, rules)
        for number, file in enumerate(in_order)
    ]
    reports = _tell_renumbered(connection, staged)
    refused: dict[str, list[str]] = {}
    for file, report in zip(in_order, reports, strict=True):
        if report.refused:
            refused.setdefault(file.table, []).append(file.file_key)
    kept_by: dict[str, list[str]] = {
        table: keys for table, keys in refused.items() if table in filled
    }
    changed: dict[str, int] = {table: metadata.merge_stage(connection, table) for table in TABLES}
    removed: dict[str, int] = {
        table: metadata.delete_absent(connection, table)
        for table in TABLES
        if rules.mode == SNAPSHOT and table not in refused
    }
    noted = [_note(report) for report in reports]
    version = metadata_version(noted, rules)
    metadata.note_load(connection, noted, version)
    return LoadReport(version, True, reports, changed, removed, kept_by)


def _require_rows(
    connection: "metadata.Connection", files: Iterable[MetadataFile], report: LoadReport
) -> None:
    """Refuse a load that leaves a table empty."""
    tables = {file.file_key: file.table for file in files}
    for table in TABLES:
        if not metadata.has_rows(connection, table):
            own = [file for file in report.files if tables[file.file_key] == table]
            removed = report.rows_removed.get(table, 0)
            raise metadata.MetadataStateError(say_empty(table, own, removed))


def _tell_renumbered(
    connection: "metadata.Connection", staged: Sequence[FileReport]
) -> tuple[FileReport, ...]:
    """Add to each file which songs rows it lost to other tracks, and which of the table it took."""
    replaced: dict[int, dict[str, int]] = {}
    for lost, kept, rows in metadata.count_replaced_songs(connection):
        replaced.setdefault(lost, {})[staged[kept].file_key] = rows
    renumbered = dict(metadata.count_renumbered_songs(connection))
    return tuple(
        replace(told, rows_replaced=replaced.get(n, {}), rows_renumbered=renumbered.get(n, 0))
        for n, told in enumerate(staged)
    )


def _stage_file(
    connection: "metadata.Connection",
    number: int,
    file: MetadataFile,
    quarantine: Quarantine,
    rules: LoadRules,
) -> FileReport:
    """Stage a file's good rows and quarantine the others; a refused file leaves none staged."""
    tally = Tally()
    error, reason = None, None

    def good_rows() -> Iterator[GoodRow]:
        with contextlib.closing(file.open()) as stream:
            chunks = iter(partial(stream.read, CHUNK_BYTES), b"")
            for row in read_rows(
                file.table,
                chunks,
                is_gzipped=file.file_key.endswith(".gz"),
                track_id_prefix=rules.track_id_prefix,
            ):
                if isinstance(row, RejectedRow):
                    tally.reject(row)
                    quarantine(file.file_key, row.raw_line, row.reason)
                else:
                    tally.rows_loaded += 1
                    yield row

    try:
        metadata.stage_rows(connection, file.table, number, good_rows())
    except RefusedFileError as caught:
        error, reason = caught, str(caught)
    if reason is None and rules.refuses(tally.rows_read, tally.rows_rejected):
        reason = TOO_MANY_REJECTED_ROWS
    if reason is not None:
        metadata.discard_rows(connection, file.table, number)
    return tally.report(file.file_key, file.etag, reason, error)


def _note(report: FileReport) -> metadata.NotedFile:
    return metadata.NotedFile(
        report.file_key,
        report.etag,
        report.rows_read,
        report.rows_loaded,
        sum(report.rows_rejected.values()),
        report.refused,
    )
