"""What the songs say of a track: its credited artists, and its place in each genre."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from spark_jobs.csv_grammar import TRIMMED


def list_track_artists(songs: DataFrame) -> DataFrame:
    """List the artists credited on each track.

    Of several rows of a track the one with the lowest `id` counts. `artists` is split at `;`,
    the names are trimmed, empty ones and repetitions dropped.

    Args:
        songs: SONGS.

    Returns:
        `track_id` (unique, never null), `song_id` (its lowest `id`, unique too) and `artists`,
        an array that may be empty.
    """
    tracks = songs.where(F.col("track_id").isNotNull()).groupBy("track_id")
    credits = songs.select(F.col("id").alias("song_id"), F.col("artists").alias("credits"))
    first_rows = tracks.agg(F.min("id").alias("song_id")).join(credits, on="song_id", how="inner")
    return first_rows.select(
        "track_id", "song_id", split_artists(F.col("credits")).alias("artists")
    )


def rank_artists(tracks: DataFrame) -> DataFrame:
    """Number the artists in byte order of their names: `artist`, `artist_rank`, both unique.

    Args:
        tracks: As `list_track_artists` gives them.
    """
    names = tracks.select(F.explode("artists").alias("artist")).distinct()
    by_name = Window.orderBy("artist").rowsBetween(Window.unboundedPreceding, Window.currentRow)
    return names.select("artist", F.row_number().over(by_name).alias("artist_rank"))


def rank_credits(tracks: DataFrame, artists: DataFrame) -> DataFrame:
    """Give the artists of each track by their numbers: `song_id`, `artist_rank`.

    Each track has a row of a null rank besides, so that whoever joins counts it once for none.
    """
    credited = tracks.select("song_id", F.explode("artists").alias("artist"))
    ranked = credited.join(F.broadcast(artists), on="artist", how="inner")
    nobody = tracks.select("song_id", F.lit(None).cast("int").alias("artist_rank"))
    return ranked.select("song_id", "artist_rank").unionByName(nobody)


def split_artists(credits: Column) -> Column:
    names = F.transform(F.split(credits, ";"), lambda name: F.btrim(name, F.lit(TRIMMED)))
    distinct = F.array_distinct(F.filter(names, lambda name: name != ""))
    return F.coalesce(distinct, F.array().cast("array<string>"))


def list_track_genres(songs: DataFrame) -> DataFrame:
    """List the genres of each track, with what the genre's row says of it.

    A null genre is no genre. Of several rows of a track in one genre that with the lowest `id`
    counts.

    Args:
        songs: SONGS.

    Returns:
        `song_id` (unique), `track_id`, `track_genre` (unique together, never null), `popularity`,
        `duration_ms`.
    """
    by_id = Window.partitionBy("track_id", "track_genre").orderBy("id")
    frame = by_id.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    named = songs.where(F.col("track_id").isNotNull() & F.col("track_genre").isNotNull())
    return (
        named.withColumn("place", F.row_number().over(frame))
        .where(F.col("place") == 1)
        .select(
            F.col("id").alias("song_id"), "track_id", "track_genre", "popularity", "duration_ms"
        )
    )
