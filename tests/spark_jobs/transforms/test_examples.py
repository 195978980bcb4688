"""The first rejected row of each reason: which line it is, and what it teaches."""

from datetime import UTC, datetime

import pytest

from spark_jobs.transforms.examples import (
    CountedReason,
    Example,
    FileFacts,
    explain_file,
    find_examples,
)

HEADER = "user_id,track_id,listen_time"
FILE = FileFacts(tuple(HEADER.split(",")), HEADER, 3, datetime(2024, 7, 1, tzinfo=UTC))


def counted(
    reason: str, line_id: int | None, line: bytes | None, *header_ids: int, rows: int = 1
) -> CountedReason:
    return CountedReason(0, reason, rows, line_id, line, list(header_ids))


def test_lines_are_numbered_from_the_headers_own() -> None:
    rows = [
        counted("invalid_user_id", 1_000_000_000_007, b"x,t,z", 1_000_000_000_005),
        counted("malformed_row", 1_000_000_000_009, b"x"),
        counted("missing_user_id", None, b",t,z"),
    ]

    assert find_examples(rows, {0: FILE}) == {
        0: {
            "invalid_user_id": Example(5, b"x,t,z"),
            "malformed_row": Example(7, b"x"),
            "missing_user_id": Example(None, b",t,z"),
        }
    }


def test_a_header_alone_is_no_example_and_still_numbers_the_others() -> None:
    rows = [counted("invalid_user_id", None, None, 8, rows=0), counted("malformed_row", 9, b"x")]

    assert find_examples(rows, {0: FILE}) == {0: {"malformed_row": Example(4, b"x")}}


@pytest.mark.parametrize(
    ("row", "example"),
    [
        (counted("invalid_user_id", 20, b"x,t,z", 8, 12, 13), Example(7, HEADER.encode())),
        (counted("invalid_user_id", 10, b"x,t,z", 8, 12), Example(5, b"x,t,z")),
        (counted("invalid_user_id", None, b"x,t,z", 8, 12), Example(7, HEADER.encode())),
        (counted("invalid_user_id", None, None, 8), Example(None, HEADER.encode())),
    ],
    ids=["before", "behind", "known and unknown", "both beyond the first block"],
)
def test_a_repeated_header_is_a_rejected_row(row: CountedReason, example: Example) -> None:
    assert find_examples([row], {0: FILE}) == {0: {"invalid_user_id": example}}


def explain(reason: str, line: bytes) -> tuple[str, str]:
    explanation = explain_file(40, {reason: 30}, {reason: Example(2, line)}, FILE)
    found = explanation["reasons"][reason]
    assert (explanation["rows_read"], explanation["rows_rejected"]) == (40, 30)
    assert (found["rows"], found["line"]) == (30, 2)
    return found["value"], found["wanted"]


@pytest.mark.parametrize(
    ("reason", "line", "value", "wanted"),
    [
        ("invalid_user_id", b"u0,t,2024-01-11 10:00:13", "u0", "write digits only"),
        ("invalid_user_id", b'" u,0 ",t,2024-01-11 10:00:13', "u,0", "write digits only"),
        ("invalid_listen_time", b"1,t,2024-01-04 10:00\r", "2024-01-04 10:00", "the seconds are"),
        ("invalid_listen_time", b"1,t,1719337393", "1719337393", "seconds since 1970"),
        ("listen_time_out_of_range", b"1,t,2024-07-03", "2024-07-03", "not before 2000-01-01"),
        ("malformed_row", b"1,t,2024-01-12 10:00:13,", "1,t,2024-01-12 10:00:13,", "it has 4 fi"),
        ("missing_track_id", b"1,,2024-01-12 10:00:13", "1,,2024-01-12 10:00:13", "write a track"),
        ("invalid_encoding", b"1,\xe9,2024-01-12", "1,\\xe9,2024-01-12", "save the file as UTF-8"),
        ("invalid_user_id", b"1" * 4096, "1" * 77 + "…", "write digits only"),
    ],
)
def test_the_value_that_broke_the_rule_is_shown_with_the_form_wanted(
    reason: str, line: bytes, value: str, wanted: str
) -> None:
    shown, advice = explain(reason, line)

    assert shown == value
    assert advice.startswith(wanted)


def test_an_instant_out_of_range_names_the_files_date() -> None:
    _, wanted = explain("listen_time_out_of_range", b"1,t,2024-07-03 00:00:00")

    assert wanted.endswith("which is 2024-07-01 00:00 UTC")
