"""What was not taken is explained: what was found, where, and what form is wanted."""

from datetime import UTC, datetime
from typing import Any

import pytest

from conf.explanations import (
    Rejected,
    describe,
    explain_cause,
    explain_header,
    explain_rows,
    show_value,
    wanted_form,
    wanted_of_malformed,
    wanted_of_range,
)

COLUMNS = ("user_id", "track_id", "listen_time")
ROW = b"\n1,t,2024-06-24 10:00:00\n"


@pytest.mark.parametrize(
    ("start", "cause", "wanted"),
    [
        (b"user_id;track_id;listen_time" + ROW, 'parted by ";"', "part the fields by commas"),
        (b"user_id\ttrack_id\tlisten_time" + ROW, "parted by a tab", "part the fields by commas"),
        (b"user_id|track_id|listen_time" + ROW, 'parted by "|"', "part the fields by commas"),
        (b"sep=,\r\nuser_id,track_id,listen_time\r\n", "is for Excel", "remove that line"),
        (b'"sep=;"\nuser_id;track_id\n', "is for Excel", "remove that line, and part the fields"),
        ("user_id,track_id".encode("utf-16"), "UTF-16 (it begins with FF FE)", "save it as UTF-8"),
        (b"\xfe\xff\0u\0s\0e\0r", "UTF-16 (it begins with FE FF)", "save it as UTF-8"),
        ("user_id,track_id".encode("utf-16-le"), "every second byte", "save it as UTF-8"),
        (b"user_id,track_id,listen_time\r1,t,2024", "end by CR alone", "end each line by LF"),
        (b"User_ID,track_id,Listen_Time" + ROW, "in another case", "small letters"),
        (b"1,t,2024-06-24 10:00:00" + ROW, "no header", "the line user_id,track_id,listen_time"),
        (b"userId,trackId,played_at" + ROW, "other names", "name the columns as missing here"),
        (b"user_id,user_id,track_id,listen_time" + ROW, "a column twice", "give each column once"),
        (b",track_id,listen_time" + ROW, "first column has no name", "write user_id before"),
        (b"user_id,\xe9,listen_time" + ROW, "its header is not UTF-8", "save it as UTF-8"),
        (b'user_id,track_id,listen_time,"a' + ROW, "quotes are broken", "close each quote"),
        (b"\xef\xbb\xbf \n\r\n\t", "nothing but blanks", "with a header and its rows"),
    ],
)
def test_the_cause_of_a_bad_header_is_seen(start: bytes, cause: str, wanted: str) -> None:
    explanation = explain_header(start, COLUMNS)

    assert cause in explanation["cause"]
    assert wanted in explanation["wanted"]


def test_the_header_found_and_the_names_it_lacks_are_told() -> None:
    explanation = explain_header(b"\xef\xbb\xbf\n user_id ,time,user_id\r\n1,2,3\n", COLUMNS)

    assert explanation == {
        "header": " user_id ,time,user_id",
        "missing": ["track_id", "listen_time"],
        "repeated": ["user_id"],
        "cause": "it has a column twice",
        "wanted": "give each column once",
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2024-06-24", "2024-06-24"),
        (b"caf\xc3\xa9 \xff", "café \\xff"),
        ("a\tb\r\n\x00\x1b[31m", "a\\tb\\r\\n\\x00\\x1b[31m"),
        ("\u202etxt", "\\u202etxt"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 77 + "…"),
        ("é" * 41, "é" * 38 + "…"),
        ("\ud800", "\\ud800"),
    ],
)
def test_a_value_is_shown_on_one_line_of_80_bytes(value: str | bytes, shown: str) -> None:
    assert show_value(value) == shown
    assert len(shown.encode()) <= 80


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("1719337393", "seconds since 1970 are not taken"),
        ("1719337393000", "seconds since 1970 are not taken"),
        ("2024-06-24 10:00:00 PM", "AM and PM are not taken"),
        ("10:00pm 24/06", "write YYYY-MM-DD HH:MM:SS"),
        ("24/06/2024 10:00:00", "the year comes first"),
        ("24.06.2024", "the year comes first"),
        ("2024/06/24 10:00:00", "the date is parted by hyphens"),
        ("2024-06-24", "the time of day is missing"),
        ("2024-06-24 10:00", "the seconds are missing"),
        ("2024-06-24 10:00:00 CET", "its zone is not known"),
        ("2024-06-24 10:00:00+25:00", "its zone is not known"),
        ("yesterday", "write YYYY-MM-DD HH:MM:SS"),
        ("", "write YYYY-MM-DD HH:MM:SS"),
    ],
)
def test_the_advice_on_a_listen_time_follows_what_was_written(value: str, advice: str) -> None:
    wanted = wanted_form("invalid_listen_time", value)

    assert wanted.startswith(advice)
    assert "YYYY-MM-DD HH:MM:SS" in wanted


