"""The KPIs of each genre, over all plays ever accepted and today's songs."""

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from spark_jobs.transforms.catalogue import list_track_genres


def compute_genre_kpis(
    track_plays: DataFrame, songs: DataFrame, *, popularity_play_weight: float
) -> DataFrame:
    """Compute listens, mean duration, popularity index and top track of each genre.

    A play counts once in each genre of its track; a play of an unknown track in none.

    Args:
        track_plays: TRACK_PLAYS, unique by `track_id`.
        songs: SONGS.
        popularity_play_weight: The share of the plays in the index, 0 … 1; the tracks' own
            popularity has the rest.

    Returns:
        GENRE_KPIS: one row per genre that has a play.
    """
    played = track_plays.join(list_track_genres(songs), on="track_id", how="inner")
    placed = played.withColumn("place", F.row_number().over(most_played_first()))
    is_top = F.col("place") == 1
    genres = placed.groupBy("track_genre").agg(
        F.sum("play_count").alias("listen_count"),
        mean_over_plays("duration_ms").alias("avg_track_duration_ms"),
        mean_over_plays("popularity").alias("avg_popularity"),
        F.max(F.when(is_top, F.col("song_id"))).alias("song_id"),
        F.max(F.when(is_top, F.col("play_count"))).alias("track_listen_count"),
    )
    with_most = genres.crossJoin(F.broadcast(genres.agg(F.max("listen_count").alias("most"))))
    play_share = F.col("listen_count") / F.col("most")
    weight = F.lit(float(popularity_play_weight))
    index = 100 * (weight * play_share + (1 - weight) * F.col("avg_popularity") / 100)
    names = songs.select(F.col("id").alias("song_id"), "track_id", "track_name")
    return with_most.join(names, on="song_id", how="inner").select(
        "track_genre",
        "listen_count",
        "avg_track_duration_ms",
        index.alias("popularity_index"),
        "track_id",
        "track_name",
        "track_listen_count",
    )


def mean_over_plays(column: str) -> Column:
    """Give the mean of a track's value over its plays; null values are left out.

    The sums are exact decimals, so no order of the rows shows in the mean. None outgrows its type,
    and 10^16 plays of a track fail at the cast, as ANSI has it.
    """
    value = F.col(column).cast("decimal(10,0)")
    plays = F.when(F.col(column).isNotNull(), F.col("play_count"))
    total = F.sum(value * F.col("play_count").cast("decimal(16,0)"))
    return F.try_divide(total.cast("double"), F.sum(plays).cast("double"))


def most_played_first() -> WindowSpec:
    """Give the order of a genre's tracks: plays, then popularity (null last), then track id."""
    order = (F.desc("play_count"), F.desc_nulls_last("popularity"), F.asc("track_id"))
    by_plays = Window.partitionBy("track_genre").orderBy(*order)
    return by_plays.rowsBetween(Window.unboundedPreceding, Window.currentRow)
