"""`accounting.json` explains what was rejected: the first line of each reason, by its number."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.spark_jobs.job_builders import HEADER, Bench, a_csv, a_line

GOOD = [a_line(user) for user in range(1, 400)]
LATE = a_csv(*GOOD, "x", a_line("u"), "y")
BLOCK = 4096
CONTENTS = {
    "bom.csv": b"\xef\xbb\xbf\n \t\r\n" + a_csv(a_line(1), "x\r", ",t,", "x"),
    "late.csv": LATE,
    "late.csv.gz": gzip.compress(LATE),
    "[odd] key: *.csv": a_csv(a_line(2), HEADER, a_line("u"), HEADER),
    "behind.csv": a_csv(a_line("u"), HEADER, "x", a_line(3, listen_time="2024-06-24")),
    "plain.csv": a_csv(*GOOD),
}
# Rows, the first one's line, and its value, of each reason.
FIRSTS = {
    "bom.csv": {"malformed_row": (2, 5, "x"), "missing_user_id": (1, 6, ",t,")},
    "late.csv": {"malformed_row": (2, None, "x"), "invalid_user_id": (1, None, "u")},
    "late.csv.gz": {"malformed_row": (2, 401, "x"), "invalid_user_id": (1, 402, "u")},
    "[odd] key: *.csv": {"invalid_user_id": (3, 3, "user_id")},
    "behind.csv": {
        "invalid_user_id": (2, 2, "u"),
        "malformed_row": (1, 4, "x"),
        "invalid_listen_time": (1, 5, "2024-06-24"),
    },
}


CAUSES = {
    "minutes.csv": None,
    "semicolon.csv": 'its fields seem to be parted by ";"',
    "cut.csv.gz": "its gzip is damaged or breaks off",
    "empty.csv": "it holds nothing but blanks",
    "old.csv": None,
}


@pytest.fixture
def small_blocks(spark: SparkSession) -> Iterator[None]:
    """Let Spark part files into blocks of 4 KiB, several tasks a file."""
    before = spark.conf.get("spark.sql.files.maxPartitionBytes")
    spark.conf.set("spark.sql.files.maxPartitionBytes", str(BLOCK))
    yield
    spark.conf.set("spark.sql.files.maxPartitionBytes", str(before))


@pytest.mark.usefixtures("small_blocks")
def test_the_first_rejected_line_of_each_reason_is_numbered_wherever_it_lies(
    spark: SparkSession, tmp_path: Path
) -> None:
    """Files of several tasks, a byte order mark, blank lines, gzip and repeated headers."""
    bench = Bench(spark, tmp_path)
    for name, content in CONTENTS.items():
        bench.deliver(name, content)

    explained = bench.validate("--max-rejected-share", "1").accounting()["explained"]

    found = {
        key.removeprefix("data/streams/"): {
            code: (row["rows"], row["line"], row["value"]) for code, row in why["reasons"].items()
        }
        for key, why in explained.items()
    }
    assert len(LATE) > 2 * BLOCK
    assert found == FIRSTS


def test_each_refused_file_is_explained(spark: SparkSession, tmp_path: Path) -> None:
    bench = Bench(spark, tmp_path)
    rows = [a_line(user, listen_time=f"2024-01-04 10:{user:02}") for user in range(30)]
    bench.deliver("minutes.csv", a_csv(*rows))
    bench.deliver("semicolon.csv", a_csv(header="user_id;track_id;listen_time"))
    bench.deliver("cut.csv.gz", gzip.compress(a_csv())[:-1])
    bench.deliver("empty.csv", b"")
    bench.deliver("old.csv", a_csv(*map(a_line, range(1, 31))), "1980-01-01T00:00:00+00:00")

    explained = bench.validate().accounting()["explained"]
    old = explained["data/streams/old.csv"]["reasons"]["listen_time_out_of_range"]
    causes = {key.rpartition("/")[2]: why.get("cause") for key, why in explained.items()}

    assert explained["data/streams/minutes.csv"] == {
        "rows_read": 30,
        "rows_rejected": 30,
        "reasons": {
            "invalid_listen_time": {
                "rows": 29,
                "line": 3,
                "value": "2024-01-04 10:01",
                "wanted": "the seconds are missing: write YYYY-MM-DD HH:MM:SS, with Z or ±HH:MM "
                "where it is not UTC",
            },
            "invalid_user_id": {
                "rows": 1,
                "line": 2,
                "value": "0",
                "wanted": "write digits only, 1 to 9223372036854775807",
            },
        },
    }
    assert causes == CAUSES
    assert (old["rows"], old["line"]) == (30, 2)
    assert old["wanted"].endswith("which is 1980-01-01 00:00 UTC")
