"""Which operators of the jobs' queries Comet computes: run by test_native_kpis.py, in its session.

Plans are made over files, as in the jobs. A fallback to Java changes no result: it shows here.
"""

import re
from collections import Counter
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from spark_jobs import schemas, storage
from spark_jobs.session import in_java
from spark_jobs.transforms.accounting import count_plays_by_file_and_hour
from spark_jobs.transforms.deduplicate import keep_first_copies
from spark_jobs.transforms.genres import compute_genre_kpis
from spark_jobs.transforms.hourly import compute_hourly_kpis
from spark_jobs.transforms.line_rules import apply_line_rules, unite_valid_plays
from spark_jobs.transforms.track_plays import add_new_plays
from spark_jobs.transforms.unknown import count_unknown_plays
from tests.builders import (
    a_claimed_file,
    a_passed_line,
    a_play,
    a_proven_play,
    a_song,
    a_user,
    claimed_files,
    frame,
)

# Of Java: the way back to rows, and what only says how a plan ran.
HARMLESS = {"CometColumnarToRow", "AdaptiveSparkPlan", "ResultQueryStage", "ShuffleQueryStage"}
HARMLESS |= {"BroadcastQueryStage", "AQEShuffleRead", "ReusedExchange"}
OPERATOR = re.compile(r"^[\s:+|-]*(?:\*\(\d+\) )?([A-Z]\w+)", re.MULTILINE)
PLAY = (1, "t1", "2024-06-25 17:43:13")


class Tables:
    """Small tables, each in a Parquet file."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.folder = folder
        play = a_play(*PLAY)
        proven = a_proven_play(*PLAY)
        broken = a_passed_line(b"\xff")
        self.lines = self.put(frame(spark, schemas.LINES, proven, broken), schemas.LINES)
        odd_plays = frame(spark, schemas.FILE_PLAYS, (0, *play))
        self.odd_plays = self.put(odd_plays, schemas.FILE_PLAYS)
        self.streams = self.put(frame(spark, schemas.STREAMS, play), schemas.STREAMS)
        songs = frame(spark, schemas.SONGS, a_song(1, "t1"), a_song(2, "t2", artists="Ann;Bob"))
        self.songs = self.put(songs, schemas.SONGS).coalesce(1)
        self.users = self.put(frame(spark, schemas.USERS, a_user()), schemas.USERS)
        totals = frame(spark, schemas.TRACK_PLAYS, ("t1", 1))
        self.track_plays = self.put(totals, schemas.TRACK_PLAYS)

    def put(self, rows: DataFrame, schema: schemas.StructType) -> DataFrame:
        uri = f"file:{self.folder}/{len(list(self.folder.iterdir()))}"
        return storage.write_scratch(rows, uri, schema)


@pytest.fixture(scope="module")
def tables(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return Tables(spark, tmp_path_factory.mktemp("tables"))


def operators_of(frame: DataFrame) -> Counter[str]:
    """Run a query and count the operators of the plan that ran."""
    frame.collect()
    final = frame._jdf.queryExecution().executedPlan().toString().split("+- == Initial Plan")[0]
    found = Counter(OPERATOR.findall(final))
    assert found
    return found


def assert_native(frame: DataFrame, *native: str, java: frozenset[str] = frozenset()) -> None:
    """Check that a query has these native operators, and of Java's no others than named."""
    found = operators_of(frame)
    assert {f"Comet{name}" for name in native} <= found.keys()
    in_java = {name for name in found if not name.startswith("Comet")} - HARMLESS
    assert in_java == java


def test_plays_are_counted_by_file_and_hour_natively(tables: Tables) -> None:
    counted = count_plays_by_file_and_hour(unite_valid_plays(tables.lines, tables.odd_plays))

    assert_native(counted, "NativeScan", "Filter", "Union", "HashAggregate", "Exchange")


def test_plays_beside_a_line_too_long_for_the_files_bounds_are_not_left_out(
    spark: SparkSession, tables: Tables
) -> None:
    giant = a_passed_line(b"x" * 5_000)
    lines = tables.put(frame(spark, schemas.LINES, a_proven_play(*PLAY), giant), schemas.LINES)

    assert unite_valid_plays(lines, tables.odd_plays.limit(0)).count() == 1


def test_copies_are_shuffled_and_dropped_natively(tables: Tables) -> None:
    plays = unite_valid_plays(tables.lines, tables.odd_plays)

    firsts = keep_first_copies(plays, tables.streams, partitions=2, parts_per_day=2)

    assert_native(firsts, "NativeScan", "Union", "Exchange", "HashAggregate", "Filter", "Project")


def test_plays_by_track_are_added_natively(tables: Tables) -> None:
    totals = add_new_plays(tables.track_plays, tables.streams)

    assert_native(totals, "NativeScan", "HashAggregate", "Exchange")


def test_hours_are_computed_natively_from_end_to_end(tables: Tables) -> None:
    hours = compute_hourly_kpis(tables.streams, tables.songs)

    assert_native(
        hours,
        *("NativeScan", "HashAggregate", "Exchange", "BroadcastExchange", "BroadcastHashJoin"),
        *("Explode", "Union", "WindowExec", "Sort"),
    )


def test_genres_are_native_up_to_the_join_of_their_one_greatest(tables: Tables) -> None:
    genres = compute_genre_kpis(tables.track_plays, tables.songs, popularity_play_weight=0.5)

    few_rows = {"Project", "BroadcastHashJoin", "BroadcastExchange", "BroadcastNestedLoopJoin"}
    assert_native(
        genres,
        *("NativeScan", "BroadcastHashJoin", "WindowExec", "Sort", "HashAggregate"),
        java=frozenset(few_rows),
    )


def test_unknown_tracks_and_users_are_looked_up_natively(tables: Tables) -> None:
    plays = unite_valid_plays(tables.lines, tables.odd_plays)

    unknown = count_unknown_plays(plays, tables.songs, tables.users)

    assert_native(unknown, "NativeScan", "BroadcastHashJoin", "HashAggregate", "Exchange")


def test_raw_lines_are_judged_in_java_alone(spark: SparkSession, tables: Tables) -> None:
    with in_java(spark):
        judged = apply_line_rules(tables.lines, claimed_files(spark, a_claimed_file()))
        found = operators_of(judged)
        reasons = [row.reason for row in judged.collect()]

    assert not [name for name in found if name.startswith("Comet")]
    assert reasons == ["invalid_encoding"]
