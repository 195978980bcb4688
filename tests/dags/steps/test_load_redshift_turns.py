"""Of runs that commit at once one is first; a conflict is tried again, an overtaken run ends."""

from typing import Any

import pytest

from dags.protocol.errors import OvertakenError
from dags.steps import load_redshift
from dags.systems.warehouse import TransactionConflictError, WarehouseError
from tests.dags.finished_run import FinishedRun
from tests.dags.plan_builders import CLAIM

CONFLICT = "ERROR: 1023 DETAIL: Serializable isolation violation on table - 142443"


def test_a_run_that_was_overtaken_sends_no_batch() -> None:
    run = FinishedRun(commit=6)
    run.warehouse.state = (7, "another-plan")

    with pytest.raises(OvertakenError, match="overtaken by commit 7: this run was built on 6"):
        run.load()

    assert run.warehouse.batches == []


def test_a_batch_that_failed_because_another_run_committed_is_overtaken() -> None:
    run = FinishedRun(commit=6)
    run.warehouse.errors = ["ERROR: Divide by zero"]
    send = run.warehouse.batch_execute_statement

    def commit_meanwhile(**request: Any) -> dict[str, str]:
        run.warehouse.state = (7, "another-plan")
        return send(**request)

    run.warehouse.batch_execute_statement = commit_meanwhile

    with pytest.raises(OvertakenError, match="overtaken by commit 7: this run was built on 6"):
        run.load()


def test_a_batch_that_failed_otherwise_is_told_and_not_repeated() -> None:
    run = FinishedRun(commit=6)
    run.warehouse.errors = ["ERROR: Invalid digit"]

    with pytest.raises(WarehouseError, match="Redshift refused statement id-1: ERROR: Invalid"):
        run.load()

    assert (len(run.warehouse.batches), run.naps) == (1, [])
    assert run.warehouse.state == (6, "an-older-plan")


def test_a_conflict_is_tried_again_after_ever_longer_waits() -> None:
    run = FinishedRun()
    run.warehouse.errors = [CONFLICT] * 3

    key = run.load()

    assert run.naps == [15, 30, 60]
    assert len(run.warehouse.batches) == 4
    assert run.warehouse.batches[0] == run.warehouse.batches[3]
    assert run.warehouse.state == (1, key)


def test_a_conflict_that_does_not_end_is_given_up() -> None:
    run = FinishedRun()
    run.warehouse.errors = [CONFLICT] * 9

    with pytest.raises(TransactionConflictError, match="1023"):
        run.load()

    assert run.naps == [15, 30, 60, 120, 240]
    assert len(run.warehouse.batches) == 6


def test_a_conflict_with_a_run_that_committed_is_overtaken() -> None:
    run = FinishedRun()
    run.warehouse.errors = [CONFLICT] * 9

    def commit_meanwhile(seconds: float) -> None:
        run.warehouse.state = (1, "another-plan")

    with pytest.raises(OvertakenError, match="overtaken by commit 1: this run was built on 0"):
        load_redshift.run(run.pipeline, CLAIM, run.outputs, sleep=commit_meanwhile)

    assert len(run.warehouse.batches) == 1


@pytest.mark.parametrize("error", [CONFLICT, "ERROR: Divide by zero"])
def test_a_batch_of_its_own_earlier_try_that_committed_meanwhile_is_the_runs(error: str) -> None:
    run = FinishedRun(commit=6)
    run.warehouse.errors = [error]
    send = run.warehouse.batch_execute_statement

    def commit_late(**request: Any) -> dict[str, str]:
        key = request["Sqls"][1].split("plan = '")[1].split("'")[0]
        run.warehouse.state = (7, key)
        return send(**request)

    run.warehouse.batch_execute_statement = commit_late

    key = run.load()

    assert run.warehouse.state == (7, key)
    assert len(run.warehouse.batches) == 1
