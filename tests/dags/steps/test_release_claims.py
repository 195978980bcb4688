"""A run that ended without its commit gives back what it holds, and nothing else."""

import json
from typing import Any

import pytest

from conf import places
from dags.steps import extract_streaming, release_claims
from dags.systems.ledger import Ledger
from tests.dags.beginning_run import BeginningRun
from tests.dags.memory_s3 import DeathError


@pytest.fixture
def run(ledger: Ledger) -> BeginningRun:
    return BeginningRun(ledger)


def release(run: BeginningRun, run_id: str = "daily") -> int:
    return release_claims.run(run.pipeline, run_id)


def test_a_run_that_claimed_nothing_gives_nothing_back(run: BeginningRun) -> None:
    assert release(run) == 0


def test_the_files_of_a_failed_run_are_given_back_with_the_reason(run: BeginningRun) -> None:
    keys = run.deliver("a.csv", "b 'ö'.csv")
    run.begin()
    failure = {"run": "daily", "task": "load_redshift", "reason": "overtaken by commit 7"}
    key = places.failure_key(places.run_name("daily"))
    run.pipeline.bucket.put(key, json.dumps(failure).encode())

    assert release(run) == 2

    for key in keys:
        item = run.item(key)
        assert (item["status"], item["error"]) == ("FAILED", "load_redshift: overtaken by commit 7")
        assert "lease_expires_at" not in item


def test_a_run_that_left_no_reason_is_told_as_one(run: BeginningRun) -> None:
    (key,) = run.deliver("a.csv")
    run.begin()

    assert release(run) == 1

    assert run.item(key)["error"] == "the run ended before its commit"


def test_a_life_that_died_before_its_claim_was_written_gives_its_files_back(
    run: BeginningRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = run.deliver("a.csv", "b.csv")

    def die(*_: Any) -> None:
        raise DeathError

    with monkeypatch.context() as patch:
        patch.setattr(extract_streaming, "write_claim", die)
        with pytest.raises(DeathError):
            run.begin()
    assert [run.item(key)["status"] for key in keys] == ["CLAIMED", "CLAIMED"]

    assert release(run) == 2

    assert [run.item(key)["status"] for key in keys] == ["FAILED", "FAILED"]


def test_a_life_that_died_amid_its_claims_gives_back_what_it_got(
    run: BeginningRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    got, missed = run.deliver("got.csv", "missed.csv")
    claim = Ledger.claim

    def claim_or_die(ledger: Ledger, key: str, *rest: Any, **more: Any) -> Any:
        if key == missed:
            raise DeathError
        return claim(ledger, key, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "claim", claim_or_die)
        with pytest.raises(DeathError):
            run.begin()

    assert release(run) == 1

    assert run.item(got)["status"] == "FAILED"
    assert run.ledger.read([missed]) == {}


def test_the_files_of_all_lives_of_a_run_are_given_back(run: BeginningRun) -> None:
    first, second = run.deliver("a.csv", "b.csv")
    run.begin(files=[first])
    run.begin(files=[second])

    assert release(run) == 2


def test_what_another_run_holds_is_left_to_it(run: BeginningRun) -> None:
    ours, theirs, taken = run.deliver("ours.csv", "theirs.csv", "taken.csv")
    run.begin("daily", files=[ours, taken])
    run.begin("daily-2", files=[theirs])
    assert run.ledger.release(taken, "daily", "its lease was over")
    run.hold(taken, "another")

    assert release(run) == 1

    assert run.item(ours)["status"] == "FAILED"
    assert (run.item(theirs)["status"], run.item(theirs)["run_id"]) == ("CLAIMED", "daily-2")
    assert (run.item(taken)["status"], run.item(taken)["run_id"]) == ("CLAIMED", "another")


@pytest.mark.parametrize("status", ["PROCESSED", "REJECTED"])
def test_what_is_done_is_not_given_back(run: BeginningRun, status: Any) -> None:
    (key,) = run.deliver("a.csv")
    run.begin()
    run.mark(key, status)

    assert release(run) == 0

    assert run.item(key)["status"] == status


def test_to_give_back_again_changes_nothing(run: BeginningRun) -> None:
    (key,) = run.deliver("a.csv")
    run.begin()
    assert release(run) == 1
    before = run.item(key)

    assert release(run) == 0

    assert run.item(key) == before


def test_a_file_that_is_taken_while_it_is_given_back_is_not_counted(
    run: BeginningRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    (key,) = run.deliver("a.csv")
    run.begin()
    read = Ledger.read

    def read_and_lose(ledger: Ledger, keys: Any) -> Any:
        found = read(ledger, keys)
        assert ledger.release(key, "daily", "its lease was over")
        run.hold(key)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "read", read_and_lose)
        assert release(run) == 0

    assert (run.item(key)["status"], run.item(key)["run_id"]) == ("CLAIMED", "other")


def test_a_dry_run_has_nothing_to_give_back(run: BeginningRun) -> None:
    run.deliver("a.csv")
    run.begin(dry_run=True)

    assert release(run) == 0
