"""A gzip file is read to its end before the scan: the scan would lose the rest of a broken one."""

import gzip
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from pyspark.sql import SparkSession

from spark_jobs.probe import Layout, Refusal, probe_file

BOM = b"\xef\xbb\xbf"
HEADER = b"user_id,track_id,listen_time"
A_FILE = HEADER + b"\n1,t,2024-06-25 17:43:13\n"
BODY = A_FILE * 5000
WHOLE = gzip.compress(BODY)

Probe = Callable[[bytes], Layout | str]


@pytest.fixture
def probe(spark: SparkSession, tmp_path: Path) -> Probe:
    """Give a function that puts bytes into a file and probes it."""

    def put_and_probe(content: bytes) -> Layout | str:
        path = tmp_path / "plays.csv.gz"
        path.write_bytes(content)
        found = probe_file(spark, f"file:{path}")
        return found.reason if isinstance(found, Refusal) else found

    return put_and_probe


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(A_FILE),
        gzip.compress(HEADER[:9]) + gzip.compress(HEADER[9:] + b"\n") + gzip.compress(b"x\n"),
        gzip.compress(b"") + gzip.compress(BOM + A_FILE),
    ],
    ids=["one member", "a header over two members", "an empty member first"],
)
def test_a_gzip_file_of_any_members_is_good(probe: Probe, content: bytes) -> None:
    finding = probe(content)

    assert isinstance(finding, Layout), finding
    assert finding.header_line == HEADER.decode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (WHOLE[:-1], "unreadable"),
        (WHOLE[: len(WHOLE) // 2], "unreadable"),
        (WHOLE[:5], "unreadable"),
        (WHOLE[:-8] + bytes([WHOLE[-8] ^ 1]) + WHOLE[-7:], "unreadable"),
        (WHOLE[:-4] + bytes([WHOLE[-4] ^ 1]) + WHOLE[-3:], "unreadable"),
        (WHOLE + b"garbage", "unreadable"),
        (WHOLE + WHOLE[:20], "unreadable"),
        (A_FILE, "unreadable"),
        (gzip.compress(b""), "empty"),
        (gzip.compress(BOM + b"\n \n"), "empty"),
        (gzip.compress(b"a,b,c\n"), "columns"),
        (b"", "unreadable"),
        (gzip.compress(b"a,b,c\n" + Random(1).randbytes(20_000))[:-1], "unreadable"),
    ],
    ids=[
        "one byte short",
        "cut in the middle",
        "cut in the head",
        "another checksum",
        "another length",
        "garbage at its end",
        "a second member cut",
        "plain text",
        "nothing in it",
        "only blanks in it",
        "other columns",
        "no byte",
        "other columns, and cut far behind them",
    ],
)
def test_a_gzip_file_is_refused(probe: Probe, content: bytes, reason: str) -> None:
    assert probe(content) == reason
