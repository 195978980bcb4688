"""A file's bytes become its lines: by its own header, and rejected ones kept byte for byte."""

import gzip
from itertools import permutations
from pathlib import Path

import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession

from spark_jobs import schemas
from tests.builders import A_TIME, A_TRACK, a_play, frame, plays
from tests.spark_jobs.job_builders import HEADER, Bench, Outcome, a_csv, a_line, rows_of

BOM = b"\xef\xbb\xbf"


@pytest.fixture
def bench(spark: SparkSession, tmp_path: Path) -> Bench:
    return Bench(spark, tmp_path)


def a_line_of(header: str, user_id: int) -> str:
    values = {"user_id": str(user_id), "track_id": A_TRACK, "listen_time": A_TIME}
    return ",".join(values.get(column, "7") for column in header.split(","))


@pytest.fixture(scope="module")
def formats(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Give the outcome of files that differ in their form alone: user n in file n."""
    bench = Bench(spark, tmp_path_factory.mktemp("formats"))
    plain = {number: a_csv(a_line(number), "x") for number in range(1, 12)}
    bench.deliver("01-plain.csv", plain[1])
    bench.deliver("02-crlf.csv", plain[2].replace(b"\n", b"\r\n"))
    bench.deliver("03-no-newline.csv", plain[3].removesuffix(b"\n"))
    bench.deliver("04-crlf-no-newline.csv", plain[4].replace(b"\n", b"\r\n").removesuffix(b"\n"))
    bench.deliver("05-bom.csv", BOM + plain[5])
    bench.deliver("06-bom-blanks.csv", BOM + b"\n \t\n" + plain[6].replace(b"\n", b"\n\n"))
    bench.deliver("07-members.csv.gz", b"".join(gzip.compress(bytes([b])) for b in plain[7]))
    bench.deliver("08-gz-bom.csv.gz", gzip.compress(BOM + plain[8].replace(b"\n", b"\r\n")))
    bench.deliver("09-blanks.csv", plain[9].replace(b"\n", b"\n\t \n\r\n \r\n"))
    header = b'e, f ,,"user_id","track_id",listen_time\n'
    body = f'x,"9,""9","a\\",10,{A_TRACK},"{A_TIME}"\nx\n'.encode()
    bench.deliver("10-columns.csv", header + body)
    bench.deliver("11-lone-cr.csv", plain[11].replace(b"x\n", b"x\ry\n"))
    return bench.validate()


def test_the_form_of_a_file_does_not_show_in_its_plays(
    spark: SparkSession, formats: Outcome
) -> None:
    expected = plays(spark, *(a_play(user) for user in range(1, 12)))

    assert_df_equality(
        formats.streams(),
        expected,
        ignore_row_order=True,
        ignore_nullable=True,
        ignore_metadata=True,
    )
    assert len(formats.files()) == 11
    for name, rows in formats.files().items():
        assert rows == rows_of(2, 1, rejected={"malformed_row": 1}), name


def test_the_form_of_a_file_does_not_show_in_its_quarantine(formats: Outcome) -> None:
    lines = {line for key, line, _ in formats.quarantined() if "lone-cr" not in key}

    assert lines == {b"x"}
    assert ("data/streams/11-lone-cr.csv", b"x\ry", "malformed_row") in formats.quarantined()


def test_the_header_is_no_row_and_each_repetition_of_it_is_one(bench: Bench) -> None:
    bench.deliver("a.csv", a_csv(a_line(1), HEADER, a_line(2), HEADER))
    bench.deliver("b.csv", a_csv(f" {HEADER}", HEADER.replace("user_id", '"user_id"')))
    bench.deliver("c.csv", BOM + b"\r\n" + a_csv(HEADER).replace(b"\n", b"\r\n"))

    outcome = bench.validate()

    assert outcome.files() == {
        "data/streams/a.csv": rows_of(4, 2, rejected={"invalid_user_id": 2}),
        "data/streams/b.csv": rows_of(2, rejected={"invalid_user_id": 2}),
        "data/streams/c.csv": rows_of(1, rejected={"invalid_user_id": 1}),
    }
    header = HEADER.encode()
    assert outcome.quarantined() == [
        ("data/streams/a.csv", header, "invalid_user_id"),
        ("data/streams/a.csv", header, "invalid_user_id"),
        ("data/streams/b.csv", b" " + header, "invalid_user_id"),
        ("data/streams/b.csv", b'"user_id",track_id,listen_time', "invalid_user_id"),
        ("data/streams/c.csv", header, "invalid_user_id"),
    ]


RAW_LINES = [
    (b"1,t\xff,2024-06-25 17:43:13", "invalid_encoding"),
    (b"\xed\xa0\x80", "invalid_encoding"),
    (b"\xc0\x80,\x00", "invalid_encoding"),
    (b"\xff\xfe1\x00,\x00", "invalid_encoding"),
    (b"\xef\xbb\xbf", "malformed_row"),
    (b"\x00", "malformed_row"),
    (b"1,t\x00,2024-06-25 17:43:13", "invalid_track_id"),
    (b'1,"t,2024-06-25 17:43:13', "malformed_row"),
    (b'the rest of it",x', "malformed_row"),
    (b'1,"t"x,2024-06-25 17:43:13', "malformed_row"),
    (b"1,t\\,2024-06-25,x", "malformed_row"),
    ("1,\u2028été 🎵,2024-06-25".encode(), "invalid_listen_time"),
    (b"1,,2024-06-25 17:43:13", "missing_track_id"),
    (b" \x0b,t,", "missing_user_id"),
    (b'"",,', "missing_user_id"),
    (b"1,t,\t", "missing_listen_time"),
    (b"1,t,1999-12-31 23:59:59", "listen_time_out_of_range"),
    ("１,t,2024-06-25 17:43:13".encode(), "invalid_user_id"),
]


def test_a_rejected_line_is_kept_byte_for_byte_with_its_reason(bench: Bench) -> None:
    body = b"".join(line + b"\n" for line, _ in RAW_LINES)
    bench.deliver("lf.csv", a_csv() + body)
    bench.deliver("crlf.csv", (a_csv() + body).replace(b"\n", b"\r\n"))
    bench.deliver("crcrlf.csv", a_csv() + body.replace(b"\n", b"\r\r\n"))

    outcome = bench.validate("--max-rejected-share", "1")

    for name, end in (("lf", b""), ("crlf", b""), ("crcrlf", b"\r")):
        key = f"data/streams/{name}.csv"
        found = [(line, reason) for file, line, reason in outcome.quarantined() if file == key]
        expected = [(line + end, reason) for line, reason in RAW_LINES]
        assert len(found) == len(expected)
        # One more carriage return ends a quoted field's last byte: nothing else changes.
        assert sorted(line for line, _ in found) == sorted(line for line, _ in expected)
        if not end:
            assert sorted(found) == sorted(expected)
    assert outcome.files()["data/streams/lf.csv"]["rows_read"] == len(RAW_LINES)


def test_more_forms_of_header_than_have_a_pattern_are_read_alike(
    spark: SparkSession, bench: Bench
) -> None:
    headers = [",".join(order) for order in permutations(HEADER.split(","))]
    headers += [f"{header},device" for header in headers]
    headers += [HEADER + ",x" * width for width in (62, 70, 500)]
    for number, header in enumerate(headers):
        bench.deliver(f"{number:02d}.csv", a_csv(a_line_of(header, number + 1), "x", header=header))

    outcome = bench.validate()

    expected = plays(spark, *(a_play(number + 1) for number in range(len(headers))))
    assert len(headers) == 15
    assert_df_equality(
        outcome.streams(),
        expected,
        ignore_row_order=True,
        ignore_nullable=True,
        ignore_metadata=True,
    )
    one_of_two = rows_of(2, 1, rejected={"malformed_row": 1})
    assert list(outcome.files().values()) == [one_of_two] * len(headers)


def test_a_quarantine_of_many_reasons_is_counted_by_reason(
    spark: SparkSession, bench: Bench
) -> None:
    bench.deliver("a.csv", a_csv("0,t,x", "1,t,x", "1,t,y", a_line(1)))

    outcome = bench.validate()

    rejected = {"invalid_listen_time": 2, "invalid_user_id": 1}
    assert outcome.files() == {"data/streams/a.csv": rows_of(4, 1, rejected=rejected)}
    key = "data/streams/a.csv"
    expected = frame(
        spark,
        schemas.QUARANTINE,
        (key, b"0,t,x", "invalid_user_id"),
        (key, b"1,t,x", "invalid_listen_time"),
        (key, b"1,t,y", "invalid_listen_time"),
    )
    assert_df_equality(
        outcome.quarantine(),
        expected,
        ignore_row_order=True,
        ignore_nullable=True,
        ignore_metadata=True,
    )
