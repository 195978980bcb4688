"""Staging goes by age, but what an unpublished commit is made of never does."""

from datetime import date, timedelta

import pytest

from dags.protocol.cleaning import remove_old_staging
from tests.flow_deliveries import FIRST, SECOND, SONGS, THIRD
from tests.long_life.simulated_time import SimulatedTime
from tests.pipeline_deaths import begin_life
from tests.pipeline_life import Life
from tests.pipeline_world import World

A_DAY = date(2026, 1, 5)
HUNDRED_DAYS = timedelta(days=100)


@pytest.fixture
def clock(aging_world: World) -> SimulatedTime:
    clock = SimulatedTime(aging_world)
    clock.move_to(A_DAY, 2)
    aging_world.deliver_metadata(SONGS)
    return clock


def commit_alone(world: World) -> Life:
    """Leave a life right after its commit, another one's folder beside it."""
    world.deliver("a.csv", *FIRST)
    assert world.run("first") == "committed"
    world.deliver("b.csv", *SECOND)
    life = begin_life(world, "second")
    life.load()
    return life


def staged(world: World) -> set[str]:
    return {each.key.split("/")[1] for each in world.bucket.list_objects("staging/")}


def test_the_staging_of_an_unpublished_commit_stays_for_ever(
    aging_world: World, clock: SimulatedTime
) -> None:
    life = commit_alone(aging_world)
    clock.move_to(A_DAY + HUNDRED_DAYS, 2)

    remove_old_staging(aging_world.pipeline)

    assert staged(aging_world) == {f"claim={life.claim}"}
    aging_world.deliver("c.csv", *THIRD)
    assert aging_world.run("third") == "committed"
    aging_world.assert_tables()
    assert aging_world.state()[0] == 3


def test_its_staging_goes_some_days_after_another_run_published_it(
    aging_world: World, clock: SimulatedTime
) -> None:
    life = commit_alone(aging_world)
    clock.move_to(A_DAY + HUNDRED_DAYS, 2)
    aging_world.deliver("c.csv", *THIRD)
    aging_world.run("third")
    days = timedelta(days=aging_world.pipeline.settings.staging_days)

    clock.move_to(A_DAY + HUNDRED_DAYS + days, 1)
    remove_old_staging(aging_world.pipeline)
    assert f"claim={life.claim}" in staged(aging_world)

    clock.move_to(A_DAY + HUNDRED_DAYS + days, 3)
    remove_old_staging(aging_world.pipeline)
    assert staged(aging_world) == set()
    aging_world.assert_tables()


def test_a_life_that_wakes_after_its_staging_went_commits_nothing(
    aging_world: World, clock: SimulatedTime
) -> None:
    aging_world.deliver("a.csv", *FIRST)
    asleep = begin_life(aging_world, "asleep")
    clock.move_to(A_DAY + timedelta(days=1), 2)
    assert aging_world.run("next day") == "committed"
    before = aging_world.tables()
    clock.move_to(A_DAY + timedelta(days=16), 2)
    remove_old_staging(aging_world.pipeline)
    assert staged(aging_world) == set()

    with pytest.raises(Exception, match="is not there"):
        asleep.load()

    assert aging_world.tables() == before
    aging_world.assert_tables()
