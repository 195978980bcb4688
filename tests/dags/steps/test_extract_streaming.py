"""A run takes the files that are free, oldest first, and says when there is nothing to do."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from conf import places
from dags.protocol.claim import ClaimedFile
from dags.protocol.errors import FinalError
from dags.systems.ledger import Ledger
from tests.dags.beginning_run import LEASE, NOW, BeginningRun, warnings
from tests.dags.memory_s3 import A_TIME, DeathError
from tests.dags.plan_builders import a_plan, publish_commit, stage

ETAG = "ed4018190d63d27337300381ca661fae"  # of b"plays"


@pytest.fixture
def run(ledger: Ledger) -> BeginningRun:
    return BeginningRun(ledger)


def test_without_users_and_songs_in_rds_a_run_ends_for_good(ledger: Ledger) -> None:
    with pytest.raises(FinalError, match="holds no users and songs yet: run load_metadata_to_rds"):
        BeginningRun(ledger, version=None).begin()


def test_a_run_without_news_has_nothing_to_do(run: BeginningRun) -> None:
    (done,) = run.deliver("done.csv")
    run.finish(done)

    assert run.begin() is None

    assert run.staged() == []


@pytest.mark.parametrize("status", ["PROCESSED", "REJECTED"])
def test_a_file_that_is_done_is_taken_again_once_it_was_replaced(
    run: BeginningRun, status: str
) -> None:
    (key,) = run.deliver("a.csv")
    run.finish(key, status)
    assert run.begin() is None

    run.deliver("a.csv", content=b"others")

    assert run.keys() == [key]
    assert run.item(key)["attempts"] == 2


def test_a_file_whose_run_failed_is_taken_by_the_next(run: BeginningRun) -> None:
    (key,) = run.deliver("a.csv")
    run.finish(key, "FAILED")

    assert run.keys() == [key]


def test_a_claim_names_what_its_run_is_about(run: BeginningRun) -> None:
    (key,) = run.deliver("a.csv")

    claim = run.begin()

    assert claim is not None
    assert (claim.run, claim.run_time, claim.metadata_version) == ("daily", A_TIME, "v1")
    assert (claim.commit, claim.warehouse_commit) == (6, 6)
    assert (claim.is_rebuild, claim.is_dry, claim.backfill_dates) == (False, False, ())
    modified = A_TIME - timedelta(minutes=59, seconds=59)
    assert claim.files == (ClaimedFile(key, ETAG, 5, modified),)


def test_a_claimed_file_is_the_runs_until_its_lease_ends(run: BeginningRun) -> None:
    (key,) = run.deliver("a.csv")

    claim = run.begin()

    assert claim is not None
    item = run.item(key)
    assert (item["status"], item["run_id"], item["claim_id"]) == ("CLAIMED", "daily", claim.claim)
    assert item["lease_expires_at"] == NOW + int(LEASE.total_seconds())
    assert (item["bucket_name"], item["size"], item["claimed_at"]) == ("a-bucket", 5, NOW)


def test_what_a_life_tries_to_claim_is_written_before_it_claims(
    run: BeginningRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    (key,) = run.deliver("a.csv")

    def die(*_: Any, **__: Any) -> None:
        raise DeathError

    monkeypatch.setattr(Ledger, "claim", die)

    with pytest.raises(DeathError):
        run.begin()

    (wanted,) = run.staged()
    assert wanted.endswith("/wanted.json")
    assert json.loads(run.pipeline.bucket.require(wanted)) == [key]


def test_each_life_of_a_run_makes_a_claim_of_its_own_and_takes_its_files_over(
    run: BeginningRun,
) -> None:
    (key,) = run.deliver("a.csv")

    first, second = run.begin(), run.begin()

    assert first is not None
    assert second is not None
    assert first.claim != second.claim
    assert first.files == second.files
    assert run.item(key)["claim_id"] == second.claim
    assert run.told.metrics == []


def test_a_run_takes_as_many_files_as_it_may_the_oldest_first(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    run = BeginningRun(ledger, max_files_per_run=3)
    run.deliver("z.csv")
    run.s3.now -= timedelta(seconds=1)
    run.deliver("é.csv")
    run.s3.now -= timedelta(seconds=1)
    run.deliver("a.csv", "b.csv", "c.csv")

    first, second, third = run.keys("one"), run.keys("two"), run.begin("three")

    assert first == [f"data/streams/{name}.csv" for name in ("a", "z", "é")]
    assert second == ["data/streams/b.csv", "data/streams/c.csv"]
    assert third is None
    assert warnings(caplog)[0] == "5 files wait: this run takes 3, the oldest"


def test_the_first_run_goes_on_without_a_file(ledger: Ledger) -> None:
    assert BeginningRun(ledger, commit=0).keys() == []


def test_changed_metadata_is_news_enough(ledger: Ledger) -> None:
    run = BeginningRun(ledger, version="v2")

    claim = run.begin()

    assert claim is not None
    assert (claim.files, claim.metadata_version) == ((), "v2")


def test_a_commit_that_was_not_published_is_carried_out_and_built_on(run: BeginningRun) -> None:
    run.warehouse.state = (7, stage(run.pipeline.bucket, a_plan(7, files={})))

    claim = run.begin()

    assert claim is not None
    assert (claim.commit, claim.files) == (7, ())
    assert places.commit_key(7) in run.s3.objects


def test_what_is_no_delivery_is_told_as_far_as_people_read(
    run: BeginningRun, caplog: pytest.LogCaptureFixture
) -> None:
    run.deliver(*(f"{number:02d}.txt" for number in range(22)))

    assert run.begin() is None

    told = warnings(caplog)
    assert told[0] == "data/streams/00.txt is no delivery: left alone"
    assert told[19:] == [
        "data/streams/19.txt is no delivery: left alone",
        "2 more keys are no deliveries",
    ]


def test_no_more_is_told_where_no_more_is(
    run: BeginningRun, caplog: pytest.LogCaptureFixture
) -> None:
    run.deliver(*(f"{number:02d}.txt" for number in range(20)))

    assert run.begin() is None

    assert warnings(caplog)[-1] == "data/streams/19.txt is no delivery: left alone"


def test_as_many_files_as_a_run_takes_leave_none_to_wait(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    run = BeginningRun(ledger, max_files_per_run=3)
    keys = run.deliver("a.csv", "b.csv", "c.csv")

    assert run.keys() == keys

    assert warnings(caplog) == []


def test_a_dry_run_names_its_files_and_claims_none(run: BeginningRun) -> None:
    (key,) = run.deliver("a.csv")

    claim = run.begin(dry_run=True)

    assert claim is not None
    assert (claim.is_dry, [file.file_key for file in claim.files]) == (True, [key])
    assert run.ledger.read([key]) == {}
    assert run.staged() == [places.claim_key(claim.claim)]


def test_a_dry_run_without_news_has_nothing_to_do(run: BeginningRun) -> None:
    assert run.begin(dry_run=True) is None


def test_a_backfill_claims_nothing_and_names_its_days(run: BeginningRun) -> None:
    (key,) = run.deliver("a.csv")

    claim = run.begin(from_date="2024-06-25", to_date="2024-06-26")

    assert claim is not None
    assert (claim.files, claim.is_rebuild) == ((), False)
    assert claim.backfill_dates == (date(2024, 6, 25), date(2024, 6, 26))
    assert run.ledger.read([key]) == {}


def test_a_rebuild_claims_nothing_and_goes_on_behind_the_lake(run: BeginningRun) -> None:
    (key,) = run.deliver("a.csv")
    publish_commit(run.pipeline.bucket, 9)
    with pytest.raises(FinalError, match="run `make rebuild`"):
        run.begin()

    claim = run.begin(rebuild=True)

    assert claim is not None
    assert (claim.files, claim.is_rebuild) == ((), True)
    assert (claim.commit, claim.warehouse_commit) == (9, 6)
    assert run.ledger.read([key]) == {}
