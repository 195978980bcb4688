"""Both sides of each edge of a play's values."""

from typing import Any

from pyspark.sql import SparkSession

from spark_jobs.transforms.line_rules import apply_line_rules
from tests.builders import (
    A_TIME,
    a_claimed_file,
    a_judged_play,
    a_rejected_line,
    claimed_files,
    lines_of_file,
)
from tests.spark_jobs.transforms.judging import assert_judged

TIME = A_TIME.encode()


def listener(text: str, user_id: int | None) -> tuple[Any, ...]:
    """A line with that listener: a play of theirs, or rejected for None."""
    line = f"{text},t1,{A_TIME}".encode()
    if user_id is None:
        return a_rejected_line(line, "invalid_user_id")
    return a_judged_play(line, user_id=user_id, track_id="t1", listen_time=A_TIME)


def track(text: str, track_id: str | None) -> tuple[Any, ...]:
    """A line with that track: a play of it, or rejected for None."""
    line = f"7,{text},{A_TIME}".encode()
    if track_id is None:
        return a_rejected_line(line, "invalid_track_id")
    return a_judged_play(line, user_id=7, track_id=track_id, listen_time=A_TIME)


def listened(text: str, listen_time: str | None, reason: str = "") -> tuple[Any, ...]:
    """A line with that time: a play then, or rejected."""
    line = f"7,t1,{text}".encode()
    if listen_time is None:
        return a_rejected_line(line, reason)
    return a_judged_play(line, user_id=7, track_id="t1", listen_time=listen_time)


def test_a_user_id_is_ascii_digits_from_one_to_the_greatest_long(spark: SparkSession) -> None:
    assert_judged(
        spark,
        listener("1", 1),
        listener("007", 7),
        listener("0" * 30 + "7", 7),
        listener("9223372036854775807", 9223372036854775807),
        listener("0009223372036854775807", 9223372036854775807),
        listener("0", None),
        listener("0" * 30, None),
        listener("9223372036854775808", None),
        listener("18446744073709551617", None),
        listener("1" + "0" * 40, None),
        listener("+5", None),
        listener("-5", None),
        listener("5.0", 5),
        listener("0100.00", 100),
        listener("9223372036854775807.0", 9223372036854775807),
        listener("0.0", None),
        listener("9223372036854775808.0", None),
        listener("5.5", None),
        listener("5.0.0", None),
        listener(".0", None),
        listener("5.", None),
        listener("5e0", None),
        listener("0x5", None),
        listener("5L", None),
        listener("1_000", None),
        listener("1 000", None),
        listener("٣", None),
        listener("1٣", None),
        listener("５", None),
        listener("²", None),
        listener("null", None),
        listener("true", None),
    )


def test_a_track_id_has_at_most_64_bytes(spark: SparkSession) -> None:
    assert_judged(
        spark,
        track("t", "t"),
        track("t" * 64, "t" * 64),
        track("é" * 32, "é" * 32),
        track("😀" * 16, "😀" * 16),
        track(" " * 9 + "t" * 64 + "\t", "t" * 64),
        track('"' + "t" * 63 + '"""', "t" * 63 + '"'),
        track("t" * 65, None),
        track("é" * 32 + "t", None),
        track("é" * 33, None),
        track("😀" * 16 + "t", None),
        track('"' + "t" * 64 + '"""', None),
    )


def test_a_prefix_of_track_ids_is_dropped_once_and_nothing_may_be_left(
    spark: SparkSession,
) -> None:
    ids = {"p:t1": "t1", "t1": "t1", "p:p:t1": "p:t1", "p: t1": " t1", "P:t1": "P:t1", "p": "p"}
    ids |= {"p:" + "t" * 64: "t" * 64, "p:é": "é", "p:": None, "p: ": None}
    lines = lines_of_file(spark, *(f"7,{text},{A_TIME}".encode() for text in ids))

    judged = apply_line_rules(lines, claimed_files(spark, a_claimed_file()), track_id_prefix="p:")

    found = judged.collect()
    assert {bytes(row.line): (row.track_id, row.reason) for row in found} == {
        f"7,{text},{A_TIME}".encode(): (track_id, None if track_id else "missing_track_id")
        for text, track_id in ids.items()
    }


