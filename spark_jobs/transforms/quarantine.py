"""The rejected lines, each with its file and its reason."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def select_quarantine(judged: DataFrame, files: DataFrame) -> DataFrame:
    """Give the rejected lines as they were delivered.

    Args:
        judged: As `apply_line_rules` gives it. No rule accepts a line that equals its file's
            header. One of these is the header; the others are rows, each of them kept.
        files: `file_index`, `file_key`; unique by `file_index`.

    Returns:
        QUARANTINE.
    """
    rejected = judged.where(F.col("reason").isNotNull())
    rows = rejected.where(~F.col("is_header")).select("file_index", "line", "reason")
    headers = rejected.where("is_header").groupBy("file_index", "line", "reason")
    repeated = headers.agg((F.count("*") - 1).cast("int").alias("times"))
    header_rows = repeated.select(
        "file_index",
        F.explode(F.array_repeat("line", F.col("times"))).alias("line"),
        "reason",
    )
    return (
        rows.unionByName(header_rows)
        .join(F.broadcast(files), on="file_index", how="inner")
        .select("file_key", F.col("line").alias("raw_line"), "reason")
    )
