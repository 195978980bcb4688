"""What is kept of rejected lines."""

from chispa.dataframe_comparer import assert_df_equality
from pyspark.sql import SparkSession

from spark_jobs.schemas import QUARANTINE
from spark_jobs.transforms.line_rules import apply_line_rules
from spark_jobs.transforms.quarantine import select_quarantine
from tests.builders import A_TIME, a_claimed_file, claimed_files, frame, numbered_lines

HEADER = b"user_id,track_id,listen_time"


def test_rejected_lines_are_kept_byte_for_byte_with_their_file(spark: SparkSession) -> None:
    files = claimed_files(
        spark, a_claimed_file(0, file_key="data/streams/é.csv"), a_claimed_file(1, file_key="b")
    )
    lines = [
        (0, HEADER),
        (0, f"7,t1,{A_TIME}".encode()),
        (0, b" \t"),
        (0, b"\xff\x00\r"),
        (0, b"\xff\x00\r"),
        (0, b'"'),
        (1, b'"'),
        (1, b"=1+1,t1,now "),
    ]

    judged = apply_line_rules(numbered_lines(spark, lines), files).persist()
    quarantine = select_quarantine(judged, files.select("file_index", "file_key"))

    expected = frame(
        spark,
        QUARANTINE,
        ("data/streams/é.csv", bytearray(b"\xff\x00\r"), "invalid_encoding"),
        ("data/streams/é.csv", bytearray(b"\xff\x00\r"), "invalid_encoding"),
        ("data/streams/é.csv", bytearray(b'"'), "malformed_row"),
        ("b", bytearray(b'"'), "malformed_row"),
        ("b", bytearray(b"=1+1,t1,now "), "invalid_user_id"),
    )
    assert_df_equality(quarantine, expected, ignore_row_order=True, ignore_nullable=True)


def test_one_header_line_of_each_file_is_no_row_and_its_repetitions_are(
    spark: SparkSession,
) -> None:
    files = claimed_files(
        spark,
        a_claimed_file(0, file_key="once"),
        a_claimed_file(1, file_key="three times"),
        a_claimed_file(2, file_key="other columns", columns=HEADER.decode().split(",")[::-1]),
    )
    lines = [(0, HEADER), (1, HEADER), (1, HEADER), (1, HEADER)]
    lines += [(2, b"listen_time,track_id,user_id"), (2, HEADER)]

    judged = apply_line_rules(numbered_lines(spark, lines), files).persist()
    quarantine = select_quarantine(judged, files.select("file_index", "file_key"))

    expected = frame(
        spark,
        QUARANTINE,
        ("three times", bytearray(HEADER), "invalid_user_id"),
        ("three times", bytearray(HEADER), "invalid_user_id"),
        ("other columns", bytearray(HEADER), "invalid_user_id"),
    )
    assert_df_equality(quarantine, expected, ignore_row_order=True, ignore_nullable=True)


def test_without_rejected_lines_nothing_is_kept(spark: SparkSession) -> None:
    files = claimed_files(spark, a_claimed_file())
    lines = numbered_lines(spark, [(0, HEADER), (0, f"7,t1,{A_TIME}".encode())])

    judged = apply_line_rules(lines, files).persist()
    quarantine = select_quarantine(judged, files.select("file_index", "file_key"))

    assert_df_equality(quarantine, frame(spark, QUARANTINE), ignore_nullable=True)
