"""How a line falls into fields, and which rule speaks first."""

from typing import Any

import pytest
from chispa.dataframe_comparer import assert_df_equality
from pyspark.sql import SparkSession

from spark_jobs.schemas import JUDGED
from spark_jobs.transforms.line_rules import apply_line_rules
from tests.builders import (
    A_TIME,
    a_claimed_file,
    a_judged_play,
    a_rejected_line,
    claimed_files,
    frame,
    lines_of_file,
    numbered_lines,
)
from tests.spark_jobs.transforms.judging import assert_judged

TIME = A_TIME.encode()


def play_of(track: bytes, track_id: str) -> tuple[Any, ...]:
    """A play whose track is written as given."""
    line = b"7," + track + b"," + TIME
    return a_judged_play(line, user_id=7, track_id=track_id, listen_time=A_TIME)


def malformed(line: bytes) -> tuple[Any, ...]:
    return a_rejected_line(line, "malformed_row")


def test_a_plain_line_gives_its_play(spark: SparkSession) -> None:
    assert_judged(
        spark,
        a_judged_play(b"7,t1," + TIME, user_id=7, track_id="t1", listen_time=A_TIME),
        a_judged_play(b"7,t1," + TIME, user_id=7, track_id="t1", listen_time=A_TIME),
        a_judged_play(
            b"8,t2,2024-06-25T17:43:13.5+02:00",
            user_id=8,
            track_id="t2",
            listen_time="2024-06-25 15:43:13.500000",
        ),
    )


def test_no_line_gives_no_row(spark: SparkSession) -> None:
    files = claimed_files(spark, a_claimed_file())

    judged = apply_line_rules(lines_of_file(spark), files)

    assert_df_equality(judged, frame(spark, JUDGED), ignore_row_order=True, ignore_nullable=True)


def test_lines_of_spaces_and_tabs_are_no_rows_and_all_others_are(spark: SparkSession) -> None:
    blank = [b"", b" ", b"\t", b" \t \t"]
    files = claimed_files(spark, a_claimed_file())
    rows = [b"\r", b" \r", b"\x0b", b"\x0c", b"\x00", b"\xc2\xa0", b"\xe3\x80\x80", b",", b'""']

    judged = apply_line_rules(lines_of_file(spark, *blank, *rows), files)

    expected = frame(spark, JUDGED, *(malformed(line) for line in rows))
    assert_df_equality(judged, expected, ignore_row_order=True, ignore_nullable=True)


def test_columns_are_found_by_their_place_in_the_files_header(spark: SparkSession) -> None:
    columns = {
        0: ("track_id", "listen_time", "user_id"),
        1: ("note", "listen_time", "track_id", "", "user_id", "note"),
        2: ("user_id", "track_id", "listen_time"),
    }
    files = [a_claimed_file(index, columns=names) for index, names in columns.items()]
    play = {"user_id": 7, "track_id": "t1", "listen_time": A_TIME}
    rows = [
        a_judged_play(b"t1," + TIME + b",7", file_index=0, **play),
        a_rejected_line(b"7,t1," + TIME, "invalid_user_id", file_index=0),
        a_judged_play(b'"a,b",' + TIME + b",t1,,7,", file_index=1, **play),
        a_judged_play("é\x00\\,".encode() + TIME + b",t1,=1+1,7, ", file_index=1, **play),
        a_rejected_line(b"t1," + TIME + b",7", "malformed_row", file_index=1),
        a_judged_play(b"7,t1," + TIME, file_index=2, **play),
    ]
    lines = numbered_lines(spark, [(row[0], bytes(row[5])) for row in rows])

    judged = apply_line_rules(lines, claimed_files(spark, *files))

    expected = frame(spark, JUDGED, *rows)
    assert_df_equality(judged, expected, ignore_row_order=True, ignore_nullable=True)


def test_a_line_needs_as_many_fields_as_the_header(spark: SparkSession) -> None:
    assert_judged(
        spark,
        malformed(b"7,t1"),
        malformed(b"7,t1," + TIME + b","),
        malformed(b"7,t1," + TIME + b",x"),
        malformed(b"," + TIME),
        malformed(b"7;t1;" + TIME),
        malformed(b'"7,t1,' + TIME + b'"'),
        malformed(b"7,t,1," + TIME),
        play_of(b'"t,1"', "t,1"),
    )


