"""What is killed: runs of every sort, a compaction, and what lies there before them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.flow_deliveries import DAWN, DAWN_AS_ROCK, DUSK, FIRST, SECOND, SONGS, THIRD
from tests.pipeline_world import World

COMPACTION = "compaction"
A_BROKEN_USER = ("1,Ann,30,X,2020-01-01", "2,Bo,-1,X,2020-01-01")
COMMITS_UNTIL_TOTALS_GO = 8


@dataclass(frozen=True)
class Scenario:
    """A state of the world, and what is then done to it and killed.

    Attributes:
        prepare: brings the world about; nobody is killed there.
        params: those of the run; a scenario named COMPACTION runs none.
        is_plain: whether the tables are those of all plays with the last metadata.
    """

    name: str
    prepare: Callable[[World], None]
    params: Mapping[str, Any] = field(default_factory=dict)
    is_plain: bool = True


def deliver_first(world: World) -> None:
    """Three files, one refused, one with a rejected row; a user that breaks a rule."""
    world.deliver_metadata(SONGS, *A_BROKEN_USER)
    world.deliver("a.csv", *FIRST, "7,dawn,never")
    world.deliver("b.csv", *SECOND, *THIRD)
    world.deliver("refused.csv", "1,dawn", header="user_id,track_id")


def deliver_more(world: World) -> None:
    """After a run: a late file, one changed under its name, one twice, songs corrected."""
    deliver_first(world)
    world.run("before")
    world.deliver("a.csv", *FIRST, "8,dusk,2024-06-01 10:15:00")
    world.deliver("late.csv", "9,dawn,2024-05-31 22:00:00", "9,dusk,2024-06-01 11:59:59")
    world.deliver("twice.csv", *FIRST)
    world.deliver_metadata((DAWN._replace(artists="Zoe"), DAWN_AS_ROCK, DUSK))


def correct_songs(world: World) -> None:
    """Songs are others since the plays' hours were computed."""
    deliver_first(world)
    world.run("before")
    world.deliver_metadata((DAWN._replace(artists="Zoe"), DAWN_AS_ROCK, DUSK))
    world.run("corrected")


def leave_unpublished(world: World) -> None:
    """A run committed and died; a new file waits."""
    deliver_first(world)
    life = world.life("dead")
    life.load_metadata()
    life.extract()
    life.run_jobs()
    life.load()
    world.deliver("late.csv", "9,dawn,2024-05-31 22:00:00")


def grow_old(world: World) -> None:
    """So many commits, so long ago, that old totals and old staging go."""
    deliver_first(world)
    for number in range(1, COMMITS_UNTIL_TOTALS_GO):
        world.deliver(f"day-{number}.csv", f"{number},dawn,2024-06-03 10:00:00")
        world.run(f"day {number}")
    world.ahead += timedelta(days=world.settings.staging_days + 1)
    world.deliver("late.csv", "9,dawn,2024-05-31 22:00:00")


def deliver_in_parts(world: World) -> None:
    """Days of several objects each, fit to be compacted."""
    deliver_first(world)
    world.run("before")
    world.deliver("late.csv", "9,dawn,2024-05-31 22:00:00", "9,dusk,2024-06-01 11:59:59")
    world.run("more")


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("first run", deliver_first),
        Scenario("later run", deliver_more, is_plain=False),
        Scenario("backfill", correct_songs, {"from_date": "2024-05-31", "to_date": "2024-06-02"}),
        Scenario("rebuild", deliver_in_parts, {"rebuild": True}),
        Scenario("dry run", deliver_more, {"dry_run": True}, is_plain=False),
        Scenario("named files", deliver_in_parts, {"files": ["data/streams/a.csv"]}),
        Scenario("unpublished commit", leave_unpublished),
        Scenario("old age", grow_old),
        Scenario(COMPACTION, deliver_in_parts),
    )
}
