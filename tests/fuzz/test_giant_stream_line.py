"""A line of 100 MB among good ones is quarantined whole, in the memory that the job has."""

import hashlib
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_jobs import hadoop_files
from tests.fuzz import memory
from tests.spark_jobs.job_builders import Bench, a_csv, a_line, rows_of

MIB = 1 << 20
PIECES = 100  # of a megabyte each
MOST_IN_JAVA = 3_072 * MIB  # its heap of 2 GiB, and 1 GiB for all that lies beside it
MOST_IN_PYTHON = 16 * MIB  # the driver sees the header, not the line


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        # One character beyond Latin-1 doubles the line in Java.
        (b"1,", "🎵,2024-06-25 17:43:13".encode(), "invalid_track_id"),
        (b"\xff", b"", "invalid_encoding"),
    ],
    ids=["beyond Latin-1", "no UTF-8"],
)
def test_a_line_of_100_mb_is_quarantined_whole_and_its_neighbours_are_accepted(
    spark: SparkSession, tmp_path: Path, start: bytes, end: bytes, reason: str
) -> None:
    bench = Bench(spark, tmp_path)
    key = bench.deliver("giant.csv", a_csv(a_line(1)))
    digest = hashlib.sha256()
    with (tmp_path / key).open("ab") as file:
        for piece in (start, *[b"t" * MIB] * PIECES, end):
            digest.update(piece)
            file.write(piece)
        file.write(b"\n" + a_csv(a_line(2), a_line(3), header=a_line(1)))
    java = hadoop_files.jvm(spark).java.lang.ProcessHandle.current().pid()
    memory.forget_peak(java)
    before = memory.forget_peak()

    outcome = bench.validate()

    assert memory.peak() - before < MOST_IN_PYTHON
    assert memory.peak(java) < MOST_IN_JAVA
    assert outcome.accounting()["refused"] == {}
    assert outcome.files() == {key: rows_of(5, 3, 1, {reason: 1})}
    line = outcome.quarantine().select(
        "reason", F.octet_length("raw_line").alias("size"), F.sha2("raw_line", 256).alias("sha")
    )
    size = len(start) + PIECES * MIB + len(end)
    assert [tuple(row) for row in line.collect()] == [(reason, size, digest.hexdigest())]
