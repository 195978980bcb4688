"""What an earlier run gave back or left waiting is taken by the next, wherever it lies."""

import pytest

from dags.protocol.errors import FinalError
from dags.systems.ledger import Ledger
from tests.dags.beginning_run import BeginningRun, warnings
from tests.dags.plan_builders import publish_commit

# Of the day of these tests, no folder of this month is listed.
OLD = "2020/02/03/late.csv"


@pytest.fixture
def first(ledger: Ledger) -> BeginningRun:
    """A service whose first run takes two files of an old folder, and has one commit to do."""
    return BeginningRun(ledger, commit=0, max_files_per_run=2, listing_lookback_days=45)


def go_on(run: BeginningRun) -> None:
    """Let the first commit be there, so that old folders are not listed any more."""
    publish_commit(run.pipeline.bucket, 1)
    run.warehouse.state = (1, "a-plan")


def test_a_file_of_an_old_folder_that_was_given_back_is_taken_by_the_next_run(
    first: BeginningRun,
) -> None:
    (key,) = first.deliver(OLD)
    assert first.keys("fails") == [key]
    assert first.ledger.release(key, "fails", "why")
    go_on(first)

    assert first.keys("next") == [key]


def test_files_of_an_old_folder_that_waited_are_taken_by_the_next_runs(
    first: BeginningRun, caplog: pytest.LogCaptureFixture
) -> None:
    keys = first.deliver(*(f"2020/02/03/{number}.csv" for number in range(5)))
    assert first.keys("first") == keys[:2]
    assert warnings(caplog)[0] == "5 files wait: this run takes 2, the oldest"
    for key in keys[:2]:
        first.mark(key, "PROCESSED")
    go_on(first)

    assert first.keys("second") == keys[2:4]
    for key in keys[2:4]:
        first.mark(key, "PROCESSED")
    assert first.keys("third") == keys[4:]


def test_a_file_that_waited_and_is_gone_is_not_missed(first: BeginningRun) -> None:
    (key,) = first.deliver(OLD)
    assert first.keys("fails") == [key]
    assert first.ledger.release(key, "fails", "why")
    first.pipeline.bucket.delete([key])
    go_on(first)

    assert first.begin("next") is None


def test_more_named_files_than_a_run_takes_are_refused(first: BeginningRun) -> None:
    keys = first.deliver("a.csv", "b.csv", "c.csv")

    with pytest.raises(FinalError, match="files names 3 keys, one run takes 2: name fewer"):
        first.begin(files=keys)


def test_named_files_that_are_all_held_end_the_run(first: BeginningRun) -> None:
    (key,) = first.deliver("a.csv")
    first.hold(key)

    with pytest.raises(FinalError, match="all 1 named files are held by other runs"):
        first.begin(files=[key])
