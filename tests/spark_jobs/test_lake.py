"""A run reads the lake as its claim's commit left it."""

from datetime import date
from pathlib import Path

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from spark_jobs import lake, schemas, storage
from spark_jobs.errors import JobError
from tests.builders import a_play, frame, plays
from tests.spark_jobs.job_builders import Bench

DAYS = [date(2024, 6, 25), date(2024, 6, 26)]


def named(*parts: str) -> list[str]:
    """Give object names from `<commit>-<part>`, the commit not yet padded."""
    pairs = [part.split("-") for part in parts]
    return [f"{int(commit):010d}-{part}.parquet" for commit, part in pairs]


def read_plays(bench: Bench, days: list[date], *, commit: int) -> DataFrame:
    found = lake.find_plays(bench.spark, f"file:{bench.lake}", days, commit=commit)
    assert list(found) == sorted(set(days))
    return lake.read_plays(bench.spark, found)


def read_all_plays(bench: Bench, *, commit: int) -> DataFrame:
    found = lake.find_all_plays(bench.spark, f"file:{bench.lake}", commit=commit)
    assert lake.size_of(found) == sum(
        Path(uri.removeprefix("file:")).stat().st_size for day in found.values() for uri in day
    )
    return lake.read_plays(bench.spark, found)


@pytest.fixture
def bench(spark: SparkSession, tmp_path: Path) -> Bench:
    return Bench(spark, tmp_path)


@pytest.mark.parametrize(
    ("names", "commit", "expected"),
    [
        ([], 5, []),
        (named("1-0", "1-1", "3-0"), 3, named("1-0", "1-1", "3-0")),
        (named("1-0", "3-0", "4-0"), 3, named("1-0", "3-0")),
        (named("1-0", "2-0", "2-all", "3-0"), 3, named("2-all", "3-0")),
        (named("1-all", "2-all"), 3, named("2-all")),
        (named("1-all", "2-0", "4-all"), 3, named("1-all", "2-0")),
        (named("3-0", "3-7", "3-all"), 3, named("3-all")),
        (named("9-0", "10-all", "11-0"), 11, named("10-all", "11-0")),
        (named("1-0"), 0, []),
        ([*named("1-0"), "_temporary", ".1-0.parquet.crc", "note.txt"], 1, named("1-0")),
    ],
    ids=[
        "no object",
        "all up to the commit",
        "a later commit",
        "compacted",
        "compacted twice",
        "compacted later",
        "compacted at the commit itself",
        "numbers, not text",
        "before the first commit",
        "other files",
    ],
)
def test_the_greatest_compaction_and_what_is_numbered_above_it_are_chosen(
    names: list[str], commit: int, expected: list[str]
) -> None:
    assert lake.choose_objects(reversed(names), commit=commit) == expected


@pytest.mark.parametrize(
    "name",
    ["part-0.parquet", "1-0.parquet", "0000000001.parquet", "0000000001-ALL.parquet",
     "00000000001-0.parquet", "0000000001-0-1.parquet", "0000000001-0.snappy.parquet"],
)  # fmt: skip
def test_a_parquet_object_that_no_commit_wrote_is_an_error(name: str) -> None:
    with pytest.raises(JobError, match="which no commit wrote: remove it"):
        lake.choose_objects([*named("1-0"), name], commit=1)


def test_the_plays_of_the_days_come_and_no_others(spark: SparkSession, bench: Bench) -> None:
    for day in (24, 25, 26, 27):
        play = a_play(day, "t", f"2024-06-{day} 12:00:00")
        bench.publish(f"listen_date=2024-06-{day}/0000000001-0.parquet", play)

    found = read_plays(bench, [*DAYS, DAYS[0]], commit=1)

    assert found.columns == ["user_id", "track_id", "listen_time"]
    assert sorted(row.user_id for row in found.collect()) == [25, 26]


@pytest.mark.parametrize("commit", [0, 1])
def test_days_without_plays_give_no_rows(spark: SparkSession, bench: Bench, commit: int) -> None:
    found = read_plays(bench, DAYS, commit=commit)

    assert found.collect() == []
    assert storage.describe(found.schema) == storage.describe(schemas.STREAMS)


