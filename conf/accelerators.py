"""What lets Spark compute outside Java: the jar and the settings of Apache DataFusion Comet."""

NONE = "none"
COMET = "comet"
CHOICES = (NONE, COMET)
COMET_JAR = "comet-spark-spark4.1_2.13-1.2.0.jar"
# What computes plays; the job that only reads a database has nothing to gain.
JOBS = ("validate_data", "transform_kpis")
# Almost all of its work is done outside Java, so that Java's second compiler never pays.
FIRST_COMPILER_JOBS = ("transform_kpis",)
SETTINGS = {
    "spark.plugins": "org.apache.spark.CometPlugin",
    "spark.shuffle.manager": ("org.apache.spark.sql.comet.execution.shuffle.CometShuffleManager"),
    # Comet works here, and not at all without it.
    "spark.memory.offHeap.enabled": "true",
    # All that is read is read whole. Where a file says of a column nothing, as of texts too long
    # to be its bounds, Comet (1.2.0) takes it to hold no null, and would leave plays out.
    "spark.sql.parquet.filterPushdown": "false",
}
GIGABYTE_IN_MIB = 1024


def split_memory(memory: str) -> tuple[str, str]:
    """Give heap and off-heap of a memory like 4g, which both take together, half each."""
    half = memory_mib(memory) // 2
    return f"{half}m", f"{half}m"


def memory_mib(memory: str) -> int:
    return int(memory.removesuffix("g")) * GIGABYTE_IN_MIB
