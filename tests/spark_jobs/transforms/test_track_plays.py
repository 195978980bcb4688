"""Plays per track, carried from commit to commit."""

from chispa.dataframe_comparer import assert_df_equality
from pyspark.sql import SparkSession

from spark_jobs.schemas import TRACK_PLAYS
from spark_jobs.transforms.track_plays import add_new_plays
from tests.builders import a_play, frame, plays


def test_new_plays_are_added_to_the_totals_of_their_tracks(spark: SparkSession) -> None:
    totals = frame(spark, TRACK_PLAYS, ("old", 5), ("both", 2**40), ("é", 1))
    new = plays(
        spark,
        a_play(1, "both"),
        a_play(2, "both"),
        a_play(1, "both", "2024-06-26 00:00:00"),
        a_play(1, "new"),
        a_play(1, "New"),
        a_play(1, "é"),
    )

    track_plays = add_new_plays(totals, new)

    expected = frame(
        spark,
        TRACK_PLAYS,
        ("old", 5),
        ("both", 2**40 + 3),
        ("new", 1),
        ("New", 1),
        ("é", 2),
    )
    assert_df_equality(track_plays, expected, ignore_row_order=True, ignore_nullable=True)


def test_nothing_new_leaves_the_totals_as_they_are(spark: SparkSession) -> None:
    totals = frame(spark, TRACK_PLAYS, ("t1", 5), ("t2", 1))

    assert_df_equality(
        add_new_plays(totals, plays(spark)), totals, ignore_row_order=True, ignore_nullable=True
    )


def test_the_first_plays_need_no_totals(spark: SparkSession) -> None:
    no_totals = frame(spark, TRACK_PLAYS)

    first = add_new_plays(no_totals, plays(spark, a_play(1, "t1"), a_play(2, "t1")))
    still_none = add_new_plays(no_totals, plays(spark))

    assert_df_equality(first, frame(spark, TRACK_PLAYS, ("t1", 2)), ignore_nullable=True)
    assert_df_equality(still_none, no_totals, ignore_nullable=True)
