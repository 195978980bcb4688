"""How much is compiled: settings by the bytes that a job reads.

Below SMALL_BYTES most of a job's time is compilation, Java's own and that of the code that Spark
writes: it is over before that pays. Above, Java's second compiler pays for what runs for each play.
"""

from collections.abc import Iterable

SMALL_BYTES = 16 << 20
# The most that gzip packs into a byte: a small one may hold a line that only large settings bear.
GZIP_FACTOR = 1_032
# Java's compilers are chosen when a job is submitted, from the claim: the first one alone, or the
# second too, for code that ran ten times as often as Java would have it. What runs for each play
# soon did; of Spark's planning, which takes most of the second one's time, little ever does.
FIRST_COMPILER = "-XX:TieredStopAtLevel=1"
LATE_SECOND_COMPILER = (
    "-XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000 "
    "-XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000"
)
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


def java_options(*, is_small: bool) -> str:
    """Choose the options of a job's Java."""
    return FIRST_COMPILER if is_small else LATE_SECOND_COMPILER
