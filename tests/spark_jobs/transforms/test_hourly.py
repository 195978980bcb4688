"""The KPIs of hours, on plays few enough to count by hand."""

from typing import Any

import pytest
from chispa.dataframe_comparer import assert_df_equality
from pyspark.errors import ArithmeticException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_jobs.schemas import HOURLY_KPIS
from spark_jobs.transforms.hourly import compute_hourly_kpis, pack_top
from tests.builders import a_play, a_song, at, frame, plays, songs


def hour(clock: str, *values: Any, day: str = "2024-06-25") -> tuple[Any, ...]:
    """A row of HOURLY_KPIS."""
    return (at(f"{day} {clock}:00:00"), *values)


def assert_hours(
    spark: SparkSession,
    *expected: tuple[Any, ...],
    played: list[tuple[Any, ...]],
    catalogue: list[tuple[Any, ...]],
) -> None:
    hours = compute_hourly_kpis(plays(spark, *played), songs(spark, *catalogue))

    rows = frame(spark, HOURLY_KPIS, *expected)
    assert_df_equality(hours, rows, ignore_row_order=True, ignore_nullable=True)


def test_an_hour_counts_its_plays_listeners_and_tracks(spark: SparkSession) -> None:
    assert_hours(
        spark,
        hour("17", 2, 4, 3, "Ann", 3, 0.75),
        played=[
            a_play(1, "t1", "2024-06-25 17:00:00"),
            a_play(1, "t1", "2024-06-25 17:10:00"),
            a_play(2, "t2", "2024-06-25 17:10:00"),
            a_play(2, "t3", "2024-06-25 17:20:00"),
        ],
        catalogue=[
            a_song(1, "t1", artists="Ann"),
            a_song(2, "t2", artists="Ann"),
            a_song(3, "t3", artists="Bob"),
        ],
    )


def test_an_hour_ends_before_the_next_and_belongs_to_its_date(spark: SparkSession) -> None:
    assert_hours(
        spark,
        hour("16", 1, 1, 1, "Ann", 1, 1.0),
        hour("17", 1, 2, 1, "Ann", 2, 0.5),
        hour("18", 1, 1, 1, "Ann", 1, 1.0),
        hour("17", 1, 1, 1, "Ann", 1, 1.0, day="2024-06-26"),
        hour("00", 1, 1, 1, "Ann", 1, 1.0, day="2000-01-01"),
        played=[
            a_play(1, "t1", "2024-06-25 16:59:59.999999"),
            a_play(1, "t1", "2024-06-25 17:00:00"),
            a_play(1, "t1", "2024-06-25 17:59:59.999999"),
            a_play(1, "t1", "2024-06-25 18:00:00"),
            a_play(1, "t1", "2024-06-26 17:00:00"),
            a_play(1, "t1", "2000-01-01 00:00:00"),
        ],
        catalogue=[a_song(1, "t1", artists="Ann")],
    )


def test_a_listener_is_counted_once_an_hour_however_large_their_id(spark: SparkSession) -> None:
    listeners = [1, 17, 33, 2**31, 2**53, 2**53 + 1, 2**63 - 1]
    assert_hours(
        spark,
        hour("17", 7, 14, 2, None, None, 2 / 14),
        hour("18", 1, 1, 1, None, None, 1.0),
        played=[
            *(a_play(user_id, "t1", "2024-06-25 17:00:00") for user_id in listeners),
            *(a_play(user_id, "t2", "2024-06-25 17:00:00") for user_id in listeners),
            a_play(17, "t1", "2024-06-25 18:00:00"),
        ],
        catalogue=[],
    )


def test_a_play_counts_once_whatever_number_of_genres_its_track_has(spark: SparkSession) -> None:
    assert_hours(
        spark,
        hour("17", 1, 1, 1, "Ann", 1, 1.0),
        played=[a_play(1, "t1")],
        catalogue=[
            a_song(1, "t1", artists="Ann", track_genre="pop"),
            a_song(2, "t1", artists="Ann", track_genre="ambient"),
            a_song(3, "t1", artists="Bob", track_genre=None),
        ],
    )


