"""Counts of rows by file: what is counted, what refuses a file, what adds up."""

from datetime import date

import pytest
from chispa.dataframe_comparer import assert_df_equality
from pyspark.sql import SparkSession

from spark_jobs.errors import JobError
from spark_jobs.schemas import JUDGED
from spark_jobs.transforms.accounting import (
    RowCounts,
    account_for_file,
    build_accounting,
    count_plays_by_file_and_hour,
    count_rejected_by_file,
    has_too_many_rejected,
    list_hours,
    sum_by_day,
    sum_by_file_and_by_hour,
    sum_counts,
)
from tests.builders import (
    READ_PLAYS,
    a_judged_play,
    a_play,
    a_rejected_line,
    at,
    frame,
)

SEVENTEEN = 477_593  # the number of the hour of 2024-06-25 17:00:00


def is_refused(rejected: int, rows: int, share: float = 0.10, least: int = 20) -> bool:
    """Ask for a file of so many rows, the rejected ones of two reasons."""
    reasons = {"malformed_row": rejected - rejected // 2, "invalid_user_id": rejected // 2}
    counts = RowCounts(rows - rejected, reasons)
    return has_too_many_rejected(counts, max_rejected_share=share, min_rejected_rows=least)


def test_plays_are_counted_by_file_and_hour_copies_included(spark: SparkSession) -> None:
    read = frame(
        spark,
        READ_PLAYS,
        (0, *a_play(1, "t", "2024-06-25 17:00:00")),
        (0, *a_play(1, "t", "2024-06-25 17:00:00")),
        (0, *a_play(2, "t", "2024-06-25 17:59:59.999999")),
        (0, *a_play(2, "t", "2024-06-25 18:00:00")),
        (0, *a_play(2, "t", "2024-06-26 17:00:00")),
        (1, *a_play(2, "t", "2024-06-25 17:30:00")),
    )
    schema = "file_index int, hour int, plays bigint"

    counted = count_plays_by_file_and_hour(read)
    nothing = count_plays_by_file_and_hour(frame(spark, READ_PLAYS))

    expected = spark.createDataFrame(
        [
            (0, SEVENTEEN, 3),
            (0, SEVENTEEN + 1, 1),
            (0, SEVENTEEN + 24, 1),
            (1, SEVENTEEN, 1),
        ],
        schema,
    )
    assert_df_equality(counted, expected, ignore_row_order=True, ignore_nullable=True)
    assert_df_equality(nothing, spark.createDataFrame([], schema), ignore_nullable=True)


def test_counts_are_summed_by_file_and_by_hour(spark: SparkSession) -> None:
    rows = [(0, 5, 3), (0, SEVENTEEN, 1), (1, SEVENTEEN, 2), (None, 5, 7)]
    schema = "file_index int, hour int, plays bigint"

    sums = sum_by_file_and_by_hour(spark.createDataFrame(rows, schema))

    expected = [(0, None, 4), (1, None, 2), (None, None, 7), (None, 5, 10), (None, SEVENTEEN, 3)]
    assert_df_equality(
        sums, spark.createDataFrame(expected, schema), ignore_row_order=True, ignore_nullable=True
    )
    hours = list_hours(sums.collect())
    assert list(hours.items()) == [
        (at("1970-01-01 05:00:00"), 10),
        (at("2024-06-25 17:00:00"), 3),
    ]
    assert sum_by_day(hours) == {date(1970, 1, 1): 10, date(2024, 6, 25): 3}


def test_rejected_lines_are_counted_by_file_and_reason_and_the_first_is_kept(
    spark: SparkSession,
) -> None:
    headers = [
        a_rejected_line(b"user_id", "invalid_user_id", is_header=True, line_id=line_id)
        for line_id in (71, 70, None, 9)
    ]
    other_header = a_rejected_line(b"user_id", "invalid_user_id", file_index=1, is_header=True)
    judged = frame(
        spark,
        JUDGED,
        *headers,
        a_rejected_line(b"a", "invalid_user_id"),
        a_rejected_line(b"b" * 5000, "malformed_row", line_id=11),
        a_rejected_line(b"a", "malformed_row", line_id=12),
        a_rejected_line(b"A", "malformed_row"),
        a_judged_play(b"c", user_id=1, track_id="t", listen_time="2024-06-25 17:00:00"),
        other_header,
        a_rejected_line(b"b", "malformed_row", file_index=1),
        a_rejected_line(b"a", "malformed_row", file_index=1),
    )
    schema = (
        "file_index int, reason string, rows bigint, line_id bigint, line binary, "
        "header_ids array<bigint>"
    )

    counted = count_rejected_by_file(judged)
    nothing = count_rejected_by_file(frame(spark, JUDGED))

    expected = spark.createDataFrame(
        [
            (0, "invalid_user_id", 4, None, bytearray(b"a"), [9, 70]),
            (0, "malformed_row", 3, 11, bytearray(b"b" * 4096), []),
            (1, "invalid_user_id", 0, None, None, []),
            (1, "malformed_row", 2, None, bytearray(b"a"), []),
        ],
        schema,
    )
    assert_df_equality(counted, expected, ignore_row_order=True, ignore_nullable=True)
    assert_df_equality(nothing, spark.createDataFrame([], schema), ignore_nullable=True)


def test_counts_of_several_hours_and_reasons_are_summed_by_file() -> None:
    counts = sum_counts(
        [(0, 3), (1, 5), (0, 4)],
        [(0, "malformed_row", 2), (2, "malformed_row", 0), (0, "invalid_user_id", 1)],
    )

    assert counts == {
        0: RowCounts(7, {"malformed_row": 2, "invalid_user_id": 1}),
        1: RowCounts(5, {}),
        2: RowCounts(0, {}),
    }
    assert counts[0].read == 10
    assert sum_counts([], []) == {}


@pytest.mark.parametrize(
    ("rejected", "rows", "refused"),
    [
        (20, 199, True),
        (20, 200, False),
        (21, 200, True),
        (19, 19, False),
        (20, 20, True),
        (100_000, 1_000_000, False),
        (100_001, 1_000_000, True),
        (0, 0, False),
        (0, 100, False),
    ],
)
def test_a_file_is_refused_for_more_than_a_tenth_and_at_least_twenty_rows(
    rejected: int, rows: int, refused: bool
) -> None:
    assert is_refused(rejected, rows) is refused


def test_exactly_the_allowed_share_is_not_too_much() -> None:
    shares = {percent: float(f"{percent / 100:.2f}") for percent in range(101)}

    refused = [
        (percent, rows)
        for percent, share in shares.items()
        for rows in (100, 300, 1_000, 1_000_000)
        if is_refused(percent * rows // 100, rows, share, least=0)
    ]

    assert refused == []
    assert all(is_refused(percent + 1, 100, shares[percent], least=0) for percent in range(100))


def test_the_limits_can_be_moved() -> None:
    assert is_refused(1, 1_000_000, share=0.0, least=1)
    assert not is_refused(1, 1, share=1.0, least=1)
    assert not is_refused(0, 10, share=0.0, least=0)


def test_a_files_rows_add_up() -> None:
    counts = RowCounts(7, {"malformed_row": 2, "invalid_user_id": 1})

    entry = account_for_file(counts, 4)

    assert entry == {
        "rows_read": 10,
        "rows_accepted": 4,
        "rows_duplicate": 3,
        "rows_rejected": {"invalid_user_id": 1, "malformed_row": 2},
    }
    assert account_for_file(RowCounts(), 0) == {
        "rows_read": 0,
        "rows_accepted": 0,
        "rows_duplicate": 0,
        "rows_rejected": {},
    }


def test_more_accepted_than_valid_rows_are_an_error() -> None:
    with pytest.raises(JobError, match="8 rows were accepted of 7 valid ones"):
        account_for_file(RowCounts(7), 8)


def test_the_accounting_names_the_run_its_files_and_the_refused_ones() -> None:
    entry = account_for_file(RowCounts(1), 1)

    why = {"b.csv": {"header": "a,b"}}

    document = build_accounting("daily-1", {"a.csv": entry}, {"b.csv": "columns"}, why)

    assert document == {
        "run": "daily-1",
        "files": {"a.csv": entry},
        "refused": {"b.csv": "columns"},
        "explained": why,
    }
