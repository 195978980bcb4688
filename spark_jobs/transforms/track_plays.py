"""How often each track was ever played, carried forward from commit to commit."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def add_new_plays(track_plays: DataFrame, plays: DataFrame) -> DataFrame:
    """Add new plays to the totals of the last commit.

    Args:
        track_plays: TRACK_PLAYS of the commit that the run builds on.
        plays: STREAMS, only plays that these totals do not hold, each once.

    Returns:
        TRACK_PLAYS over all plays, unknown tracks included.
    """
    new = plays.groupBy("track_id").agg(F.count("*").alias("play_count"))
    return (
        track_plays.unionByName(new)
        .groupBy("track_id")
        .agg(F.sum("play_count").alias("play_count"))
    )
