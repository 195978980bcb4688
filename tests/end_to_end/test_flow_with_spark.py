"""The cases of the whole flow with the Spark jobs, in one warm session over the stand-in."""

import csv
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from commands.sample_data import plays as sample
from localaws.stack import Stack
from tests.flow_cases import CASES, Case
from tests.pipeline_world import World
from tests.reference_kpis import Song
from tests.warm_spark import SparkJobs, reach_s3

# These go with make test, the others with make test-slow.
QUICK = (
    "a_run_without_a_play_before_one_with_plays",
    "three_files_in_one_run",
    "a_refused_file_among_good_ones",
    "a_file_twice",
)


@pytest.fixture(scope="module")
def one_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a day of plays in three files, each of all hours: data that lies on every machine."""
    folder = tmp_path_factory.mktemp("sample") / "data"
    words = "--plays 34000 --days 1 --rows-per-file 11400 --seed 1 --out".split()
    assert sample.main([*words, str(folder)]) == 0
    return folder


@pytest.fixture
def spark_world(spark: SparkSession, pipeline_stack: Stack, world: World) -> World:
    reach_s3(spark, pipeline_stack)
    world.jobs = SparkJobs(spark, world)
    return world


@pytest.mark.parametrize("name", QUICK)
def test_the_flow(spark_world: World, name: str) -> None:
    CASES[name](spark_world)


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [case for name, case in CASES.items() if name not in QUICK],
    ids=[name for name in CASES if name not in QUICK],
)
def test_the_flow_at_length(spark_world: World, case: Case) -> None:
    case(spark_world)


@pytest.mark.slow
@pytest.mark.parametrize(
    "runs",
    [["012"], ["01", "2"], ["2", "0", "1"]],
    ids=["one-run", "two-runs", "three-runs"],
)
def test_a_day_of_many_plays_in_any_number_of_runs(
    spark_world: World, one_day: Path, runs: list[str]
) -> None:
    for kind in ("users", "songs"):
        name = f"{kind}/{kind}.csv"
        spark_world.bucket.put(f"data/{name}", (one_day / name).read_bytes())
    spark_world.songs = read_songs(one_day / "songs" / "songs.csv")

    for number, files in enumerate(runs):
        for file in files:
            (path,) = one_day.rglob(f"plays-00000{file}.csv")
            spark_world.deliver_bytes(f"data/streams/{path.name}", path.read_bytes())
        assert spark_world.run(f"run {number}") == "committed"

    spark_world.assert_tables()
    tables = spark_world.tables()
    assert len(tables["streams"]) == 33_830
    # A play in a hundred is of the day before.
    assert (len(tables["hourly_kpis"]), len(tables["genre_kpis"])) == (48, 93)
    assert (len(tables["users"]), len(tables["songs"])) == (1_700, len(spark_world.songs))


def read_songs(path: Path) -> list[Song]:
    with path.open(newline="", encoding="utf-8") as file:
        return [song_of(row) for row in csv.DictReader(file)]


def song_of(row: dict[str, str]) -> Song:
    def number(name: str) -> Any:
        return int(row[name]) if row[name] else None

    texts = {name: row[name].strip() or None for name in ("track_id", "artists", "track_name")}
    return Song(
        id=int(row["id"]),
        popularity=number("popularity"),
        duration_ms=number("duration_ms"),
        track_genre=row["track_genre"].strip() or None,
        **texts,
    )
