"""The numbers that stand for tracks and artists."""

from chispa.dataframe_comparer import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.transforms.catalogue import list_track_artists, rank_artists, rank_credits
from tests.builders import a_song, songs

TRACKS = "track_id string, song_id int, artists array<string>"
RANKS = "artist string, artist_rank int"
CREDITS = "song_id int, artist_rank int"


def tracks_of(spark: SparkSession, *artists: list[str]) -> DataFrame:
    """Give tracks as `list_track_artists` does, numbered from 1."""
    rows = [(f"t{number}", number, names) for number, names in enumerate(artists, start=1)]
    return spark.createDataFrame(rows, TRACKS)


def test_the_lowest_id_of_a_track_stands_for_it(spark: SparkSession) -> None:
    catalogue = songs(
        spark,
        a_song(10, "t1", artists="Late", track_genre="a"),
        a_song(9, "t1", artists=None, track_genre=None),
        a_song(-5, "t2", artists="Ann"),
        a_song(1, None),
    )

    tracks = list_track_artists(catalogue)

    expected = spark.createDataFrame([("t1", 9, []), ("t2", -5, ["Ann"])], TRACKS)
    assert_df_equality(tracks, expected, ignore_row_order=True, ignore_nullable=True)


def test_artists_are_numbered_in_byte_order_of_their_names(spark: SparkSession) -> None:
    tracks = tracks_of(spark, ["Zoë", "Ann", "\U0001f600"], ["\ufb00", "ann"], [], ["Ann", "Zoe"])

    ranks = rank_artists(tracks)

    names = ["Ann", "Zoe", "Zoë", "ann", "\ufb00", "\U0001f600"]
    expected = spark.createDataFrame(list(zip(names, range(1, 7), strict=True)), RANKS)
    assert_df_equality(ranks, expected, ignore_row_order=True, ignore_nullable=True)


def test_each_track_has_its_artists_numbers_and_one_row_of_none(spark: SparkSession) -> None:
    tracks = tracks_of(spark, ["Bob", "Ann"], ["Bob"], [])

    credits = rank_credits(tracks, rank_artists(tracks))

    rows = [(1, None), (1, 1), (1, 2), (2, None), (2, 2), (3, None)]
    expected = spark.createDataFrame(rows, CREDITS)
    assert_df_equality(credits, expected, ignore_row_order=True, ignore_nullable=True)


def test_without_artists_nothing_is_numbered(spark: SparkSession) -> None:
    tracks = tracks_of(spark, [])

    ranks = rank_artists(tracks)

    assert_df_equality(ranks, spark.createDataFrame([], RANKS), ignore_nullable=True)
    assert_df_equality(
        rank_credits(tracks, ranks),
        spark.createDataFrame([(1, None)], CREDITS),
        ignore_nullable=True,
    )