def test_a_track_id_has_no_control_character_inside(spark: SparkSession) -> None:
    ordinary = ["a b", "a\x80b", "a\x85b", "a\xa0b", "a\u2028b", "\u200b", "\ufeff", "null", "NaN"]
    formulas = [
        "=1+1",
        "@SUM(A1)",
        "+1",
        "-1",
        "=HYPERLINK(1)",
        "'",
        "\\N",
        "\\",
        "%s",
        "$1",
        "\\0",
    ]
    # A line feed ends the line; those from 0x09 to 0x0D are trimmed where they stand outside.
    controls = [chr(code) for code in (*range(0x20), 0x7F) if chr(code) != "\n"]
    assert len(controls) == 32

    assert_judged(
        spark,
        *(track(text, text) for text in ordinary + formulas),
        *(track(f"a{control}b", None) for control in controls),
        track("a\x1c", None),
        track("\x1fa", None),
        track("\x7f", None),
    )


def test_values_are_trimmed_of_six_bytes_and_of_nothing_else(spark: SparkSession) -> None:
    trimmed = ["\t", "\x0b", "\x0c", "\r", " ", " \t\x0b\x0c\r ", "\r\r"]
    kept = ["\xa0", "\u2028", "\u3000", "\ufeff", "\x85", "\u2003"]

    assert_judged(
        spark,
        *(
            a_judged_play(
                f'{edge}7{edge},"{edge}t 1{edge}",{edge}{A_TIME}{edge}'.encode(),
                user_id=7,
                track_id="t 1",
                listen_time=A_TIME,
            )
            for edge in trimmed
        ),
        *(track(f"{edge}t1{edge}", f"{edge}t1{edge}") for edge in kept),
        *(listener(f"{edge}7", None) for edge in kept),
        *(listener(f"7{edge}", None) for edge in (*kept, "\x1c", "\x00")),
        *(listened(f"{A_TIME}{edge}", None, "invalid_listen_time") for edge in kept),
    )


def test_a_value_of_trimmed_bytes_is_missing(spark: SparkSession) -> None:
    nothing = ["", " ", "\t\r\x0b\x0c ", '""', '" "', '"\t"']

    assert_judged(
        spark,
        *(a_rejected_line(f"{text},t1,{A_TIME}".encode(), "missing_user_id") for text in nothing),
        *(a_rejected_line(f"7,{text},{A_TIME}".encode(), "missing_track_id") for text in nothing),
        *(listened(text, None, "missing_listen_time") for text in nothing),
        track("\xa0", "\xa0"),
        track('""""', '"'),
    )


def test_a_lone_carriage_return_is_an_ordinary_byte(spark: SparkSession) -> None:
    assert_judged(
        spark,
        a_judged_play(b"7,t1," + TIME + b"\r", user_id=7, track_id="t1", listen_time=A_TIME),
        track("t\r1", None),
        a_rejected_line(b"7,t1," + TIME + b"\r8,t2," + TIME, "malformed_row"),
        a_rejected_line(b'7,t1,"' + TIME + b'"\r', "malformed_row"),
    )


def test_a_listen_time_is_believed_from_2000_to_a_day_after_the_file(spark: SparkSession) -> None:
    late = "listen_time_out_of_range"

    assert_judged(
        spark,
        listened("2000-01-01 00:00:00", "2000-01-01 00:00:00"),
        listened("1999-12-31 19:00:00-05:00", "2000-01-01 00:00:00"),
        listened("1999-12-31 23:59:59.999999", None, late),
        listened("2000-01-01 00:00:00+00:01", None, late),
        listened("2024-06-30 01:02:03.000004", "2024-06-30 01:02:03.000004"),
        listened("2024-06-30 01:02:03.000005", None, late),
        listened("2024-06-30 03:02:03.000004+02:00", "2024-06-30 01:02:03.000004"),
        listened("2024-06-30 03:02:03.000005+02:00", None, late),
        listened("0001-01-01 00:00:00", None, late),
        listened("0001-01-01 00:00:00+18:00", None, late),
        listened("9999-12-31 23:59:59.999999", None, late),
        listened("9999-12-31T23:59:59-05:00", None, late),
        listened("9999-12-31T23:59:59-18:00", None, late),
        listened("0000-12-31T23:59:59-18:00", None, "invalid_listen_time"),
        last_modified="2024-06-29 01:02:03.000004",
    )
