"""What of Spark a small run goes without: settings by the bytes that a job reads.

Below SMALL_BYTES most of a job's time is compilation, Java's own and that of the code that Spark
writes: it is over before that pays.
"""

from collections.abc import Iterable

SMALL_BYTES = 16 << 20
# The most that gzip packs into a byte: a small one may hold a line that only large settings bear.
GZIP_FACTOR = 1_032
# Java's first compiler alone; it is chosen when a job is submitted, from the claim.
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1"
# Chosen in the job, for each part of its work: it learns only there what it reads of the lake.
SQL = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
}


def is_small(bytes_read: int) -> bool:
    return bytes_read <= SMALL_BYTES


def weigh(files: Iterable[tuple[str, int]]) -> int:
    """Give how many bytes files hold unpacked at most, from their keys and sizes."""
    return sum(size * (GZIP_FACTOR if key.endswith(".gz") else 1) for key, size in files)


def java_options(*, is_small: bool) -> list[str]:
    """Give the options of a job's Java: those of a job that reads much are the machine's."""
    return [JAVA_OPTIONS] if is_small else []