def test_all_plays_are_those_of_every_day_as_the_commit_left_it(
    spark: SparkSession, bench: Bench
) -> None:
    first, second = "listen_date=2024-06-25", "listen_date=1970-01-01"
    bench.publish(f"{first}/0000000001-0.parquet", a_play(1, "t1", "2024-06-25 12:00:00"))
    bench.publish(f"{first}/0000000002-all.parquet", a_play(1, "t1", "2024-06-25 12:00:00"),
                  a_play(2, "t2", "2024-06-25 23:59:59.999999"))  # fmt: skip
    bench.publish(f"{first}/0000000003-0.parquet", a_play(3, "t1", "2024-06-25 00:00:00"))
    bench.publish(f"{first}/0000000004-0.parquet", a_play(4, "t1", "2024-06-25 00:00:00"))
    bench.publish(f"{second}/0000000003-1.parquet", a_play(1, "t1", "1970-01-01 00:00:00"))
    (bench.lake / "streams" / "listen_date=2024-06-26").mkdir()
    (bench.lake / "streams" / "note.txt").touch()

    found = read_all_plays(bench, commit=3)

    expected = plays(
        spark,
        a_play(1, "t1", "1970-01-01 00:00:00"),
        a_play(3, "t1", "2024-06-25 00:00:00"),
        a_play(1, "t1", "2024-06-25 12:00:00"),
        a_play(2, "t2", "2024-06-25 23:59:59.999999"),
    )
    assert_df_equality(
        found, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True
    )


@pytest.mark.parametrize("commit", [0, 1])
def test_all_plays_of_a_lake_without_a_day_are_none(
    spark: SparkSession, bench: Bench, commit: int
) -> None:
    found = read_all_plays(bench, commit=commit)

    assert found.collect() == []
    assert storage.describe(found.schema) == storage.describe(schemas.STREAMS)


def test_before_the_first_commit_the_lake_is_not_looked_at(
    spark: SparkSession, bench: Bench
) -> None:
    bench.publish("listen_date=2024-06-25/0000000001-0.parquet", a_play())
    (bench.lake / "streams" / "no-day").mkdir()

    assert read_all_plays(bench, commit=0).collect() == []


@pytest.mark.parametrize(
    "name",
    ["listen_date=2023-02-29", "listen_date=2024-6-25", "listen_date=20240625", "2024-06-25",
     "listen_date=2024-W26-2", "listen_date=2024-06-25 12", "_temporary", "date=2024-06-25",
     "listen_date=__HIVE_DEFAULT_PARTITION__"],
)  # fmt: skip
def test_a_folder_that_is_no_day_is_an_error_that_names_it(
    spark: SparkSession, bench: Bench, name: str
) -> None:
    bench.publish("listen_date=2024-06-25/0000000001-0.parquet", a_play())
    (bench.lake / "streams" / name).mkdir()

    with pytest.raises(JobError, match=f"holds streams/{name}, which no commit wrote: remove it"):
        read_all_plays(bench, commit=1)


def test_the_totals_of_the_commit_itself_are_read(spark: SparkSession, bench: Bench) -> None:
    bench.publish_totals(9, {"t": 9})
    bench.publish_totals(10, {"t": 10, "ü": 1})
    bench.publish_totals(11, {"t": 11})

    found = lake.read_track_plays(spark, f"file:{bench.lake}", commit=10)

    expected = frame(spark, schemas.TRACK_PLAYS, ("t", 10), ("ü", 1))
    assert_df_equality(
        found, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True
    )


def test_before_the_first_commit_there_are_no_totals(spark: SparkSession, bench: Bench) -> None:
    bench.publish_totals(1, {"t": 1})

    assert lake.read_track_plays(spark, f"file:{bench.lake}", commit=0).collect() == []


def test_missing_totals_are_an_error_and_no_empty_frame(spark: SparkSession, bench: Bench) -> None:
    bench.publish_totals(1, {"t": 1})
    (bench.lake / "track_plays" / "commit=0000000003").mkdir()

    for commit in (2, 3):
        with pytest.raises(JobError, match=f"no totals of commit {commit}: rebuild them"):
            lake.read_track_plays(spark, f"file:{bench.lake}", commit=commit)
