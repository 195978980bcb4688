"""Whole runs at once over the same files and hours: one commits, or one after the other."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from dags.protocol import begin
from dags.protocol.errors import OvertakenError
from tests.faults.troubled_runs import assert_whole, deliver, go_on, life_before
from tests.flow_deliveries import SECOND, SONGS
from tests.pipeline_world import World

ENDINGS = {"committed", "nothing to do", "overtaken"}


def run_at_once(world: World, *run_ids: str) -> list[str]:
    """Begin runs at the same instant and say how each ended, its files given back."""
    barrier = threading.Barrier(len(run_ids))

    def go(run_id: str) -> str:
        barrier.wait(timeout=60)
        try:
            return world.run(run_id)
        except OvertakenError:
            return "overtaken"

    with ThreadPoolExecutor(len(run_ids)) as pool:
        return list(pool.map(go, run_ids))


@pytest.mark.parametrize("rounds", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_two_runs_at_once_commit_one_after_the_other_or_one_of_them(
    world: World, rounds: int
) -> None:
    world.deliver_metadata(SONGS)
    keys = []

    for number in range(rounds):
        keys += [
            world.deliver(
                f"{number}-{part}.csv", *SECOND, f"{number},dusk,2024-06-01 1{part}:00:00"
            )
            for part in range(3)
        ]
        before = world.state()[0]
        ended = run_at_once(world, f"{number} left", f"{number} right")
        assert set(ended) <= ENDINGS
        assert world.state()[0] - before == ended.count("committed") >= 1

    assert world.run("next") in ("committed", "nothing to do")
    assert_whole(world, *keys)
    assert world.run("after") == "nothing to do"


@pytest.mark.slow
def test_two_runs_at_once_over_what_one_left_unpublished_publish_it(world: World) -> None:
    keys = deliver(world)
    left = life_before(world, "publish", "dies")
    left.release()
    late = world.deliver("late.csv", "9,dusk,2024-06-01 10:00:00")

    ended = run_at_once(world, "left", "right")

    assert set(ended) <= ENDINGS
    world.run("next")
    assert_whole(world, *keys, late)


def test_a_run_that_looks_while_another_commits_asks_for_no_rebuild(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = deliver(world)
    world.run("first")
    late = world.deliver("late.csv", "9,dusk,2024-06-01 10:00:00")
    other = life_before(world, "load", "other")
    listed = begin.greatest_published

    def commit_and_list(bucket: object, commit: int) -> int:
        # All that lies between the look at etl_state and the listing of the commits.
        if not other.plan_key:
            go_on(other, "load")
        return listed(world.bucket, commit)

    with monkeypatch.context() as patch:
        patch.setattr(begin, "greatest_published", commit_and_list)
        with contextlib.suppress(OvertakenError):
            world.run("daily")

    assert_whole(world, *keys, late)


@pytest.mark.parametrize("first", ["slow", pytest.param("fast", marks=pytest.mark.slow)])
def test_a_job_that_outlives_its_lease_and_the_run_that_took_its_file_commit_once(
    world: World, first: str
) -> None:
    keys = deliver(world)
    slow = world.life("slow")
    slow.load_metadata()
    slow.extract()
    writes = world.jobs.validate_in_parts(slow.claim, 1)
    next(writes)()

    world.ahead = timedelta(minutes=world.settings.lease_minutes + 1)
    fast = life_before(world, "load", "fast")
    for write in writes:
        write()
    slow.run_jobs(attempt=2)
    winner, loser = (slow, fast) if first == "slow" else (fast, slow)
    winner.load()
    with pytest.raises(OvertakenError, match="overtaken by commit 1"):
        loser.load()
    loser.release()
    winner.publish()
    winner.mark()
    winner.release()

    # Of the slow run's commit the ledger knows only by the next run, which finds no new play.
    world.run("next")
    assert_whole(world, *keys)
    items = world.pipeline.ledger.read(keys).values()
    assert {item["attempts"] for item in items} == ({3} if first == "slow" else {2})
