"""A day's run calls AWS as often in its old age as in its youth."""

import math
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from conf.settings import load_settings
from localaws.stack import Stack
from tests.flow_deliveries import SONGS
from tests.long_life.counted_calls import CountedCalls
from tests.long_life.life_of_days import FIRST_DAY, RememberingJobs
from tests.long_life.simulated_time import SimulatedTime
from tests.pipeline_world import World

STAGING_DAYS, LOOKBACK_DAYS, KEPT_TOTALS = 2, 6, 7
# From then on as much goes each day as comes.
SETTLED_AFTER = KEPT_TOTALS + 2


@pytest.fixture
def ordinary_world(pipeline_stack: Stack) -> World:
    bounds = {"staging_days": STAGING_DAYS, "listing_lookback_days": LOOKBACK_DAYS}
    world = World(pipeline_stack, replace(load_settings("local"), **bounds))
    world.deliver_metadata(SONGS)
    return world


def count_days(world: World, days: int) -> list[Counter[str]]:
    """Live days of two files each, in folders of days, and count each run's calls."""
    clock, calls = SimulatedTime(world), CountedCalls(world)
    clock.move_to(FIRST_DAY, 1)
    world.jobs = RememberingJobs(world, clock)
    counted = []
    for number in range(days):
        today = FIRST_DAY + timedelta(days=number)
        clock.move_to(today, 1)
        for name in "ab":
            lines = [f"{number + 1},dawn,{today - timedelta(days=ago)} 00:00:00" for ago in (0, 1)]
            world.deliver(f"{today:%Y/%m/%d}/{name}.csv", *lines, f"9,dusk,{today} 07:00:00")
        clock.move_to(today, 2)
        # A little later each day, so that none is older by just so many days.
        world.ahead += timedelta(minutes=number)
        calls.take()
        assert world.run(f"day {number}") == "committed"
        counted.append(calls.take())
    return counted


@pytest.mark.parametrize("days", [14, pytest.param(60, marks=pytest.mark.slow)])
def test_a_run_calls_no_more_often_in_its_old_age(ordinary_world: World, days: int) -> None:
    counted = count_days(ordinary_world, days)

    young, listings = counted[SETTLED_AFTER], "s3.ListObjectsV2"
    for number in range(SETTLED_AFTER, days):
        calls = Counter(counted[number])
        more = calls.pop(listings) - young[listings]
        assert (number, calls) == (number, young - Counter({listings: young[listings]}))
        assert more <= allowed_listings(number)
    assert young[listings] > LOOKBACK_DAYS
    ordinary_world.assert_tables()


def allowed_listings(number: int) -> int:
    """Say how many more listings an older day may take than the first settled one.

    One for each month of history, and one for each folder in the shares of the old folders, of
    which a run lists today's and that of the day of the last commit.
    """
    months = (FIRST_DAY + timedelta(days=number)).month - FIRST_DAY.month
    old_folders = max(0, number - LOOKBACK_DAYS)
    return months + 2 * math.ceil(old_folders / LOOKBACK_DAYS)
