"""The KPIs of each hour."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.catalogue import list_track_artists, rank_artists, rank_credits
from spark_jobs.transforms.listen_time import hour_number

# Listeners of an hour are gathered in so many parts, so that no list of them outgrows a row.
LISTENER_PARTS = 16
RANKS = 1 << 31  # more than there are artists


def compute_hourly_kpis(plays: DataFrame, songs: DataFrame) -> DataFrame:
    """Compute plays, listeners, tracks and the top artist of each hour, exactly.

    Args:
        plays: STREAMS, each play once: all plays of each hour in it. Plays of unknown users
            and tracks count too.
        songs: SONGS.

    Returns:
        HOURLY_KPIS: one row per hour that has a play.
    """
    listeners = count_listeners(plays)
    tracks = count_tracks_and_artists(plays, songs)
    return tracks.join(listeners, on="hour", how="inner").select(
        F.timestamp_seconds(F.col("hour").cast("bigint") * 3_600).alias("hour"),
        "unique_listeners",
        "total_plays",
        "unique_tracks",
        "top_artist",
        "top_artist_plays",
        (F.col("unique_tracks") / F.col("total_plays")).alias("track_diversity_index"),
    )


def count_listeners(plays: DataFrame) -> DataFrame:
    """Count the distinct listeners of each hour: `hour`, `unique_listeners`.

    Nearly every play of an hour has another listener, so a hash table of (hour, listener)
    spares no row; arrays of numbers are gathered instead, at half its cost, and exact too.
    """
    parts = plays.select(
        hour_number("listen_time").alias("hour"),
        F.pmod("user_id", F.lit(LISTENER_PARTS)).alias("part"),
        "user_id",
    )
    counted = parts.groupBy("hour", "part").agg(
        F.size(F.array_distinct(F.collect_list("user_id"))).cast("bigint").alias("listeners")
    )
    return counted.groupBy("hour").agg(F.sum("listeners").alias("unique_listeners"))


def count_tracks_and_artists(plays: DataFrame, songs: DataFrame) -> DataFrame:
    """Count plays and tracks of each hour and find its top artist.

    Numbers stand for tracks and artists while the plays are counted: they shuffle and compare
    at a third of the names' cost. Each count is repeated for every artist of its track, and
    once for none: the row of no artist holds the hour's totals, so one aggregation gives both.

    Returns:
        `hour`, `total_plays`, `unique_tracks`, `top_artist`, `top_artist_plays`.
    """
    tracks = list_track_artists(songs)
    artists = rank_artists(tracks)
    counts = count_plays_by_hour_and_track(plays, tracks)
    credits = F.broadcast(rank_credits(tracks, artists))
    credited = counts.join(credits, on="song_id", how="left")
    by_artist = credited.groupBy("hour", "artist_rank").agg(
        F.sum("plays").alias("plays"), F.count("*").alias("tracks")
    )
    is_total = F.col("artist_rank").isNull()
    hours = by_artist.groupBy("hour").agg(
        F.max(F.when(is_total, F.col("plays"))).alias("total_plays"),
        F.max(F.when(is_total, F.col("tracks"))).alias("unique_tracks"),
        F.max(F.when(~is_total, pack_top("plays", "artist_rank"))).alias("top"),
    )
    with_rank = hours.withColumn("artist_rank", F.expr(f"cast({RANKS} - top % {RANKS} as int)"))
    return with_rank.join(F.broadcast(artists), on="artist_rank", how="left").select(
        "hour",
        "total_plays",
        "unique_tracks",
        F.col("artist").alias("top_artist"),
        F.expr(f"top div {RANKS}").alias("top_artist_plays"),
    )


def pack_top(plays: str, rank: str) -> Column:
    """Pack an artist's plays and rank into one number: the greatest is the top artist's.

    A number compares at a fraction of a struct's cost. Beyond 2^32 - 1 plays of an artist in an
    hour the multiplication fails, as ANSI has it.
    """
    return F.col(plays) * RANKS + (RANKS - F.col(rank))


def count_plays_by_hour_and_track(plays: DataFrame, tracks: DataFrame) -> DataFrame:
    """Count the plays of each hour and track; a track that no song has keeps its own id.

    Returns:
        `hour`, `song_id`, `unknown_track_id` (one of them null), `plays`.
    """
    numbers = F.broadcast(tracks.select("track_id", "song_id"))
    numbered = plays.join(numbers, on="track_id", how="left")
    unknown = F.when(F.col("song_id").isNull(), F.col("track_id")).alias("unknown_track_id")
    keys = numbered.select(hour_number("listen_time").alias("hour"), "song_id", unknown)
    return keys.groupBy("hour", "song_id", "unknown_track_id").agg(F.count("*").alias("plays"))
