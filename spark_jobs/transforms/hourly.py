"""The KPIs of each hour."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.catalogue import list_track_artists, rank_artists, rank_credits

# Listeners of an hour are gathered in so many parts, so that no list of them outgrows a row.
LISTENER_PARTS = 16


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


def with_hour_number(plays: DataFrame) -> DataFrame:
    """Add `hour`: the number of the play's hour since 1970, UTC."""
    number = F.expr("cast(unix_micros(listen_time) div 3600000000 as int)")
    return plays.withColumn("hour", number)


def count_listeners(plays: DataFrame) -> DataFrame:
    """Count the distinct listeners of each hour: `hour`, `unique_listeners`.

    Nearly every play of an hour has another listener, so a hash table of (hour, listener)
    spares no row; arrays of numbers are gathered instead, at half its cost, and exact too.
    """
    parts = with_hour_number(plays).select(
        "hour", F.pmod("user_id", F.lit(LISTENER_PARTS)).alias("part"), "user_id"
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
    nobody = F.array(F.lit(None).cast("int"))
    credited = counts.join(credits, on="song_id", how="left").select(
        "hour",
        "plays",
        F.explode(F.coalesce(F.concat("artist_ranks", nobody), nobody)).alias("artist_rank"),
    )
    by_artist = credited.groupBy("hour", "artist_rank").agg(
        F.sum("plays").alias("plays"), F.count("*").alias("tracks")
    )
    is_total = F.col("artist_rank").isNull()
    most_played_first = F.struct((-F.col("plays")).alias("plays"), F.col("artist_rank"))
    hours = by_artist.groupBy("hour").agg(
        F.max(F.when(is_total, F.col("plays"))).alias("total_plays"),
        F.max(F.when(is_total, F.col("tracks"))).alias("unique_tracks"),
        F.min(F.when(~is_total, most_played_first)).alias("top"),
    )
    with_rank = hours.withColumn("artist_rank", F.col("top.artist_rank"))
    return with_rank.join(F.broadcast(artists), on="artist_rank", how="left").select(
        "hour",
        "total_plays",
        "unique_tracks",
        F.col("artist").alias("top_artist"),
        (-F.col("top.plays")).alias("top_artist_plays"),
    )


def count_plays_by_hour_and_track(plays: DataFrame, tracks: DataFrame) -> DataFrame:
    """Count the plays of each hour and track; a track that no song has keeps its own id.

    Returns:
        `hour`, `song_id`, `unknown_track_id` (one of them null), `plays`.
    """
    numbers = F.broadcast(tracks.select("track_id", "song_id"))
    numbered = with_hour_number(plays).join(numbers, on="track_id", how="left")
    unknown = F.when(F.col("song_id").isNull(), F.col("track_id"))
    return numbered.groupBy("hour", "song_id", unknown.alias("unknown_track_id")).agg(
        F.count("*").alias("plays")
    )
