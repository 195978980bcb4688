"""Files that are held by others are told of; files that are named are looked up."""

from datetime import timedelta
from typing import Any

import pytest

from dags.protocol.errors import FinalError
from dags.systems.ledger import Item, Ledger
from tests.dags.beginning_run import LEASE, BeginningRun, warnings

HELD = "held by run other until 2024-07-01T10:00:00+00:00"


@pytest.fixture
def run(ledger: Ledger) -> BeginningRun:
    return BeginningRun(ledger)


def test_files_held_by_a_live_run_are_left_to_it_and_told(
    run: BeginningRun, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, free = run.deliver("1.csv", "2.csv", "free.csv")
    run.hold(first)
    run.hold(second)

    assert run.keys() == [free]

    assert warnings(caplog) == [f"2 files are {HELD}: ['{first}', '{second}']"]
    assert run.told.metrics == [("HeldFiles", 2)]


def test_files_that_are_all_held_are_nothing_to_do_yet_told(
    run: BeginningRun, caplog: pytest.LogCaptureFixture
) -> None:
    (key,) = run.deliver("a.csv")
    run.hold(key)

    assert run.begin() is None

    assert warnings(caplog) == [f"1 files are {HELD}: ['{key}']"]
    assert run.told.metrics == [("HeldFiles", 1)]


def test_each_holder_is_told_by_itself_and_all_are_one_metric(
    run: BeginningRun, caplog: pytest.LogCaptureFixture
) -> None:
    for key, holder in zip(run.deliver("1.csv", "2.csv", "3.csv"), "bab", strict=True):
        run.hold(key, holder)

    assert run.begin() is None

    assert [text.split(" until ")[0] for text in warnings(caplog)] == [
        "1 files are held by run a",
        "2 files are held by run b",
    ]
    assert run.told.metrics == [("HeldFiles", 3)]


def test_a_file_whose_holder_has_slept_past_its_lease_is_taken(run: BeginningRun) -> None:
    asleep, awake = run.deliver("asleep.csv", "awake.csv")
    run.hold(asleep, since=LEASE + timedelta(seconds=1))
    run.hold(awake, since=LEASE)

    assert run.keys() == [asleep]

    assert run.item(asleep)["run_id"] == "daily"


def test_a_file_that_was_replaced_under_its_holder_is_taken(run: BeginningRun) -> None:
    (key,) = run.deliver("a.csv")
    run.hold(key)
    run.deliver("a.csv", content=b"others")

    assert run.keys() == [key]


def be_too_late(run: BeginningRun, monkeypatch: pytest.MonkeyPatch, *keys: str) -> None:
    """Let another run claim files right after this one has read the ledger."""
    read = Ledger.read

    def read_and_lose(ledger: Ledger, asked: Any) -> dict[str, Item]:
        asked = list(asked)
        found = read(ledger, asked)
        if not asked:  # what earlier runs left: nothing
            return found
        monkeypatch.setattr(Ledger, "read", read)
        for key in keys:
            run.hold(key)
        return found

    monkeypatch.setattr(Ledger, "read", read_and_lose)


def test_files_that_another_run_claimed_first_are_nothing_to_do(
    run: BeginningRun, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (key,) = run.deliver("a.csv")
    be_too_late(run, monkeypatch, key)

    assert run.begin() is None

    assert run.item(key)["run_id"] == "other"
    assert warnings(caplog) == [f"1 files are {HELD}: ['{key}']"]
    assert [name.rpartition("/")[2] for name in run.staged()] == ["wanted.json"]


def test_a_file_that_another_run_brought_to_an_end_first_is_held_by_nobody(
    run: BeginningRun, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (key,) = run.deliver("a.csv")
    claim = Ledger.claim

    def claim_too_late(ledger: Ledger, *rest: Any, **more: Any) -> Item | None:
        monkeypatch.setattr(Ledger, "claim", claim)
        run.finish(key)
        return claim(ledger, *rest, **more)

    monkeypatch.setattr(Ledger, "claim", claim_too_late)

    assert run.begin() is None

    assert run.item(key)["status"] == "PROCESSED"
    assert (warnings(caplog), run.told.metrics) == ([], [])


def test_of_a_race_a_run_keeps_what_it_won(
    run: BeginningRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, won = run.deliver("lost.csv", "won.csv")
    be_too_late(run, monkeypatch, lost)

    assert run.keys() == [won]


@pytest.mark.parametrize(
    "key",
    [
        *("data/users/a.csv", "streams/a.csv", "a.csv", "s3://a-bucket/data/streams/a.csv"),
        *("data/streams/_a.csv", "data/streams/a.txt", "data/streams/"),
    ],
)
def test_a_named_key_that_is_no_stream_file_is_refused(run: BeginningRun, key: str) -> None:
    run.pipeline.bucket.put(key, b"x")

    with pytest.raises(FinalError) as caught:
        run.begin(files=[key])

    assert str(caught.value) == (f"{key} is no stream file: name keys of data/streams/**.csv[.gz]")


def test_a_named_file_that_is_not_there_is_refused_and_nothing_claimed(run: BeginningRun) -> None:
    (there,) = run.deliver("there.csv")

    with pytest.raises(FinalError, match=r"^data/streams/gone\.csv is not in bucket a-bucket: "):
        run.begin(files=[there, "data/streams/gone.csv"])

    assert run.ledger.read([there]) == {}
    assert run.staged() == []


@pytest.mark.parametrize("status", ["PROCESSED", "REJECTED", "FAILED"])
def test_a_named_file_is_taken_again_whatever_its_status(run: BeginningRun, status: str) -> None:
    key, other = run.deliver("a.csv", "other.csv")
    run.finish(key, status)

    assert run.keys(files=[key]) == [key]

    assert run.item(key)["status"] == "CLAIMED"
    assert run.ledger.read([other]) == {}


def test_a_file_that_is_named_twice_is_claimed_once(run: BeginningRun) -> None:
    (key,) = run.deliver("a.csv")

    assert run.keys(files=[key, key]) == [key]

    assert run.item(key)["attempts"] == 1


def test_a_named_file_in_an_old_folder_is_found_without_a_listing(run: BeginningRun) -> None:
    (key,) = run.deliver("1999/01/01/a.csv")
    run.s3.prefixes.clear()

    assert run.keys(files=[key]) == [key]

    assert run.s3.prefixes == ["lake/commits/"]


def test_a_named_file_that_a_live_run_holds_is_told_and_left_to_it(
    run: BeginningRun, caplog: pytest.LogCaptureFixture
) -> None:
    held, free = run.deliver("held.csv", "free.csv")
    run.hold(held)

    assert run.keys(files=[held, free]) == [free]

    assert warnings(caplog) == [f"1 files are {HELD}: ['{held}']"]


def test_a_dry_run_of_named_files_claims_none(run: BeginningRun) -> None:
    (key,) = run.deliver("a.csv")
    run.finish(key)

    assert run.keys(files=[key], dry_run=True) == [key]

    assert run.item(key)["status"] == "PROCESSED"
