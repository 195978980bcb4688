"""After days without a daily run, their shares of the old folders are listed all the same."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from tests.flow_deliveries import FIRST, SECOND, SONGS
from tests.long_life.simulated_time import SimulatedTime
from tests.pipeline_deaths import begin_life
from tests.pipeline_world import World

A_DAY = date(2026, 1, 5)
DAYS_AGO = 30


def no_commit(_: World) -> None:
    """Nothing commits but the daily runs."""


def backfill(world: World) -> None:
    assert world.run("backfill", from_date="2024-06-01", to_date="2024-06-01") == "committed"


def named_file(world: World) -> None:
    assert world.run("named", files=["data/streams/a.csv"]) == "committed"


def rebuild(world: World) -> None:
    assert world.run("rebuild", rebuild=True) == "committed"


def bring_late(world: World, listed_on: date) -> str:
    """Bring a file into an old folder whose share is a certain day's."""
    lookback = world.pipeline.settings.listing_lookback_days
    days = (listed_on - timedelta(days=DAYS_AGO + more) for more in range(lookback))
    (folder,) = (d for d in days if (d.toordinal() + listed_on.toordinal()) % lookback == 0)
    return world.deliver(f"{folder:%Y/%m/%d}/late.csv", *SECOND)


@pytest.mark.parametrize("commit_otherwise", [no_commit, backfill, named_file, rebuild])
def test_a_late_file_of_a_day_without_a_daily_run_is_found(
    aging_world: World, commit_otherwise: Callable[[World], None]
) -> None:
    clock = SimulatedTime(aging_world)
    clock.move_to(A_DAY, 2)
    aging_world.deliver_metadata(SONGS)
    aging_world.deliver("a.csv", *FIRST)
    assert aging_world.run("daily") == "committed"
    late = bring_late(aging_world, A_DAY + timedelta(days=1))
    clock.move_to(A_DAY + timedelta(days=2), 12)
    commit_otherwise(aging_world)

    clock.move_to(A_DAY + timedelta(days=3), 2)
    aging_world.run("daily again")

    assert late in aging_world.pipeline.ledger.read([late])


def test_a_late_file_of_a_day_between_a_death_and_its_redo_is_found(aging_world: World) -> None:
    clock = SimulatedTime(aging_world)
    clock.move_to(A_DAY, 2)
    aging_world.deliver_metadata(SONGS)
    aging_world.deliver("a.csv", *FIRST)
    assert begin_life(aging_world, "dies unpublished").load()
    late = bring_late(aging_world, A_DAY + timedelta(days=1))

    clock.move_to(A_DAY + timedelta(days=3), 2)
    aging_world.run("daily again")

    assert late in aging_world.pipeline.ledger.read([late])