def test_plays_of_unknown_tracks_count_and_have_no_artist(spark: SparkSession) -> None:
    assert_hours(
        spark,
        hour("17", 2, 3, 3, "Ann", 1, 1.0),
        hour("18", 1, 1, 1, None, None, 1.0),
        hour("19", 1, 2, 2, None, None, 1.0),
        played=[
            a_play(1, "unknown", "2024-06-25 17:00:00"),
            a_play(2, "T1", "2024-06-25 17:00:00"),
            a_play(2, "t1", "2024-06-25 17:00:00"),
            a_play(2, "unknown", "2024-06-25 18:00:00"),
            a_play(2, "null", "2024-06-25 19:00:00"),
            a_play(2, "empty", "2024-06-25 19:00:00"),
        ],
        catalogue=[
            a_song(1, "t1", artists="Ann"),
            a_song(2, "null", artists=None),
            a_song(3, "empty", artists=" ; "),
        ],
    )


def test_a_play_counts_for_each_distinct_artist_of_its_track(spark: SparkSession) -> None:
    assert_hours(
        spark,
        hour("17", 1, 3, 2, "Bob", 3, 2 / 3),
        played=[
            a_play(1, "t1", "2024-06-25 17:00:00"),
            a_play(1, "t2", "2024-06-25 17:00:00"),
            a_play(1, "t2", "2024-06-25 17:00:01"),
        ],
        catalogue=[
            a_song(1, "t1", artists="Ann;Ann; Ann;Bob;"),
            a_song(2, "t2", artists=" Bob ;Cy"),
        ],
    )


def test_a_tie_of_artists_goes_to_the_smallest_name_by_bytes(spark: SparkSession) -> None:
    assert_hours(
        spark,
        hour("01", 1, 1, 1, "Bob", 1, 1.0),
        hour("02", 1, 1, 1, "Zoe", 1, 1.0),
        hour("03", 1, 1, 1, "\ufb00", 1, 1.0),
        hour("04", 1, 1, 1, "Ann", 1, 1.0),
        hour("05", 1, 3, 3, "bob", 2, 1.0),
        played=[
            a_play(1, "cases", "2024-06-25 01:00:00"),
            a_play(1, "accents", "2024-06-25 02:00:00"),
            a_play(1, "beyond the first plane", "2024-06-25 03:00:00"),
            a_play(1, "prefix", "2024-06-25 04:00:00"),
            a_play(1, "cases", "2024-06-25 05:00:00"),
            a_play(1, "bob", "2024-06-25 05:00:00"),
            a_play(1, "Ann", "2024-06-25 05:00:00"),
        ],
        catalogue=[
            a_song(1, "cases", artists="ann;Bob;bob"),
            a_song(2, "accents", artists="Zoë;Zoe;Élan"),
            a_song(3, "beyond the first plane", artists="\U0001f600;\ufb00"),
            a_song(4, "prefix", artists="Ann Bee;Ann"),
            a_song(5, "bob", artists="bob"),
            a_song(6, "Ann", artists="Ann"),
        ],
    )


def test_the_lowest_id_of_a_track_names_its_artists_even_if_it_has_none(
    spark: SparkSession,
) -> None:
    assert_hours(
        spark,
        hour("17", 1, 2, 2, "First", 1, 1.0),
        played=[a_play(1, "t1"), a_play(1, "t2")],
        catalogue=[
            a_song(20, "t1", artists="Ann"),
            a_song(3, "t1", artists="First", track_genre=None),
            a_song(4, "t2", artists=None),
            a_song(5, "t2", artists="Ann"),
        ],
    )


def test_without_plays_there_is_no_hour(spark: SparkSession) -> None:
    assert_hours(spark, played=[], catalogue=[a_song(1, "t1")])


def test_the_top_artist_is_the_one_of_most_plays_and_then_of_the_lowest_rank(
    spark: SparkSession,
) -> None:
    most = 2**32 - 1
    rows = [(most, 2), (most, 1), (most, 2**31 - 1), (most - 1, 1), (1, 1), (1, 2**31 - 1)]
    artists = spark.createDataFrame(rows, "plays bigint, rank int")

    packed = artists.withColumn("top", pack_top("plays", "rank")).orderBy(F.desc("top"))

    in_order = [(row.plays, row.rank) for row in packed.collect()]
    assert in_order == sorted(rows, key=lambda row: (-row[0], row[1]))


def test_more_plays_of_an_artist_in_an_hour_than_a_number_holds_fail(spark: SparkSession) -> None:
    too_many = spark.createDataFrame([(2**32, 1)], "plays bigint, rank int")

    with pytest.raises(ArithmeticException, match="ARITHMETIC_OVERFLOW"):
        too_many.select(pack_top("plays", "rank")).collect()
