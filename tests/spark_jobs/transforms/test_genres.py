"""The KPIs of genres, on catalogues small enough to count by hand."""

from typing import Any

import pytest
from chispa.dataframe_comparer import assert_df_equality
from pyspark.errors import ArithmeticException
from pyspark.sql import SparkSession

from spark_jobs.schemas import GENRE_KPIS, TRACK_PLAYS
from spark_jobs.transforms.genres import compute_genre_kpis
from tests.builders import a_song, frame, songs


def assert_genres(
    spark: SparkSession,
    *expected: tuple[Any, ...],
    played: dict[str, int],
    catalogue: list[tuple[Any, ...]],
    weight: float = 0.5,
) -> None:
    track_plays = frame(spark, TRACK_PLAYS, *played.items())

    genres = compute_genre_kpis(
        track_plays, songs(spark, *catalogue), popularity_play_weight=weight
    )

    rows = frame(spark, GENRE_KPIS, *expected)
    assert_df_equality(genres, rows, ignore_row_order=True, ignore_nullable=True)


def test_a_genre_sums_the_plays_of_its_tracks(spark: SparkSession) -> None:
    assert_genres(
        spark,
        ("ambient", 4, 175_000.0, 50 * (1 + 0.35), "t1", "Dawn", 3),
        ("pop", 2, 50_000.0, 50 * (0.5 + 0.8), "t3", "Noon", 2),
        played={"t1": 3, "t2": 1, "t3": 2},
        catalogue=[
            a_song(1, "t1", track_genre="ambient", popularity=40, duration_ms=200_000),
            a_song(2, "t2", track_genre="ambient", popularity=20, duration_ms=100_000),
            a_song(
                3, "t3", track_genre="pop", popularity=80, duration_ms=50_000, track_name="Noon"
            ),
        ],
    )


def test_a_play_counts_once_in_each_genre_of_its_track(spark: SparkSession) -> None:
    assert_genres(
        spark,
        ("ambient", 3, 5.0, 100 * 0.5 * (1 + 0.5), "t1", "Dawn", 3),
        ("pop", 3, 7.0, 100 * 0.5 * (1 + 0.1), "t1", "Noon", 3),
        played={"t1": 3},
        catalogue=[
            a_song(4, "t1", track_genre="ambient", duration_ms=5),
            a_song(9, "t1", track_genre="pop", duration_ms=9, popularity=90),
            a_song(5, "t1", track_genre="pop", duration_ms=7, popularity=10, track_name="Noon"),
            a_song(6, "t1", track_genre=None),
        ],
    )


def test_only_known_tracks_with_a_genre_and_a_play_have_a_row(spark: SparkSession) -> None:
    assert_genres(
        spark,
        ("ambient", 1, 200_000.0, 75.0, "t1", "Dawn", 1),
        played={"t1": 1, "unknown": 10, "of no genre": 20, "T1": 30},
        catalogue=[
            a_song(1, "t1"),
            a_song(2, "of no genre", track_genre=None),
            a_song(3, "never played", track_genre="silence"),
            a_song(4, None, track_genre="of no track"),
        ],
    )


def test_unknown_durations_and_popularities_are_left_out_of_the_means(
    spark: SparkSession,
) -> None:
    assert_genres(
        spark,
        ("ambient", 10, 100.0, 50 * (1 + 0.2), "t1", "Dawn", 7),
        ("nothing known", 5, None, None, "t4", None, 5),
        ("nulls and zeros", 3, 0.0, 50 * 0.3, "t5", "Dawn", 3),
        played={"t1": 7, "t2": 1, "t3": 2, "t4": 5, "t5": 3},
        catalogue=[
            a_song(1, "t1", duration_ms=None, popularity=None),
            a_song(2, "t2", duration_ms=100, popularity=None),
            a_song(3, "t3", duration_ms=None, popularity=20),
            a_song(
                4,
                "t4",
                duration_ms=None,
                popularity=None,
                track_name=None,
                track_genre="nothing known",
            ),
            a_song(5, "t5", duration_ms=0, popularity=0, track_genre="nulls and zeros"),
        ],
    )


