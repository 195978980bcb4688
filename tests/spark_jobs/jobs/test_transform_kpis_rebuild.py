"""A rebuild derives totals, genres and all hours anew from the plays of the lake alone."""

import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.errors import JobError
from tests.builders import a_play
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

JUNE_27 = "listen_date=2024-06-27"
MIDNIGHT = "2024-06-27 00:00:00"


@pytest.fixture
def bench(spark: SparkSession, tmp_path: Path) -> Bench:
    """Give a lake of two days at commit 3, which a rebuild's claim names."""
    bench = Bench(spark, tmp_path, commit=3, is_rebuild=True)
    bench.publish(f"{JUNE_25}/0000000001-0.parquet", a_play(1, "t1", NOON))
    bench.publish(f"{JUNE_25}/0000000002-all.parquet", a_play(1, "t1", NOON),
                  a_play(2, "t1", NOON), a_play(1, "unknown", ONE))  # fmt: skip
    bench.publish(f"{JUNE_25}/0000000003-0.parquet", a_play(2, "t2", NOON))
    bench.publish(f"{JUNE_25}/0000000004-0.parquet", a_play(9, "t1", NOON))
    bench.publish(f"{JUNE_27}/0000000003-1.parquet", a_play(1, "t2", MIDNIGHT))
    bench.publish(f"{JUNE_27}/0000000004-all.parquet", a_play(9, "t1", MIDNIGHT))
    return bench


def assert_rebuilt(bench: Bench, output: Path) -> None:
    """Compare all three tables with those of the lake's five plays up to commit 3."""
    assert_totals(bench, output, {"t1": 2, "t2": 2, "unknown": 1})
    assert_genres(
        bench,
        output,
        ("pop", 4, 200.0, 100 * (0.5 * 1.0 + 0.5 * 50.0 / 100), "t1", "Dawn", 2),
        ("rock", 2, 900.0, 100 * (0.5 * (2 / 4) + 0.5 * 40.0 / 100), "t1", "Dawn", 2),
    )
    assert_hours(
        bench,
        output,
        an_hour(NOON, 2, 3, 2, "Bo", 3),
        an_hour(ONE, 1, 1, 1, None, None),
        an_hour(MIDNIGHT, 1, 1, 1, "Bo", 1),
    )


def test_lost_totals_and_all_hours_come_from_the_plays_of_the_lake(bench: Bench) -> None:
    bench.hand_over(songs=SONGS)

    assert_rebuilt(bench, bench.transform())


def test_stored_totals_are_not_believed(bench: Bench) -> None:
    bench.publish_totals(3, {"t1": 1000, "gone": 7})
    bench.hand_over(songs=SONGS)

    assert_rebuilt(bench, bench.transform())


def test_what_validate_data_gives_for_no_files_is_what_a_rebuild_takes(bench: Bench) -> None:
    bench.hand_over(songs=SONGS)
    shutil.rmtree(bench.folder / "validated")
    bench.validate().output.rename(bench.folder / "validated")

    assert_rebuilt(bench, bench.transform())


def test_a_rebuild_twice_gives_the_same_tables_and_leaves_the_lake_alone(bench: Bench) -> None:
    bench.hand_over(songs=SONGS)
    before = {path: path.read_bytes() for path in bench.lake.rglob("*") if path.is_file()}

    outputs = [bench.transform(attempt=attempt) for attempt in (1, 2)]

    for output in outputs:
        assert_rebuilt(bench, output)
    after = {path: path.read_bytes() for path in bench.lake.rglob("*") if path.is_file()}
    assert before
    assert after == before


def test_before_the_first_commit_a_rebuild_gives_empty_tables(bench: Bench) -> None:
    bench.commit = 0
    bench.hand_over(songs=SONGS)

    output = bench.transform()

    assert_totals(bench, output, {})
    assert_genres(bench, output)
    assert_hours(bench, output)


@pytest.mark.parametrize("name", ["listen_date=2024-02-30", "_temporary"])
def test_a_folder_that_is_no_day_fails_the_rebuild(bench: Bench, name: str) -> None:
    (bench.lake / "streams" / name).mkdir()
    bench.hand_over(songs=SONGS)

    with pytest.raises(JobError, match=f"streams/{name}, which no commit wrote"):
        bench.transform()


@pytest.mark.parametrize("dataset", ["streams", "touched_hours"])
def test_validated_data_sets_are_asked_for_all_the_same(bench: Bench, dataset: str) -> None:
    bench.hand_over(songs=SONGS)
    (bench.folder / "validated" / dataset / "_files.json").unlink()

    with pytest.raises(JobError, match=rf"{dataset}/_files\.json cannot be read"):
        bench.transform()
