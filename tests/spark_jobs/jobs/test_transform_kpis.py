"""transform_kpis builds each commit's totals and KPIs on the lake of the commit before."""

from pathlib import Path

import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession

from spark_jobs import schemas, storage
from spark_jobs.errors import JobError, SchemaMismatchError
from spark_jobs.jobs.transform_kpis import parse_args
from tests.builders import a_play, a_song, plays
from tests.spark_jobs.job_builders import Bench
from tests.spark_jobs.kpi_tables import (
    JUNE_25,
    NOON,
    ONE,
    SONGS,
    an_hour,
    assert_genres,
    assert_hours,
    assert_totals,
)

FLAGS = ["--claim", "c", "--lake", "l", "--metadata", "m", "--validated", "v", "--output", "o"]


@pytest.fixture
def bench(spark: SparkSession, tmp_path: Path) -> Bench:
    return Bench(spark, tmp_path)


def test_the_first_commit_starts_from_nothing(bench: Bench) -> None:
    bench.publish(f"{JUNE_25}/0000000001-0.parquet", a_play(9, "t1", NOON))
    bench.publish_totals(1, {"t1": 1000})
    new = [a_play(1, "t1", NOON), a_play(2, "t1", NOON), a_play(1, "t2", NOON),
           a_play(1, "unknown", ONE)]  # fmt: skip
    bench.hand_over(songs=SONGS, plays=new, touched=[NOON, ONE])

    output = bench.transform()

    assert_totals(bench, output, {"t1": 2, "t2": 1, "unknown": 1})
    assert_genres(
        bench,
        output,
        ("pop", 3, 500 / 3, 100 * (0.5 * 1.0 + 0.5 * 60.0 / 100), "t1", "Dawn", 2),
        ("rock", 2, 900.0, 100 * (0.5 * (2 / 3) + 0.5 * 40.0 / 100), "t1", "Dawn", 2),
    )
    assert_hours(bench, output, an_hour(NOON, 2, 3, 2, "Bo", 3), an_hour(ONE, 1, 1, 1, None, None))


def test_a_later_commit_builds_on_the_totals_and_plays_of_the_lake(bench: Bench) -> None:
    bench.commit = 2
    bench.publish_totals(1, {"t1": 500})
    bench.publish_totals(2, {"t1": 2, "t3": 5})
    bench.publish_totals(3, {"t1": 700})
    bench.publish(f"{JUNE_25}/0000000001-0.parquet", a_play(8, "t2", NOON))
    bench.publish(f"{JUNE_25}/0000000001-all.parquet", a_play(1, "t1", NOON))
    bench.publish(f"{JUNE_25}/0000000002-0.parquet", a_play(2, "t1", NOON), a_play(1, "t3", ONE))
    bench.publish(f"{JUNE_25}/0000000003-0.parquet", a_play(7, "t1", NOON))
    bench.hand_over(songs=SONGS, plays=[a_play(2, "t2", NOON)], touched=[NOON])

    output = bench.transform()

    assert_totals(bench, output, {"t1": 2, "t2": 1, "t3": 5})
    assert_hours(bench, output, an_hour(NOON, 2, 3, 2, "Bo", 3))


def test_an_hour_touched_by_duplicates_alone_is_computed_anew(bench: Bench) -> None:
    bench.commit = 1
    bench.publish_totals(1, {"t1": 1, "t2": 1})
    bench.publish(f"{JUNE_25}/0000000001-0.parquet", a_play(1, "t1", NOON), a_play(1, "t2", ONE))
    bench.hand_over(songs=SONGS, touched=[NOON])

    output = bench.transform()

    assert_hours(bench, output, an_hour(NOON, 1, 1, 1, "Ada", 1))
    assert_totals(bench, output, {"t1": 1, "t2": 1})


def test_a_backfill_computes_all_hours_of_its_dates_and_no_other(bench: Bench) -> None:
    bench.commit = 1
    bench.backfill_dates = ["2024-06-25", "2024-06-27"]
    bench.publish_totals(1, {"t1": 4})
    times = ["2024-06-24 23:59:59.999999", "2024-06-25 00:00:00", "2024-06-25 23:59:59.999999",
             "2024-06-26 00:00:00"]  # fmt: skip
    for number, time in enumerate(times):
        name = f"listen_date={time[:10]}/0000000001-{number}.parquet"
        bench.publish(name, a_play(1, "t1", time))
    bench.hand_over(songs=SONGS)

    output = bench.transform()

    assert_hours(
        bench,
        output,
        an_hour("2024-06-25 00:00:00", 1, 1, 1, "Ada", 1),
        an_hour("2024-06-25 23:00:00", 1, 1, 1, "Ada", 1),
    )
    assert_totals(bench, output, {"t1": 4})


