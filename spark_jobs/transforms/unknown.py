"""The plays that no song or no listener is known for: they count, and their number is told."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def count_unknown_plays(plays: DataFrame, songs: DataFrame, users: DataFrame) -> DataFrame:
    """Count the plays of tracks without a song, and those of listeners who are no users, by file.

    Plays are looked up where they lie; users that fit no broadcast are joined as Spark sees fit.

    Args:
        plays: `file_index`, `user_id`, `track_id`; copies included.
        songs: SONGS; `track_id` repeats and may be null.
        users: USERS, unique by `user_id`.

    Returns:
        `file_index`, `plays_of_unknown_tracks`, `plays_of_unknown_users`.
    """
    tracks = songs.select("track_id").where(F.col("track_id").isNotNull()).distinct()
    known_tracks = F.broadcast(tracks.withColumn("is_track", F.lit(True)))
    known_users = users.select("user_id", F.lit(True).alias("is_user"))
    looked_up = plays.join(known_tracks, on="track_id", how="left").join(
        known_users, on="user_id", how="left"
    )
    return looked_up.groupBy("file_index").agg(
        F.count_if(F.col("is_track").isNull()).alias("plays_of_unknown_tracks"),
        F.count_if(F.col("is_user").isNull()).alias("plays_of_unknown_users"),
    )
