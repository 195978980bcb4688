"""A stream file with one line of 100 MB, through validate_data in a process of its own.

Its heap is a job's smallest; in the tests' shared session it would be short of what others left.
"""

import hashlib
import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_jobs import hadoop_files
from tests.conftest import start_session
from tests.fuzz import memory
from tests.spark_jobs.job_builders import Bench, a_csv, a_line, rows_of

MIB = 1 << 20
PIECES = 100  # of a megabyte each
HEAP = "3g"
MOST_IN_JAVA = 4_096 * MIB  # its heap, and 1 GiB for all that lies beside it
MOST_IN_PYTHON = 16 * MIB  # the driver sees the header, not the line
# One character beyond Latin-1 doubles the line in Java.
CASES = {
    "beyond Latin-1": (b"1,", "🎵,2024-06-25 17:43:13".encode(), "invalid_track_id"),
    "no UTF-8": (b"\xff", b"", "invalid_encoding"),
}


def write_giant(path: Path, start: bytes, end: bytes) -> tuple[int, str]:
    """Put the giant and two good lines behind the one that is there; give its size and digest."""
    digest = hashlib.sha256()
    with path.open("ab") as file:
        for piece in (start, *[b"t" * MIB] * PIECES, end):
            digest.update(piece)
            file.write(piece)
        file.write(b"\n" + a_csv(a_line(2), a_line(3), header=a_line(1)))
    return len(start) + PIECES * MIB + len(end), digest.hexdigest()


def validate_giant(spark: SparkSession, folder: Path, case: str) -> None:
    start, end, reason = CASES[case]
    bench = Bench(spark, folder)
    key = bench.deliver("giant.csv", a_csv(a_line(1)))
    size, digest = write_giant(folder / key, start, end)
    bench.claimed[0]["size"] = (folder / key).stat().st_size
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
    assert [tuple(row) for row in line.collect()] == [(reason, size, digest)]


if __name__ == "__main__":
    validate_giant(start_session(HEAP), Path(sys.argv[1]), sys.argv[2])
