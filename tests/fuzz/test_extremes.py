"""Whatever the rules accept goes through RDS, Parquet, COPY and MERGE unchanged."""

from collections.abc import Callable, Iterable
from datetime import UTC, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from conf.settings import load_settings
from localaws.stack import Stack
from spark_jobs import schemas
from tests.fuzz.extreme_rows import (
    ANYWHERE,
    EARLIEST,
    Row,
    extreme_songs,
    extreme_users,
    fill,
    play_rows,
    table_rows,
    written,
)
from tests.pipeline_world import World
from tests.reference_kpis import Song
from tests.warm_spark import SparkJobs, reach_s3

OpenWorld = Callable[[], World]


@pytest.fixture
def open_world(spark: SparkSession, pipeline_stack: Stack) -> OpenWorld:
    """Give a function that makes one more empty world, with the Spark jobs in it."""
    reach_s3(spark, pipeline_stack)

    def make() -> World:
        world = World(pipeline_stack, load_settings("local"))
        world.jobs = SparkJobs(spark, world)
        return world

    return make


def deliver(world: World, users: list[Row], songs: list[Row], plays: list[Row]) -> None:
    world.bucket.put("data/users/users.csv", written(schemas.USERS.fieldNames(), users))
    world.bucket.put("data/songs/songs.csv", written(schemas.SONGS.fieldNames(), songs))
    names = schemas.SONGS.fieldNames()
    world.songs = [Song(**{name: row[names.index(name)] for name in Song._fields}) for row in songs]
    world.deliver_bytes("data/streams/a.csv", written(schemas.STREAMS.fieldNames(), plays))


def assert_unchanged(
    world: World, users: list[Row], songs: list[Row], plays: Iterable[Row]
) -> None:
    """Compare the warehouse with the rows; as texts, since 0.0 equals -0.0."""
    tables = world.tables()
    for table, rows in (("users", users), ("songs", songs), ("streams", plays)):
        found, expected = (sorted(map(repr, some)) for some in (tables[table], rows))
        assert found == expected, table
    world.assert_tables()


@pytest.mark.slow
def test_the_extremes_of_every_column_come_through_unchanged(open_world: OpenWorld) -> None:
    world, users, songs = open_world(), extreme_users(), extreme_songs()
    tracks = {row[1] for row in songs if row[1]} | {fill(char, 64) for char in ANYWHERE}
    plays = [(user, track, EARLIEST) for user in (1, 2**63 - 1) for track in sorted(tracks)]
    deliver(world, users, songs, plays)
    found = world.bucket.head("data/streams/a.csv")
    assert found is not None
    # The second file is no older than the first, so its plays may lie as far ahead.
    ahead = found.last_modified.astimezone(UTC) + timedelta(hours=24)
    late = [(1, "t", ahead), (1, "t", ahead - timedelta(microseconds=1))]
    late += [(1, "t", EARLIEST.replace(microsecond=1))]
    world.deliver_bytes("data/streams/b.csv", written(schemas.STREAMS.fieldNames(), late))

    assert world.run("extremes") == "committed"

    assert_unchanged(world, users, songs, [*plays, *late])


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Row], list[Row], list[Row]]:
    users = draw(table_rows(schemas.USERS, 20))
    songs = draw(table_rows(schemas.SONGS, 12))
    tracks = [row[1] for row in songs if row[1] and not any(map(is_control, row[1]))]
    return users, songs, draw(play_rows(tracks, 30))


def is_control(char: str) -> bool:
    return char < " " or char == "\x7f"


@pytest.mark.slow
@settings(
    max_examples=6,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(delivery=deliveries())
def test_whatever_the_rules_accept_comes_through_unchanged(
    open_world: OpenWorld, delivery: tuple[list[Row], list[Row], list[Row]]
) -> None:
    world = open_world()
    deliver(world, *delivery)

    assert world.run("drawn") == "committed"

    assert_unchanged(world, *delivery)
