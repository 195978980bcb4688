"""A file that is still being written waits for a later run, which finds it."""

import gzip
from datetime import date, timedelta
from typing import Any

import pytest

from dags.systems.bucket import Bucket
from dags.systems.ledger import Ledger
from tests.dags.beginning_run import BeginningRun, warnings
from tests.dags.memory_s3 import A_TIME
from tests.dags.plan_builders import publish_commit

CUT, ENDED = b"user_id\n1", b"user_id\n1\n"
BROKEN_OFF = gzip.compress(ENDED, mtime=0)[:-1]


@pytest.fixture
def run(ledger: Ledger) -> BeginningRun:
    """A run before which everything is delivered within the last minutes."""
    run = BeginningRun(ledger)
    run.s3.now = A_TIME - timedelta(minutes=9)
    return run


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", CUT), ("a.csv.gz", gzip.compress(CUT, mtime=0)), ("a.csv.gz", BROKEN_OFF)],
)
def test_a_fresh_file_without_an_end_waits_and_is_taken_whole_at_rest(
    run: BeginningRun, name: str, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (key,) = run.deliver(name, content=content)

    assert run.begin("first") is None

    assert warnings(caplog) == [
        "1 files wait for the next run, as they may still be written: modified within 10 minutes, "
        f"no end of the last line: {key}"
    ]
    assert run.ledger.read([key]) == {}
    run.s3.objects[key] = (content, A_TIME - timedelta(minutes=10))
    assert run.keys("next") == [key]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", ENDED),
        ("a.csv", b""),
        ("a.csv.gz", gzip.compress(ENDED, mtime=0)),
        ("a.csv.gz", b"damaged"),
        ("a.csv.gz", b""),
    ],
)
def test_a_fresh_file_that_ends_with_a_line_is_taken_at_once(
    run: BeginningRun, name: str, content: bytes
) -> None:
    (key,) = run.deliver(name, content=content)

    assert run.keys() == [key]


def test_a_file_at_rest_is_not_even_looked_at(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = BeginningRun(ledger)
    (key,) = run.deliver("a.csv", content=CUT)
    monkeypatch.setattr(Bucket, "read_last", None)

    assert run.keys() == [key]


@pytest.mark.parametrize(
    ("mtime", "waits"),
    [
        ("1700000000.123456789", False),
        (str(A_TIME.timestamp() - 60), True),
        (str(A_TIME.timestamp() + 86_400), True),
        ("yesterday", True),
        ("nan", True),
        ("1e400", True),
    ],
)
def test_the_files_own_time_counts_where_whoever_put_it_said_so(
    run: BeginningRun, mtime: str, waits: bool
) -> None:
    (key,) = run.deliver("a.csv", content=CUT)
    run.s3.metadata[key] = {"mtime": mtime}

    assert (run.begin() is None) is waits


def test_a_file_that_is_replaced_while_its_end_is_looked_at_waits(
    run: BeginningRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.deliver("a.csv", content=ENDED)
    read_last = Bucket.read_last

    def replace_and_read(bucket: Bucket, key: str, etag: str) -> Any:
        bucket.put(key, b"")
        return read_last(bucket, key, etag)

    monkeypatch.setattr(Bucket, "read_last", replace_and_read)

    assert run.begin() is None


def test_a_file_that_the_operator_names_is_taken_as_it_is(run: BeginningRun) -> None:
    (key,) = run.deliver("a.csv", content=CUT)

    assert run.keys(files=[key]) == [key]


def test_where_no_minutes_are_to_be_waited_no_file_waits(ledger: Ledger) -> None:
    run = BeginningRun(ledger, settle_minutes=0)
    run.s3.now = A_TIME
    (key,) = run.deliver("a.csv", content=CUT)

    assert run.keys() == [key]


def test_a_grown_file_whose_beginning_was_read_waits_too(run: BeginningRun) -> None:
    (key,) = run.deliver("a.csv", content=ENDED)
    run.finish(key)
    run.deliver("a.csv", content=ENDED + b"2")
    assert run.begin("first") is None

    run.deliver("a.csv", content=ENDED + b"2\n")

    assert run.keys("next") == [key]


@pytest.mark.parametrize(
    ("folder", "listed_until"),
    [
        ("", date(2024, 7, 1)),
        ("others/", date(2024, 7, 1)),
        ("2024/06/09/", date(2024, 7, 1)),
        ("2024/06/08/", date(2024, 6, 28)),
    ],
)
def test_where_a_waiting_file_might_not_be_listed_next_time_the_day_does_not_count_as_listed(
    ledger: Ledger, folder: str, listed_until: date
) -> None:
    run = BeginningRun(ledger, listing_lookback_days=45)
    publish_commit(run.pipeline.bucket, 6, listed_until="2024-06-28")
    run.s3.now = A_TIME - timedelta(minutes=9)
    run.deliver(f"{folder}a.csv", content=CUT)
    run.deliver("b.csv", content=ENDED)

    claim = run.begin()

    assert claim is not None
    assert [file.file_key for file in claim.files] == ["data/streams/b.csv"]
    assert claim.listed_until == listed_until
