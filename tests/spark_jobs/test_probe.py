"""A header tells how a file's lines are read, or why the file is refused."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from conf.explanations import explain_cause
from spark_jobs.errors import JobError
from spark_jobs.probe import Layout, Refusal, RefusedFileError, find_header, probe_file

BOM = b"\xef\xbb\xbf"
HEADER = b"user_id,track_id,listen_time"
A_FILE = HEADER + b"\n1,t,2024-06-25 17:43:13\n"
MIB = 1 << 20

Probe = Callable[[bytes], Layout | str]


def finding_of(finding: Layout | Refusal) -> Layout | str:
    return finding.reason if isinstance(finding, Refusal) else finding


@pytest.fixture
def probe(spark: SparkSession, tmp_path: Path) -> Probe:
    """Give a function that puts bytes into a file and probes it."""

    def put_and_probe(content: bytes) -> Layout | str:
        path = tmp_path / "plays.csv"
        path.write_bytes(content)
        return finding_of(probe_file(spark, f"file:{path}"))

    return put_and_probe


def positions(finding: Layout | str) -> tuple[int, int, int, int]:
    assert isinstance(finding, Layout), finding
    places = (finding.user_position, finding.track_position, finding.time_position)
    return (finding.field_count, *places)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (A_FILE, (3, 0, 1, 2)),
        (b"listen_time,user_id,track_id\n", (3, 1, 2, 0)),
        (b"device,track_id,,user_id,listen_time,device\n", (6, 3, 1, 4)),
        (b"\x0b user_id\t,\ttrack_id ,\x0clisten_time\r\r\n", (3, 0, 1, 2)),
        (b'"user_id"," track_id ","listen_time"\n', (3, 0, 1, 2)),
        (b'"a,""b",user_id,track_id,listen_time\n', (4, 1, 2, 3)),
        (b"USER_ID,user_id,track_id,listen_time\n", (4, 1, 2, 3)),
        (HEADER, (3, 0, 1, 2)),
        (HEADER + b"\r", (3, 0, 1, 2)),
        (HEADER + b"\r\n", (3, 0, 1, 2)),
        (BOM + A_FILE, (3, 0, 1, 2)),
        (BOM + b"\n \t\r\n\n" + A_FILE, (3, 0, 1, 2)),
        (b" \n\t\n\r\n" + A_FILE, (3, 0, 1, 2)),
        (HEADER + ",été\n".encode(), (4, 0, 1, 2)),
        (HEADER + b"\n\xff\xfe", (3, 0, 1, 2)),
    ],
    ids=[
        "plain",
        "another order",
        "extra, unnamed and repeated other columns",
        "trimmed names",
        "quoted names",
        "a comma and a quote in a quoted name",
        "names in another case are other columns",
        "a header alone, no newline",
        "a header alone, CR at the end",
        "a header alone, CRLF",
        "BOM",
        "BOM, then blank lines",
        "blank lines first",
        "a name that is no ASCII",
        "a broken line after the header",
    ],
)
def test_the_play_columns_are_found_by_name(
    probe: Probe, content: bytes, expected: tuple[int, int, int, int]
) -> None:
    assert positions(probe(content)) == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (BOM, "empty"),
        (b" \t\n\r\n\n \r", "empty"),
        (BOM + b"\n\n", "empty"),
        (b"user_id,track_id\n", "columns"),
        (b"user_id,track_id,listen_time,user_id\n", "columns"),
        (b'user_id,track_id,listen_time," user_id "\n', "columns"),
        (b"User_id,track_id,listen_time\n", "columns"),
        (b"user_id;track_id;listen_time\n", "columns"),
        (b'user_id,track_id,"listen_time\n', "columns"),
        (b'user_id,track_id,"listen_time"x\n', "columns"),
        (b"1,t,2024-06-25 17:43:13\n" + A_FILE, "columns"),
        (BOM + BOM + A_FILE, "columns"),
        (BOM[:2] + b"\n" + A_FILE, "unreadable"),
        (HEADER + b",\xe9t\xe9\n", "unreadable"),
        (A_FILE.decode().encode("utf-16"), "unreadable"),
        (gzip.compress(A_FILE), "unreadable"),
    ],
    ids=[
        "no byte",
        "only BOM",
        "only blanks",
        "BOM and blanks",
        "a column is missing",
        "a column stands there twice",
        "twice after trimming",
        "another case",
        "other separators",
        "an open quote",
        "text after a quote",
        "no header",
        "two BOMs",
        "half a BOM",
        "Latin-1",
        "UTF-16",
        "gzip by another name",
    ],
)
def test_a_file_is_refused_for_its_header(probe: Probe, content: bytes, reason: str) -> None:
    assert probe(content) == reason


def test_the_header_line_is_what_the_scan_sees_without_its_end(probe: Probe) -> None:
    finding = probe(BOM + b'\r\n "a",user_id , track_id,listen_time\r\r\nuser_id\n')

    assert isinstance(finding, Layout)
    assert finding.header_line == ' "a",user_id , track_id,listen_time\r'


def test_a_missing_file_is_an_error_of_one_line(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"none\.csv cannot be read: .*") as error:
        probe_file(spark, f"file:{tmp_path}/none.csv")

    assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", ["a//b.csv", "a/./b.csv", "a/../b.csv", "../b.csv"])
def test_a_key_that_hadoop_would_fold_is_unreadable(spark: SparkSession, key: str) -> None:
    found = probe_file(spark, f"s3://bucket/data/streams/{key}")

    assert found == Refusal("unreadable", explain_cause("key"))


class CountingReader(io.BytesIO):
    """A file that counts the bytes it has given."""

    given = 0

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(size)
        self.given += len(chunk)
        return chunk


def test_an_endless_header_is_refused_after_a_few_megabytes() -> None:
    stream = CountingReader(b"a" * (8 * MIB))

    with pytest.raises(RefusedFileError, match="columns"):
        find_header(stream.read)

    assert MIB < stream.given <= 3 * MIB


def test_a_header_comes_from_the_first_read_of_a_long_file() -> None:
    stream = CountingReader(A_FILE + b"x" * MIB)

    assert find_header(stream.read) == (HEADER.decode(), 1)
    assert stream.given == 4096


def test_reads_of_one_byte_give_the_same_header() -> None:
    stream = io.BytesIO(BOM + b"\n\r\n" + A_FILE)

    assert find_header(lambda size: stream.read(min(size, 1))) == (HEADER.decode(), 3)


def test_a_header_of_a_hundred_thousand_columns_is_read(probe: Probe) -> None:
    finding = probe(b"," * 100_000 + HEADER + b"\n")

    assert positions(finding) == (100_003, 100_000, 100_001, 100_002)


@pytest.mark.parametrize("content", [b"," * 100_000, b'"' * 100_000, b'"",' * 50_000])
def test_a_header_of_nothing_but_marks_is_refused(probe: Probe, content: bytes) -> None:
    assert probe(content + b"\n") == "columns"


def test_a_megabyte_of_blank_lines_before_the_header_is_passed_over(probe: Probe) -> None:
    assert positions(probe(b"\n" * MIB + A_FILE)) == (3, 0, 1, 2)
