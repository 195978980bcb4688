"""The ledger over a real DynamoDB server: who is given a file, and who is not."""

import threading

import pytest

from dags.systems.ledger import Claimant, Item, Ledger, Outcome

KEY = "data/streams/a.csv"
NOW, LEASE_ENDS = 1_000, 2_000
OUTCOME = Outcome("PROCESSED", 5, 3, 1, {"invalid_user_id": 1}, judged_by="these rules")
REFUSED = Outcome("REJECTED", error="columns", judged_by="these rules")


def claim(
    ledger: Ledger,
    run: str = "ours",
    *,
    claim_id: str = "",
    etag: str = "e1",
    now: int = NOW,
    by_name: bool = False,
    judged_by: str = "these rules",
) -> Item | None:
    ends = now + LEASE_ENDS - NOW
    claimant = Claimant(run, claim_id or f"{run}-1", now, ends, judged_by)
    return ledger.claim(KEY, "a-bucket", etag, 7, claimant, by_name=by_name)


def item(ledger: Ledger) -> Item:
    return ledger.read([KEY])[KEY]


@pytest.fixture
def held(ledger: Ledger) -> Ledger:
    """A ledger in which another run holds the file, until LEASE_ENDS."""
    assert claim(ledger, "other") is None
    return ledger


@pytest.fixture
def processed(held: Ledger) -> Ledger:
    """A ledger in which another run has processed the file."""
    assert held.finish(KEY, "other-1", OUTCOME, NOW)
    return held


def test_a_live_claim_of_another_run_is_refused_and_its_holder_given(held: Ledger) -> None:
    holder = claim(held)

    assert holder is not None
    assert (holder["run_id"], holder["lease_expires_at"]) == ("other", LEASE_ENDS)
    assert (item(held)["run_id"], item(held)["attempts"]) == ("other", 1)


def test_a_processed_file_is_refused_as_long_as_its_etag_is_the_same(processed: Ledger) -> None:
    holder = claim(processed)

    assert holder is not None
    assert holder["status"] == "PROCESSED"
    assert claim(processed, etag="e2") is None
    assert (item(processed)["status"], item(processed)["etag"]) == ("CLAIMED", "e2")


def test_a_refused_file_is_refused_again_as_long_as_its_etag_is_the_same(held: Ledger) -> None:
    assert held.finish(KEY, "other-1", REFUSED, NOW)

    holder = claim(held)

    assert holder is not None
    assert (holder["status"], holder["error"]) == ("REJECTED", "columns")
    assert claim(held, etag="e2") is None


def test_a_file_that_other_rules_refused_is_claimed_again(held: Ledger) -> None:
    assert held.finish(KEY, "other-1", REFUSED, NOW)

    assert claim(held, judged_by="other rules") is None

    assert item(held)["status"] == "CLAIMED"
    assert "judged_by" not in item(held)


def test_a_file_that_was_refused_before_rules_had_names_is_claimed_again(held: Ledger) -> None:
    assert held.finish(KEY, "other-1", REFUSED, NOW)
    update = {"UpdateExpression": "REMOVE judged_by", "Key": {"file_key": {"S": KEY}}}
    held.client.update_item(TableName=held.table, **update)

    assert claim(held) is None


def test_a_file_that_was_processed_by_other_rules_is_refused(processed: Ledger) -> None:
    holder = claim(processed, judged_by="other rules")

    assert holder is not None
    assert holder["status"] == "PROCESSED"


def test_a_new_file_is_claimed_with_all_that_is_known_of_it(ledger: Ledger) -> None:
    assert claim(ledger) is None

    assert item(ledger) == {
        "file_key": KEY,
        "bucket_name": "a-bucket",
        "etag": "e1",
        "size": 7,
        "status": "CLAIMED",
        "run_id": "ours",
        "claim_id": "ours-1",
        "claimed_at": NOW,
        "lease_expires_at": LEASE_ENDS,
        "attempts": 1,
    }


def test_a_failed_file_is_free_and_forgets_its_failure(held: Ledger) -> None:
    assert held.release(KEY, "other", "out of memory")

    assert claim(held) is None

    found = item(held)
    assert (found["status"], found["run_id"], found["attempts"]) == ("CLAIMED", "ours", 2)
    assert "error" not in found


def test_a_replaced_file_is_free_though_another_run_holds_its_old_version(held: Ledger) -> None:
    assert claim(held, etag="e2") is None

    assert item(held)["run_id"] == "ours"


