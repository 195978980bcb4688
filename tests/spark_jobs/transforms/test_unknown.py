"""Plays of unknown tracks and users, by file."""

import pytest
from chispa.dataframe_comparer import assert_df_equality
from pyspark.sql import SparkSession

from spark_jobs.schemas import USERS
from spark_jobs.transforms.unknown import count_unknown_plays
from tests.builders import a_song, frame, songs

COUNTS = "file_index int, plays_of_unknown_tracks bigint, plays_of_unknown_users bigint"
PLAYS = [
    (0, 1, "a"),
    (0, 1, "a"),  # a copy counts again, and so does each below
    (0, 2, "x"),
    (0, 2, "x"),
    (0, 1, "x"),
    (1, 1, "b"),
    (2, 9, "a"),
    (3, 9, "x"),
]


@pytest.mark.parametrize("threshold", ["64m", "-1"])
def test_plays_of_unknown_tracks_and_users_are_counted_by_file(
    spark: SparkSession, threshold: str
) -> None:
    known = songs(
        spark,
        *(a_song(id=one, track_id=track) for one, track in enumerate(("a", "a", "b", None))),
    )
    users = frame(spark, USERS, (1, None, None, None, None), (3, None, None, None, None))
    plays = spark.createDataFrame(PLAYS, "file_index int, user_id bigint, track_id string")
    before = spark.conf.get("spark.sql.autoBroadcastJoinThreshold")
    spark.conf.set("spark.sql.autoBroadcastJoinThreshold", threshold)

    try:
        counted = count_unknown_plays(plays, known, users)
        expected = spark.createDataFrame([(0, 3, 2), (1, 0, 0), (2, 0, 1), (3, 1, 1)], COUNTS)
        assert_df_equality(counted, expected, ignore_row_order=True, ignore_nullable=True)
    finally:
        spark.conf.set("spark.sql.autoBroadcastJoinThreshold", before)