def test_a_quote_opens_as_a_fields_first_byte_only(spark: SparkSession) -> None:
    assert_judged(
        spark,
        play_of(b'"t1"', "t1"),
        play_of(b'"t""1"', 't"1'),
        play_of(b'""""', '"'),
        play_of(b'"""t1"""', '"t1"'),
        play_of(b'"t"",""1"', 't","1'),
        play_of(b't"1', 't"1'),
        play_of(b't""1', 't""1'),
        play_of(b' "t1"', '"t1"'),
        play_of(b' "t1', '"t1'),
        play_of(b"t1\\", "t1\\"),
        play_of(b'"t1\\"', "t1\\"),
        play_of(b"'t1'", "'t1'"),
        play_of('"é😀"'.encode(), "é😀"),
        a_judged_play(b'"7","t1","' + TIME + b'"', user_id=7, track_id="t1", listen_time=A_TIME),
    )


def test_a_quote_must_be_closed_and_a_comma_must_follow(spark: SparkSession) -> None:
    assert_judged(
        spark,
        malformed(b'7,"t1,' + TIME),
        malformed(b'7,t1,"' + TIME),
        malformed(b'7,t1,"' + TIME + b'""'),
        malformed(b'7,"t1"x,' + TIME),
        malformed(b'7,"t1" ,' + TIME),
        malformed(b'7,"t1"\r,' + TIME),
        malformed(b'"7" ,t1,' + TIME),
        malformed(b'7,"t1""",' + TIME + b',"'),
        malformed(b'7,"t\\"1",' + TIME),
        malformed(b'7,"""t1,' + TIME),
        malformed(b'7,t1,"' + TIME + b'" '),
        malformed(b'7,t1,"'),
        malformed(b'"'),
    )


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_a_line_that_is_no_utf_8_is_rejected_byte_for_byte(
    spark: SparkSession, quote: bytes
) -> None:
    broken = {
        "overlong": b"\xc0\xaf",
        "overlong in three": b"\xe0\x80\xaf",
        "surrogate": b"\xed\xa0\x80",
        "beyond U+10FFFF": b"\xf4\x90\x80\x80",
        "lone continuation": b"\x80",
        "truncated": b"\xe2\x82",
        "truncated before a carriage return": b"\xe2\r",
        "Latin-1": b"\xe9",
    }

    assert_judged(
        spark,
        *(
            a_rejected_line(b"7," + quote + part + quote + b"," + TIME, "invalid_encoding")
            for part in broken.values()
        ),
        a_rejected_line(b"7,t1," + TIME + b"\xe2", "invalid_encoding"),
        a_rejected_line(b"\xff", "invalid_encoding"),
        a_rejected_line(b"\xe2 \t", "invalid_encoding"),
        play_of(quote + "\ufffd".encode() + quote, "\ufffd"),
        play_of(quote + "\U0010ffff".encode() + quote, "\U0010ffff"),
    )


def test_the_header_is_marked_wherever_it_stands(spark: SparkSession) -> None:
    header = b"user_id,track_id,listen_time"

    assert_judged(
        spark,
        a_rejected_line(header, "invalid_user_id", is_header=True),
        a_rejected_line(header, "invalid_user_id", is_header=True),
        a_rejected_line(b" " + header, "invalid_user_id"),
        a_rejected_line(b"user_id,track_id,", "missing_listen_time"),
    )


def test_the_first_rule_that_breaks_names_the_reason(spark: SparkSession) -> None:
    assert_judged(
        spark,
        a_rejected_line(b'",\xff', "invalid_encoding"),
        a_rejected_line(b",", "malformed_row"),
        a_rejected_line(b",,", "missing_user_id"),
        a_rejected_line(b' ," ","\t"', "missing_user_id"),
        a_rejected_line(b"0,,", "missing_track_id"),
        a_rejected_line(b"0,\r,\x0b", "missing_track_id"),
        a_rejected_line(b"0,\x00,", "missing_listen_time"),
        a_rejected_line(b"0,\x00,now", "invalid_user_id"),
        a_rejected_line(b"1,\x00,now", "invalid_track_id"),
        a_rejected_line(b"1,\x00,1999-01-01 00:00:00", "invalid_track_id"),
        a_rejected_line(b"1,t,now", "invalid_listen_time"),
        a_rejected_line(b"1,t,1999-01-01 00:00:00", "listen_time_out_of_range"),
    )
