"""A file that is not what it says it is is refused; the others go on without a trace of it."""

import gzip
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.spark_jobs.job_builders import Bench, Outcome, a_csv, a_line, rows_of

MALFORMED = "x"


def shares_of(good: int, rejected: int, *, first_user: int = 1) -> bytes:
    """Give a file of so many good and so many malformed rows."""
    lines = [a_line(first_user + number) for number in range(good)]
    return a_csv(*lines, *[MALFORMED] * rejected)


@pytest.fixture
def bench(spark: SparkSession, tmp_path: Path) -> Bench:
    return Bench(spark, tmp_path)


@pytest.fixture(scope="module")
def mixed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Give the outcome of a claim of good files and of files refused for each reason."""
    bench = Bench(spark, tmp_path_factory.mktemp("mixed"))
    bench.deliver("good.csv", a_csv(a_line(1)))
    bench.deliver("empty.csv", b"\xef\xbb\xbf \n\r\n")
    bench.deliver("columns.csv", a_csv(a_line(2), header="user_id,track_id,time"))
    bench.deliver("encoding.csv", b"user_id,track_id,listen_time,\xe9\n3,t,2024-06-24 01:00:00,\n")
    bench.deliver("broken.csv.gz", gzip.compress(a_csv(a_line(4)))[:-3])
    bench.deliver("19-of-20.csv", shares_of(1, 19, first_user=100))
    bench.deliver("20-of-199.csv", shares_of(179, 20, first_user=1000))
    bench.deliver("20-of-200.csv", shares_of(180, 20, first_user=2000))
    bench.deliver("21-of-200.csv", shares_of(179, 21, first_user=3000))
    bench.deliver("21-of-210.csv", shares_of(189, 21, first_user=4000))
    rejected_early = [a_line(5000, "t", "2024-06-23 01:00:00"), *["x"] * 20]
    bench.deliver("other-hour.csv", a_csv(*rejected_early))
    return bench.validate()


def test_each_refused_file_stands_in_refused_alone_with_its_reason(mixed: Outcome) -> None:
    assert mixed.refused() == {
        "data/streams/empty.csv": "empty",
        "data/streams/columns.csv": "columns",
        "data/streams/encoding.csv": "unreadable",
        "data/streams/broken.csv.gz": "unreadable",
        "data/streams/20-of-199.csv": "too_many_rejected_rows",
        "data/streams/21-of-200.csv": "too_many_rejected_rows",
        "data/streams/other-hour.csv": "too_many_rejected_rows",
    }


def test_the_files_beside_them_go_on(mixed: Outcome) -> None:
    assert mixed.files() == {
        "data/streams/good.csv": rows_of(1, 1),
        "data/streams/19-of-20.csv": rows_of(20, 1, rejected={"malformed_row": 19}),
        "data/streams/20-of-200.csv": rows_of(200, 180, rejected={"malformed_row": 20}),
        "data/streams/21-of-210.csv": rows_of(210, 189, rejected={"malformed_row": 21}),
    }


def test_no_play_of_a_refused_file_is_loaded_and_none_touches_its_hour(mixed: Outcome) -> None:
    users = {row.user_id for row in mixed.streams().collect()}

    assert users == {1, 100, *range(2000, 2180), *range(4000, 4189)}
    assert [str(row.hour) for row in mixed.touched_hours().collect()] == ["2024-06-25 17:00:00"]


def test_the_quarantine_of_a_file_refused_for_its_rows_is_kept(mixed: Outcome) -> None:
    quarantined = mixed.quarantined()

    for name, rows in (("20-of-199", 20), ("21-of-200", 21), ("other-hour", 20), ("19-of-20", 19)):
        expected = (f"data/streams/{name}.csv", b"x", "malformed_row")
        assert quarantined.count(expected) == rows
    assert len(quarantined) == 20 + 21 + 20 + 19 + 20 + 21


def test_a_greater_share_lets_a_file_in(bench: Bench) -> None:
    bench.deliver("21-of-200.csv", shares_of(179, 21))
    bench.deliver("all.csv", a_csv(*["x"] * 30))

    outcome = bench.validate("--max-rejected-share", "0.105")

    assert outcome.refused() == {"data/streams/all.csv": "too_many_rejected_rows"}
    assert outcome.files() == {
        "data/streams/21-of-200.csv": rows_of(200, 179, rejected={"malformed_row": 21})
    }


def test_a_share_of_one_lets_any_file_in(bench: Bench) -> None:
    bench.deliver("all.csv", a_csv(*["x"] * 30))

    outcome = bench.validate("--max-rejected-share", "1")

    assert outcome.files() == {"data/streams/all.csv": rows_of(30, rejected={"malformed_row": 30})}


def test_exactly_the_share_is_let_in_where_binary_fractions_fall_short(bench: Bench) -> None:
    """0.29 · 100 is 28.999… in binary: 29 of 100 are not more than 0.29 all the same."""
    bench.deliver("29-of-100.csv", shares_of(71, 29))
    bench.deliver("30-of-100.csv", shares_of(70, 30, first_user=1000))

    outcome = bench.validate("--max-rejected-share", "0.29")

    assert outcome.refused() == {"data/streams/30-of-100.csv": "too_many_rejected_rows"}


def test_the_fewest_rows_that_refuse_a_file_can_be_set(bench: Bench) -> None:
    bench.deliver("1-of-2.csv", shares_of(1, 1))
    bench.deliver("2-of-4.csv", shares_of(2, 2))

    outcome = bench.validate("--min-rejected-rows", "2")

    assert outcome.refused() == {"data/streams/2-of-4.csv": "too_many_rejected_rows"}


def test_duplicates_are_sought_after_the_share_is_decided(bench: Bench) -> None:
    """Copies are rows too: 20 of 200 are rejected here, not 20 of 21."""
    bench.deliver("a.csv", a_csv(*[a_line(1)] * 180, *["x"] * 20))

    assert bench.validate().files() == {
        "data/streams/a.csv": rows_of(200, 1, 179, {"malformed_row": 20})
    }


def test_a_claim_of_refused_files_alone_gives_empty_outputs(bench: Bench) -> None:
    bench.deliver("empty.csv", b"")
    bench.deliver("rows.csv", a_csv(a_line(1), *["x"] * 20))
    bench.deliver("columns.csv", b"a\n")

    outcome = bench.validate()

    assert outcome.files() == {}
    assert len(outcome.refused()) == 3
    assert outcome.touched_hours().count() == 0
    assert len(outcome.quarantined()) == 20


def test_files_refused_by_their_header_alone_leave_an_empty_quarantine(bench: Bench) -> None:
    bench.deliver("empty.csv", b"")

    outcome = bench.validate()

    assert outcome.refused() == {"data/streams/empty.csv": "empty"}
    assert outcome.quarantined() == []
