"""Transactions of others in the way of a run's batch: real ones, on the stand-in's warehouse."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg2
import pytest
from botocore.exceptions import ClientError

from dags.steps.load_redshift import CONFLICT_TRIES
from dags.systems.warehouse import Statement, TransactionConflictError, Warehouse
from tests.faults.troubled_aws import meeting, throttled
from tests.faults.troubled_runs import assert_whole, deliver, fail_at, go_on, life_before
from tests.pipeline_world import World

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
# The first statement of a batch, and one of its last.
WRITES = {
    "etl_state": "UPDATE etl_state SET plan = plan",
    "genre_kpis": "UPDATE genre_kpis SET listen_count = listen_count",
}


class Rival:
    """A transaction that is there before each batch, and commits once the batch waits for it."""

    def __init__(self, world: World, sql: str, times: int) -> None:
        dsn = world.stack.postgres.dsn(world.settings.warehouse_database)
        self.writer, self.watcher = psycopg2.connect(**dsn), psycopg2.connect(**dsn)
        self.watcher.autocommit = True
        self.sql, self.left, self.commits = sql, times, 0

    def begin(self, **_: Any) -> None:
        if self.left:
            self.left -= 1
            self.writer.cursor().execute(self.sql)

    def look(self, **_: Any) -> None:
        """Commit where somebody waits: the run's own question after its batch brings this here."""
        with self.watcher.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone() != (0,):
                self.writer.commit()
                self.commits += 1


@contextlib.contextmanager
def rivalry(world: World, sql: str, times: int) -> Iterator[Rival]:
    events = world.pipeline.warehouse.client.meta.events
    rival = Rival(world, sql, times)
    handlers = {"BatchExecuteStatement": rival.begin, "DescribeStatement": rival.look}
    for operation, handler in handlers.items():
        events.register(f"before-send.redshift-data.{operation}", handler)
    try:
        yield rival
    finally:
        for operation, handler in handlers.items():
            events.unregister(f"before-send.redshift-data.{operation}", handler)
        rival.writer.close()
        rival.watcher.close()


def test_a_batch_that_another_transaction_was_in_the_way_of_is_sent_again(world: World) -> None:
    deliver(world)
    world.run("before")
    late = world.deliver("late.csv", "9,dusk,2024-06-01 10:00:00")

    with rivalry(world, WRITES["genre_kpis"], times=2) as rival:
        assert world.run("daily") == "committed"

    assert rival.commits == 2
    assert_whole(world, late)
    assert world.state()[0] == 2


def test_a_batch_that_is_always_in_conflict_ends_its_run_and_not_the_next(world: World) -> None:
    keys = deliver(world)
    life = life_before(world, "load")

    with rivalry(world, WRITES["etl_state"], times=CONFLICT_TRIES) as rival:
        fail_at(life, "load", TransactionConflictError, "1023", "Serializable isolation violation")

    assert rival.commits == CONFLICT_TRIES
    assert world.state() == (0, None)
    assert life.release() == len(keys)
    assert world.run("next") == "committed"
    assert_whole(world, *keys)


@pytest.mark.slow
def test_a_retry_of_the_step_commits_what_was_in_conflict(world: World) -> None:
    keys = deliver(world)
    life = life_before(world, "load")
    with rivalry(world, WRITES["etl_state"], times=CONFLICT_TRIES):
        fail_at(life, "load", TransactionConflictError)

    go_on(life, "load")

    assert_whole(world, *keys)
    assert world.state()[0] == 1


def test_a_batch_that_commits_unseen_is_found_by_the_retry(
    worker_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = deliver(worker_world)
    life = life_before(worker_world, "load")
    run_batch, client = Warehouse.run_batch, worker_world.pipeline.warehouse.client

    def run_unseen(warehouse: Warehouse, statements: Sequence[Statement]) -> None:
        with meeting(client, throttled, "DescribeStatement"):
            run_batch(warehouse, statements)

    with monkeypatch.context() as patch:
        patch.setattr(Warehouse, "run_batch", run_unseen)
        fail_at(life, "load", ClientError, "ThrottlingException", "DescribeStatement")
    go_on(life, "load")

    assert_whole(worker_world, *keys)
    assert worker_world.state()[0] == 1