def test_a_backfill_beside_new_plays_counts_each_play_once(bench: Bench) -> None:
    bench.commit = 1
    bench.backfill_dates = ["2024-06-25"]
    bench.publish_totals(1, {"t2": 2})
    bench.publish(f"{JUNE_25}/0000000001-0.parquet", a_play(1, "t2", NOON), a_play(1, "t2", ONE))
    bench.hand_over(songs=SONGS, plays=[a_play(2, "t2", NOON)], touched=[NOON])

    output = bench.transform()

    assert_hours(bench, output, an_hour(NOON, 2, 2, 1, "Bo", 2), an_hour(ONE, 1, 1, 1, "Bo", 1))
    assert_totals(bench, output, {"t2": 3})


def test_a_run_without_files_renews_the_genres_by_todays_songs(bench: Bench) -> None:
    bench.commit = 1
    bench.publish_totals(1, {"t1": 3, "unknown": 9})
    bench.hand_over(songs=[a_song(1, "t1", track_name=None, popularity=None, duration_ms=None,
                                  track_genre="jazz"), a_song(2, "t9")])  # fmt: skip

    output = bench.transform("--popularity-play-weight", "1")

    assert_genres(bench, output, ("jazz", 3, None, None, "t1", None, 3))
    assert_hours(bench, output)
    assert_totals(bench, output, {"t1": 3, "unknown": 9})


def test_nothing_at_all_gives_empty_datasets(bench: Bench) -> None:
    bench.hand_over()

    output = bench.transform()

    assert_totals(bench, output, {})
    assert_genres(bench, output)
    assert_hours(bench, output)


def test_the_weight_of_plays_is_a_flag(bench: Bench) -> None:
    bench.hand_over(songs=SONGS[:1], plays=[a_play(1, "t1", NOON)], touched=[NOON])

    output = bench.transform("--popularity-play-weight", "0.25")

    assert_genres(bench, output, ("pop", 1, 100.0, 85.0, "t1", "Dawn", 1))


def test_totals_are_never_started_from_nothing_after_a_commit(bench: Bench) -> None:
    bench.commit = 2
    bench.publish_totals(1, {"t1": 500})
    bench.hand_over(songs=SONGS, plays=[a_play(1, "t1", NOON)], touched=[NOON])

    with pytest.raises(JobError, match="holds no totals of commit 2: rebuild them"):
        bench.transform()


@pytest.mark.parametrize("missing", ["metadata/songs", "validated/streams"])
def test_an_input_that_was_not_finished_fails_the_run(bench: Bench, missing: str) -> None:
    bench.hand_over(songs=SONGS)
    (bench.folder / missing / "_files.json").unlink()

    with pytest.raises(JobError, match=rf"{missing}/_files\.json cannot be read"):
        bench.transform()


def test_an_input_of_another_shape_fails_the_run(bench: Bench) -> None:
    bench.hand_over()
    uri = f"file:{bench.folder}/validated/touched_hours"
    (bench.folder / "validated" / "touched_hours").rename(bench.folder / "away")
    storage.write(plays(bench.spark), uri, schemas.STREAMS)

    with pytest.raises(SchemaMismatchError, match="touched_hours holds"):
        bench.transform()


def test_two_runs_give_the_same_rows_and_leave_other_folders_alone(bench: Bench) -> None:
    bench.commit = 1
    bench.publish_totals(1, {"t1": 1})
    bench.publish(f"{JUNE_25}/0000000001-0.parquet", a_play(1, "t1", NOON))
    bench.hand_over(songs=SONGS, plays=[a_play(2, "t2", NOON)], touched=[NOON])
    first = bench.transform(attempt=1)
    before = {path: path.read_bytes() for path in bench.folder.rglob("*") if path.is_file()}

    second = bench.transform(attempt=2)

    tables = {"track_plays": schemas.TRACK_PLAYS, "genre_kpis": schemas.GENRE_KPIS}
    for name, schema in (tables | {"hourly_kpis": schemas.HOURLY_KPIS}).items():
        of_first = storage.read(bench.spark, f"file:{first / name}", schema)
        of_second = storage.read(bench.spark, f"file:{second / name}", schema)
        assert_df_equality(of_first, of_second, ignore_row_order=True)
        assert of_first.count() > 0
    assert {path: path.read_bytes() for path in before} == before
    with pytest.raises(JobError, match="is there already"):
        bench.transform(attempt=1)


@pytest.mark.parametrize("weight", ["-0.01", "1.01", "nan", "half"])
def test_a_weight_outside_0_to_1_is_refused_before_spark_starts(weight: str) -> None:
    with pytest.raises(SystemExit):
        parse_args([*FLAGS, "--popularity-play-weight", weight])
