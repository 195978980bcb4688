"""A file of a data folder that is still being written waits, by its own modification time."""

import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commands.folder_run.delivery import DeliveredFile, list_delivery
from commands.folder_run.growing import leave_growing

NOW = datetime(2024, 7, 1, 2, tzinfo=UTC)
CUT, ENDED = b"user_id\n1", b"user_id\n1\n"


def deliver(data: Path, name: str, content: bytes, modified: datetime) -> tuple[DeliveredFile, ...]:
    for kind in ("users", "songs", "streams"):
        (data / kind).mkdir(exist_ok=True)
    (data / "streams" / name).write_bytes(content)
    os.utime(data / "streams" / name, (0, modified.timestamp()))
    return list_delivery(data).streams


@pytest.mark.parametrize(
    ("name", "content", "minutes", "waits"),
    [
        ("a.csv", CUT, 9, True),
        ("a.csv", CUT, 10, False),
        ("a.csv", ENDED, 0, False),
        ("a.csv", b"", 0, False),
        ("a.csv.gz", gzip.compress(CUT, mtime=0), 9, True),
        ("a.csv.gz", gzip.compress(ENDED, mtime=0)[:-1], 9, True),
        ("a.csv.gz", gzip.compress(ENDED, mtime=0), 0, False),
    ],
)
def test_only_a_fresh_file_whose_last_line_has_no_end_waits_and_is_told(
    tmp_path: Path,
    name: str,
    content: bytes,
    minutes: int,
    waits: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = deliver(tmp_path, name, content, NOW - timedelta(minutes=minutes))

    assert leave_growing(files, NOW) == ([] if waits else [*files])

    told = capsys.readouterr().err
    assert told.count("\n") == waits
    assert (f"no end of the last line: data/streams/{name}\n" in told) is waits


def test_a_file_that_went_away_is_left_to_whoever_reads_it(tmp_path: Path) -> None:
    files = deliver(tmp_path, "a.csv", CUT, NOW)
    (tmp_path / "streams" / "a.csv").unlink()

    assert leave_growing(files, NOW) == [*files]
