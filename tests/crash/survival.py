"""A scenario carried out while something is killed, and brought to its end by who comes after."""

import contextlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from dags.protocol.errors import FinalError, OvertakenError
from maintenance.compaction import compact
from tests.crash.scenarios import COMPACTION, Scenario
from tests.crash.watch import DeathError, Kill, Watch
from tests.pipeline_life import STEPS, Life
from tests.pipeline_world import World

RETRIES = 3
MAX_RUNS = 5
# Who goes on after a death: Airflow's retry of the task, the run cleared by a person, the next
# run after the teardown, or the next run after the dead one's lease.
RECOVERIES = ("retry", "clear", "release", "lease")


class EndlessError(Exception):
    """The world does not come to rest."""


def nothing() -> None:
    """No server is down."""


def run_scenario(
    world: World,
    watch: Watch,
    scenario: Scenario,
    *,
    kills: Sequence[Kill] = (),
    recovery: str = "retry",
    mend: Callable[[], None] = nothing,
    jobs: Any = None,
) -> None:
    """Carry a prepared scenario out, killed or not, and all that follows until nothing is to do.

    Args:
        mend: Brings back what was killed beside the worker.
        jobs: Those of the killed run and its heirs; what comes before and after has plain ones.
    """
    plain, world.jobs = world.jobs, jobs or world.jobs
    watch.begin(kills)
    try:
        act(world, watch, scenario, recovery, mend)
    finally:
        watch.end()
        mend()
        world.jobs = plain
    settle(world)


def act(
    world: World, watch: Watch, scenario: Scenario, recovery: str, mend: Callable[[], None]
) -> None:
    if scenario.name == COMPACTION:
        retry(lambda _: compact(world.pipeline, 0), watch, mend, may_die=True)
        return
    life = world.life("killed", **scenario.params)
    try:
        walk(life, watch, mend, may_die=recovery == "retry")
    except (DeathError, FinalError):
        mend()
        succeed(life, watch, scenario, recovery)


def walk(life: Life, watch: Watch, mend: Callable[[], None], *, may_die: bool) -> None:
    """Call a life's steps one after the other, each again where it failed, as Airflow does."""
    for step in STEPS:

        def call(tried: int, step: str = step) -> object:
            return life.run_jobs(tried) if step == "run_jobs" else getattr(life, step)()

        done = retry(call, watch, mend, may_die=may_die)
        if step in ("extract", "load") and not done:
            return


def retry(
    call: Callable[[int], object], watch: Watch, mend: Callable[[], None], *, may_die: bool
) -> object:
    """Call until it succeeds.

    Raises:
        FinalError: No retry would heal it.
        DeathError: The worker died, and nobody retries.
    """
    for tried in range(1, RETRIES + 1):
        try:
            return call(tried)
        except FinalError:
            raise
        except DeathError:
            watch.revive()
            if not may_die:
                raise
        except Exception:
            if tried == RETRIES:
                raise
        mend()
    raise EndlessError(f"{RETRIES} tries failed")


def succeed(life: Life, watch: Watch, scenario: Scenario, recovery: str) -> None:
    """Do what the dead run was to do, by its second life or by the next run; it may die too."""
    world, run_id = life.world, "next"
    if recovery == "clear":
        run_id = life.run_id
    elif recovery == "lease":
        let_leases_end(world)
    else:
        retry(lambda _: life.release(), watch, nothing, may_die=True)
    try:
        run_until_not_overtaken(world, run_id, scenario)
    except DeathError:
        watch.end()
        let_leases_end(world)
        run_until_not_overtaken(world, "heir", scenario)


def run_until_not_overtaken(world: World, run_id: str, scenario: Scenario) -> None:
    """Run, and again where the batch of the dead run committed meanwhile, as it may."""
    for number in range(MAX_RUNS):
        try:
            world.run(f"{run_id} {number}" if number else run_id, **scenario.params)
        except OvertakenError:
            continue
        return
    raise EndlessError(f"{MAX_RUNS} runs were overtaken, though nobody else runs")


def let_leases_end(world: World) -> None:
    world.ahead += timedelta(minutes=world.settings.lease_minutes + 1)


def settle(world: World) -> None:
    """Let runs follow until there is nothing to do, the first one after all leases.

    What a dead run published and could not mark is taken again then, and found done.

    Raises:
        EndlessError: Each finds something.
    """
    let_leases_end(world)
    for number in range(MAX_RUNS):
        with contextlib.suppress(OvertakenError):
            if world.run(f"settling {number}") == "nothing to do":
                return
    raise EndlessError(f"{MAX_RUNS} runs, and there is still something to do")