@pytest.mark.parametrize(
    ("weight", "most", "half"), [(0.0, 40.0, 80.0), (0.5, 70.0, 65.0), (1.0, 100.0, 50.0)]
)
def test_the_weight_moves_the_index_between_popularity_and_plays(
    spark: SparkSession, weight: float, most: float, half: float
) -> None:
    assert_genres(
        spark,
        ("ambient", 4, 200_000.0, most, "t1", "Dawn", 4),
        ("pop", 2, 200_000.0, half, "t2", "Dawn", 2),
        ("unknown", 1, 200_000.0, None, "t3", "Dawn", 1),
        played={"t1": 4, "t2": 2, "t3": 1},
        catalogue=[
            a_song(1, "t1", popularity=40),
            a_song(2, "t2", popularity=80, track_genre="pop"),
            a_song(3, "t3", popularity=None, track_genre="unknown"),
        ],
        weight=weight,
    )


def test_the_top_track_is_by_plays_then_popularity_then_id(spark: SparkSession) -> None:
    def track(number: int, track_id: str, genre: str, popularity: int | None) -> tuple[Any, ...]:
        return a_song(
            number,
            track_id,
            track_genre=genre,
            popularity=popularity,
            track_name=f"name of {track_id}",
            duration_ms=1,
        )

    by_plays = [track(1, "p1", "plays", None), track(2, "p2", "plays", 100)]
    by_popularity = [track(3, "a", "popular", 50), track(4, "z", "popular", 51)]
    null_last = [track(5, "b", "nulls", None), track(6, "y", "nulls", 0)]
    by_id = [track(7, "é", "ids", 5), track(8, "z9", "ids", 5), track(9, "z10", "ids", 5)]
    both_null = [track(10, "k", "no popularity", None), track(11, "K", "no popularity", None)]
    beyond = [track(12, "\U0001f600", "bytes", 5), track(13, "\ufb00", "bytes", 5)]

    assert_genres(
        spark,
        ("plays", 5, 1.0, 100.0, "p1", "name of p1", 3),
        ("popular", 4, 1.0, 50.5, "z", "name of z", 2),
        ("nulls", 4, 1.0, 0.0, "y", "name of y", 2),
        ("ids", 6, 1.0, 5.0, "z10", "name of z10", 2),
        ("no popularity", 4, 1.0, None, "K", "name of K", 2),
        ("bytes", 4, 1.0, 5.0, "\ufb00", "name of \ufb00", 2),
        played={"p1": 3, "p2": 2}
        | dict.fromkeys(["a", "z", "b", "y", "é", "z9", "z10", "k", "K"], 2)
        | {"\U0001f600": 2, "\ufb00": 2},
        catalogue=by_plays + by_popularity + null_last + by_id + both_null + beyond,
        weight=0.0,
    )


def test_the_top_track_may_have_no_name(spark: SparkSession) -> None:
    assert_genres(
        spark,
        ("ambient", 3, 200_000.0, 75.0, "t1", None, 2),
        played={"t1": 2, "t2": 1},
        catalogue=[a_song(1, "t1", track_name=None), a_song(2, "t2", track_name="Noon")],
    )


def test_sums_beyond_a_long_are_exact(spark: SparkSession) -> None:
    assert_genres(
        spark,
        ("ambient", 2**40, 2_147_483_647.0, 75.0, "t1", "Dawn", 2**40),
        played={"t1": 2**40},
        catalogue=[a_song(1, "t1", duration_ms=2**31 - 1)],
    )


def test_the_greatest_sums_are_exact(spark: SparkSession) -> None:
    most = 2**53  # a double holds each sum of it exactly
    assert_genres(
        spark,
        ("ambient", 2 * most, 2_147_483_647.0, 75.0, "t1", "Dawn", most),
        played={"t1": most, "t2": most},
        catalogue=[
            a_song(1, "t1", duration_ms=2**31 - 1),
            a_song(2, "t2", duration_ms=2**31 - 1),
        ],
    )


def test_more_plays_of_a_track_than_its_decimal_holds_fail(spark: SparkSession) -> None:
    track_plays = frame(spark, TRACK_PLAYS, ("t1", 10**16))

    genres = compute_genre_kpis(
        track_plays, songs(spark, a_song(1, "t1")), popularity_play_weight=0.5
    )

    with pytest.raises(ArithmeticException, match="NUMERIC_VALUE_OUT_OF_RANGE"):
        genres.collect()


def test_without_plays_or_songs_there_is_no_genre(spark: SparkSession) -> None:
    assert_genres(spark, played={}, catalogue=[a_song(1, "t1")])
    assert_genres(spark, played={"t1": 1}, catalogue=[])
