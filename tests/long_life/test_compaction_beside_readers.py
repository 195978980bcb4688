"""A compaction at any moment of a run: readers of before and after it read the same plays."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from maintenance.compaction import compact
from tests.flow_deliveries import FIRST, SECOND, SONGS, THIRD
from tests.long_life.readers import KEEP_DAYS, open_reader
from tests.long_life.simulated_time import SimulatedTime
from tests.pipeline_deaths import DeathError, begin_life, die_at_copy
from tests.pipeline_life import Life
from tests.pipeline_world import World

A_DAY = date(2026, 1, 5)


def before_its_commit(_: Life) -> None:
    """The jobs have ended."""


def after_its_commit(life: Life) -> None:
    life.load()


def while_it_publishes(life: Life) -> None:
    life.load()
    with pytest.MonkeyPatch.context() as patch:
        die_at_copy(patch, 1)
        with pytest.raises(DeathError):
            life.publish()


@pytest.mark.parametrize("live", [before_its_commit, after_its_commit, while_it_publishes])
def test_no_reader_notices_a_compaction_beside_a_run(
    aging_world: World, live: Callable[[Life], None]
) -> None:
    clock = SimulatedTime(aging_world)
    clock.move_to(A_DAY, 2)
    aging_world.deliver_metadata(SONGS)
    for name, lines in (("a.csv", FIRST), ("b.csv", SECOND)):
        aging_world.deliver(name, *lines)
        assert aging_world.run(name) == "committed"
    reader = open_reader(aging_world)
    assert reader is not None
    aging_world.deliver("c.csv", *THIRD, "7,dawn,2024-06-01 10:00:00")
    life = begin_life(aging_world, "third")
    live(life)

    clock.move_to(A_DAY + timedelta(days=1), 2)
    assert compact(aging_world.pipeline, KEEP_DAYS).days > 0

    reader.assert_that_nothing_moved(aging_world)
    life.load()
    life.publish()
    life.mark()
    aging_world.assert_tables()
    clock.move_to(A_DAY + timedelta(days=KEEP_DAYS), 1)
    compact(aging_world.pipeline, KEEP_DAYS)
    reader.assert_that_nothing_moved(aging_world)
    aging_world.assert_tables()
