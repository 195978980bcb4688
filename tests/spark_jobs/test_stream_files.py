"""The claimed files are probed in the order of their keys and their lines read in one scan."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession

from spark_jobs import schemas, stream_files
from spark_jobs.claim import ClaimedFile
from spark_jobs.stream_files import StreamFiles
from tests.builders import frame

HEADER = b"user_id,track_id,listen_time"
MODIFIED = datetime(2024, 7, 1, 12, tzinfo=UTC)


def claim(folder: Path, contents: dict[str, bytes]) -> list[ClaimedFile]:
    files = []
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        files.append(ClaimedFile(f"data/streams/{name}", f"file:{folder / name}", 0, MODIFIED))
    return files


def lines_of(spark: SparkSession, files: StreamFiles) -> dict[str, list[bytes]]:
    """Give the lines of each file as bytes, by its name."""
    rows = stream_files.read_lines(spark, files).selectExpr("binary(value) AS value", "path")
    lines: dict[str, list[bytes]] = {}
    for row in rows.collect():
        lines.setdefault(row.path.rpartition("/")[2], []).append(bytes(row.value))
    return lines


def test_files_are_parted_into_readable_and_refused(spark: SparkSession, tmp_path: Path) -> None:
    files = claim(tmp_path, {"a": b"", "b": HEADER, "c": b"x", "d": HEADER, "e": b"\xff"})

    found = stream_files.probe_files(spark, files)

    assert {index: file.file_key for index, (file, _) in found.readable.items()} == {
        1: "data/streams/b",
        3: "data/streams/d",
    }
    assert found.file_key(3) == "data/streams/d"
    assert {key: refusal.reason for key, refusal in found.refused.items()} == {
        "data/streams/a": "empty",
        "data/streams/c": "columns",
        "data/streams/e": "unreadable",
    }


def test_more_files_than_are_probed_at_a_time_keep_their_places(
    spark: SparkSession, tmp_path: Path
) -> None:
    files = claim(tmp_path, {f"{n:03d}": b"," * n + HEADER for n in range(40)})

    found = stream_files.probe_files(spark, files)

    assert {index: layout.field_count for index, (_, layout) in found.readable.items()} == {
        n: n + 3 for n in range(40)
    }


def test_readable_files_are_described_by_what_a_line_needs(
    spark: SparkSession, tmp_path: Path
) -> None:
    header = b"x,listen_time,track_id,user_id"
    files = claim(tmp_path, {"a b%.csv": header + b"\r\n", "b.csv": b""})

    described = stream_files.describe_files(spark, stream_files.probe_files(spark, files))

    path = f"file:{tmp_path}/a%20b%25.csv"
    row = (path, 0, "data/streams/a b%.csv", 4, 3, 2, 1, header.decode(), MODIFIED)
    assert_df_equality(
        described,
        frame(spark, schemas.CLAIMED_FILES, row),
        ignore_nullable=True,
        ignore_metadata=True,
    )


def test_no_readable_file_is_described_by_no_row(spark: SparkSession) -> None:
    described = stream_files.describe_files(spark, StreamFiles({}, {"data/streams/a": "empty"}))

    assert described.collect() == []
    assert described.columns == schemas.CLAIMED_FILES.fieldNames()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"a\nb", [b"a", b"b"]),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\r\nb\r", [b"a\r", b"b\r"]),
        (b"a\rb\x0bc\x0c\x1c\xc2\x85\xe2\x80\xa8\n", [b"a\rb\x0bc\x0c\x1c\xc2\x85\xe2\x80\xa8"]),
        (b"\n\na\n\n", [b"", b"", b"a", b""]),
        (b"\xff\x00\xc3\n\x00", [b"\xff\x00\xc3", b"\x00"]),
        (b"\xef\xbb\xbfx\n", [b"\xef\xbb\xbfx"]),
    ],
    ids=["no newline", "a newline", "CRLF", "other ends", "blanks", "no UTF-8", "BOM inside"],
)
@pytest.mark.parametrize("is_gzipped", [False, True])
def test_lines_end_by_lf_alone_and_are_bytes_as_delivered(
    spark: SparkSession, tmp_path: Path, is_gzipped: bool, body: bytes, expected: list[bytes]
) -> None:
    content = HEADER + b"\n" + body
    name = "a.csv.gz" if is_gzipped else "a.csv"
    files = claim(tmp_path, {name: gzip.compress(content) if is_gzipped else content})

    found = lines_of(spark, stream_files.probe_files(spark, files))

    assert found == {name: [HEADER, *expected]}


def test_lines_carry_the_path_that_describes_their_file(
    spark: SparkSession, tmp_path: Path
) -> None:
    files = claim(tmp_path, {"a*.csv": HEADER, "ab.csv": HEADER + b"\nx", "é %41.csv": HEADER})
    found = stream_files.probe_files(spark, files)

    lines = stream_files.read_lines(spark, found)

    paths = {row.path for row in stream_files.describe_files(spark, found).collect()}
    assert len(paths) == 3
    assert {row.path for row in lines.collect()} == paths
    assert lines.count() == 4


def test_a_byte_order_mark_at_the_start_is_no_part_of_the_first_line(
    spark: SparkSession, tmp_path: Path
) -> None:
    marked = b"\xef\xbb\xbf" + HEADER
    files = claim(tmp_path, {"a.csv": marked, "b.csv.gz": gzip.compress(marked + b"\n")})

    found = lines_of(spark, stream_files.probe_files(spark, files))

    assert found == {"a.csv": [HEADER], "b.csv.gz": [HEADER]}
