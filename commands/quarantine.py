"""Show the rejected lines of the last run, with file and reason: of plays, users and songs."""

import argparse
import base64
import gzip
import io
import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from commands.console import CommandError, print_rows
from commands.environment import add_place, open_place, place_verb
from commands.folder_run.metadata import QUARANTINE as METADATA_QUARANTINE
from commands.folder_run.snapshot import STATE, read_snapshot
from conf import places
from conf.explanations import show_value
from dags.protocol.plan import read_dataset
from dags.systems.bucket import Bucket

SHOWN_ROWS = 100


class RejectedLine(NamedTuple):
    """A line that was not taken, as it was delivered."""

    file_key: str
    reason: str
    line: bytes


@place_verb
def main(argv: list[str]) -> int:
    """Print the lines as a table; a user's mistake is told in one line."""
    parser = argparse.ArgumentParser(prog="make quarantine", description=__doc__)
    # By the environment, not as an argument: a key may hold what a shell would read.
    parser.add_argument("--file", default=os.environ.get("FILE", ""), help="key or name")
    add_place(parser)
    parser.add_argument("--out", type=Path, help="the OUT of make spark-run, instead")
    args = parser.parse_args(argv)
    if args.out is not None:
        lines = read_output(args.out)
    else:
        lines = read_last_run(open_place(args).bucket)
    print_lines(line for line in lines if is_asked_for(line.file_key, args.file))
    return 0


def read_output(out: Path) -> Iterator[RejectedLine]:
    """Read what the last call of `make spark-run` rejected.

    Raises:
        CommandError: OUT is no folder of `make spark-run`.
    """
    if not (out / STATE).is_dir():
        raise CommandError(f"{out} was not written by make spark-run: name its OUT")
    for path in sorted((read_snapshot(out).folder / "quarantine").glob("*.parquet")):
        yield from _read_parquet(path)
    metadata = out / STATE / METADATA_QUARANTINE
    if metadata.is_file():
        yield from _read_metadata(metadata.read_bytes())


def read_last_run(bucket: Bucket) -> Iterator[RejectedLine]:
    """Read what the last run with a report rejected, a dry run too.

    Raises:
        CommandError: There was no run.
        BucketError: Its rows were removed.
    """
    reports = [each for each in bucket.list_objects(places.REPORTS) if each.key.endswith(".json")]
    if not reports:
        raise CommandError("no run has ended yet: make run DATA=path/to/data")
    report = json.loads(
        bucket.require(max(reports, key=lambda each: (each.last_modified, each.key)).key)
    )
    for file in read_dataset(bucket, report["quarantine"]):
        yield from _read_parquet(io.BytesIO(bucket.read(file.key) or b""))
    metadata = bucket.read(places.metadata_quarantine_key(places.run_name(report["run"])))
    if metadata is not None:
        yield from _read_metadata(metadata)


def is_asked_for(file_key: str, file: str) -> bool:
    """Tell whether FILE names this file: by its key, the last parts of it, or not at all."""
    return not file or f"/{file_key}".endswith(f"/{file}")


def print_lines(lines: Iterable[RejectedLine]) -> None:
    """Print the first lines, and how many there are."""
    shown, count = [], 0
    for line in lines:
        count += 1
        if count <= SHOWN_ROWS:
            shown.append((show_value(line.file_key), line.reason, show_value(line.line)))
    print_rows(("file", "reason", "line"), shown)
    left = f", the first {SHOWN_ROWS} are shown: FILE=key shows one file's" * (count > SHOWN_ROWS)
    print(f"({count:,} rejected {'line' if count == 1 else 'lines'}{left})")


def _read_parquet(source: Any) -> Iterator[RejectedLine]:
    with pq.ParquetFile(source) as file:
        for batch in file.iter_batches(columns=["file_key", "reason", "raw_line"]):
            for row in batch.to_pylist():
                yield RejectedLine(row["file_key"], row["reason"], row["raw_line"])


def _read_metadata(packed: bytes) -> Iterator[RejectedLine]:
    with gzip.open(io.BytesIO(packed)) as lines:
        for text in lines:
            row = json.loads(text)
            raw_line = base64.b64decode(row["raw_line"])
            yield RejectedLine(row["file_key"], row["reason"], raw_line)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` has read enough: no error
    sys.exit(main(sys.argv[1:]))