@pytest.mark.parametrize(("now", "is_free"), [(LEASE_ENDS, False), (LEASE_ENDS + 1, True)])
@pytest.mark.parametrize("by_name", [False, True])
def test_a_claim_is_free_after_its_lease(
    held: Ledger, now: int, is_free: bool, by_name: bool
) -> None:
    assert (claim(held, now=now, by_name=by_name) is None) is is_free

    assert item(held)["run_id"] == ("ours" if is_free else "other")


@pytest.mark.parametrize("by_name", [False, True])
def test_a_run_takes_what_a_dead_life_of_its_own_holds(held: Ledger, by_name: bool) -> None:
    assert claim(held, "other", claim_id="other-2", by_name=by_name) is None

    assert (item(held)["claim_id"], item(held)["attempts"]) == ("other-2", 2)


@pytest.mark.parametrize("status", ["PROCESSED", "REJECTED", "FAILED", "new"])
def test_a_file_that_was_named_is_taken_whatever_its_status(ledger: Ledger, status: str) -> None:
    if status != "new":
        claim(ledger, "other")
    if status == "FAILED":
        assert ledger.release(KEY, "other", "why")
    elif status != "new":
        assert ledger.finish(KEY, "other-1", Outcome(status, 1, 1), NOW)

    assert claim(ledger, by_name=True) is None

    found = item(ledger)
    assert (found["status"], found["run_id"]) == ("CLAIMED", "ours")
    assert found.keys().isdisjoint({"error", "processed_at", "rows_read", "rows_rejected"})


@pytest.mark.parametrize("etag", ["e1", "e2"])
def test_a_file_that_was_named_is_not_taken_from_a_live_run(held: Ledger, etag: str) -> None:
    holder = claim(held, by_name=True, etag=etag)

    assert holder is not None
    assert (holder["run_id"], item(held)["run_id"]) == ("other", "other")


def test_of_twenty_that_claim_at_once_one_wins_and_the_others_see_it(ledger: Ledger) -> None:
    answers: dict[str, Item | None] = {}
    start = threading.Barrier(20)

    def race(run: str) -> None:
        start.wait()
        answers[run] = claim(ledger, run)

    threads = [threading.Thread(target=race, args=(f"run-{n}",)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (winner,) = [run for run, answer in answers.items() if answer is None]
    holders = [answer["run_id"] for answer in answers.values() if answer is not None]
    assert holders == [winner] * 19
    assert (item(ledger)["run_id"], item(ledger)["attempts"]) == (winner, 1)


def test_a_finished_file_holds_its_rows_and_no_lease(held: Ledger) -> None:
    assert held.finish(KEY, "other-1", OUTCOME, NOW + 5)

    found = item(held)
    assert (found["status"], found["processed_at"], found["error"]) == ("PROCESSED", NOW + 5, "")
    assert (found["rows_read"], found["rows_accepted"], found["rows_duplicate"]) == (5, 3, 1)
    assert found["rows_rejected"] == {"invalid_user_id": 1}
    assert "lease_expires_at" not in found


def test_to_finish_again_changes_nothing(processed: Ledger) -> None:
    before = item(processed)

    assert processed.finish(KEY, "other-1", OUTCOME, NOW)

    assert item(processed) == before


def test_to_finish_what_another_claim_has_taken_changes_nothing(held: Ledger) -> None:
    claim(held, "other", claim_id="other-2")
    before = item(held)

    assert not held.finish(KEY, "other-1", OUTCOME, NOW)

    assert item(held) == before


def test_to_finish_a_file_that_nobody_claimed_makes_no_item(ledger: Ledger) -> None:
    assert not ledger.finish(KEY, "ours-1", OUTCOME, NOW)

    assert ledger.read([KEY]) == {}


def test_a_commit_that_was_given_back_is_finished_by_its_claim(held: Ledger) -> None:
    assert held.release(KEY, "other", "its worker died")

    assert held.finish(KEY, "other-1", OUTCOME, NOW)

    assert (item(held)["status"], item(held)["error"]) == ("PROCESSED", "")


def test_only_a_run_that_holds_a_file_gives_it_back(held: Ledger) -> None:
    assert not held.release(KEY, "ours", "why")
    assert not held.release("data/streams/unknown.csv", "other", "why")
    assert item(held)["status"] == "CLAIMED"

    assert held.release(KEY, "other", "why")

    assert (item(held)["status"], item(held)["error"]) == ("FAILED", "why")
    assert "lease_expires_at" not in item(held)


def test_a_processed_file_is_not_given_back(processed: Ledger) -> None:
    assert not processed.release(KEY, "other", "why")

    assert item(processed)["status"] == "PROCESSED"