def test_other_reasons_say_what_form_is_wanted() -> None:
    assert wanted_form("missing_track_id") == "write a track_id in each row"
    assert wanted_form("invalid_user_age", "x", kind="integer").startswith("write a whole number")
    assert wanted_form("too_long_track_name", width=2048) == "write at most 2048 bytes"
    assert wanted_form("invalid_user_id", "u1").startswith("write digits only")
    assert wanted_of_malformed("1,t,2024,", 3).startswith("it has 4 fields, the header has 3: ")
    assert wanted_of_malformed("x", 3).startswith("it has 1 field, the header has 3: ")
    assert wanted_of_malformed('1,"t,2024', 3).startswith("write as many fields")
    assert "1980-01-01 00:00 UTC" in wanted_of_range(datetime(1980, 1, 1, tzinfo=UTC))


def test_refused_rows_are_told_with_counts_the_first_of_each_and_the_place() -> None:
    rejected = {
        "missing_user_id": Rejected(1, 7, ""),
        "invalid_listen_time": Rejected(1029, None, b"24.06.2024\t"),
    }
    wanted = {reason: f"the form of {reason}" for reason in rejected}
    explanation = explain_rows(2000, rejected, wanted)

    assert describe("a.csv", "too_many_rejected_rows", explanation, place="s3://b/q/") == [
        "refused: a.csv: too_many_rejected_rows: 1,030 of 2,000 rows are rejected",
        '  1,029 invalid_listen_time, beyond the first block: "24.06.2024\\t": '
        "the form of invalid_listen_time",
        '  1 missing_user_id, first in line 7: "": the form of missing_user_id',
        "  the rejected rows lie in s3://b/q/: make quarantine FILE=a.csv",
    ]


@pytest.mark.parametrize(
    ("reason", "explanation", "line"),
    [
        ("columns", explain_header(b"user_id,time\n", COLUMNS), (
            "refused: a.csv: columns: it lacks track_id, listen_time; its header is "
            '"user_id,time"; its header has other names: name the columns as missing here'
        )),
        ("unreadable", explain_cause("gzip"), (
            "refused: a.csv: unreadable: its gzip is damaged or breaks off: pack it anew and "
            "deliver it whole"
        )),
        ("empty", {}, "refused: a.csv: empty"),
    ],
)  # fmt: skip
def test_a_refused_header_is_told_in_one_line(
    reason: str, explanation: dict[str, Any], line: str
) -> None:
    assert describe("a.csv", reason, explanation) == [line]


def test_a_file_that_goes_on_is_told_with_its_rejected_rows() -> None:
    explanation = explain_rows(9, {"malformed_row": Rejected(2, 4, "x")}, {"malformed_row": "w"})

    assert describe("a.csv", None, explanation) == [
        "a.csv: 2 of 9 rows are rejected",
        '  2 malformed_row, first in line 4: "x": w',
    ]
