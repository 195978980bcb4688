"""Each play once: copies within the run and in the lake are duplicates."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

IN_LAKE = -1  # as a file index: smaller than any file's, so the lake's copy is the one kept


def keep_first_copies(
    plays: DataFrame, lake_plays: DataFrame, *, partitions: int, parts_per_day: int
) -> DataFrame:
    """Keep the new plays, each once, as of the first file that holds it.

    Copies are equal in all that a play is, so which one is kept shows in `file_index` alone:
    the smallest. Copies share day and listener: days, parted by listener, are shuffled once,
    and each part is aggregated and written where it lies.

    Args:
        plays: `file_index` and the columns of STREAMS. File indexes follow the keys' order.
        lake_plays: STREAMS, each play once: all plays of these days that were accepted before.
        partitions: How many partitions the plays are shuffled into.
        parts_per_day: Into how many parts a day's plays go, a file each.

    Returns:
        The columns of STREAMS, `listen_date` and `file_index`.
    """
    known = lake_plays.select(F.lit(IN_LAKE).alias("file_index"), *lake_plays.columns)
    copies = plays.unionByName(known).select(
        "*",
        F.col("listen_time").cast("date").alias("listen_date"),
        F.pmod(F.xxhash64("user_id"), F.lit(parts_per_day)).alias("part"),
    )
    shuffled = copies.repartition(partitions, "listen_date", "part")
    firsts = shuffled.groupBy("listen_date", "part", "user_id", "track_id", "listen_time").agg(
        F.min("file_index").alias("file_index")
    )
    return firsts.where(F.col("file_index") > IN_LAKE).select(
        "user_id", "track_id", "listen_time", "listen_date", "file_index"
    )
