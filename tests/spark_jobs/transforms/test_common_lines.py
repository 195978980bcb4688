"""Which lines the fast rule proves, and what it passes on."""

from collections import Counter

from chispa.dataframe_comparer import assert_df_equality
from pyspark.sql import SparkSession

from spark_jobs.schemas import LINES
from spark_jobs.transforms.common_lines import (
    MAX_FIELDS,
    MAX_LAYOUTS,
    Layout,
    choose_layouts,
    prove_common_lines,
)
from tests.builders import (
    A_TIME,
    PLAY_COLUMNS,
    a_claimed_file,
    a_passed_line,
    a_proven_play,
    claimed_files,
    frame,
    scanned_lines,
)
from tests.spark_jobs.transforms.judging import layout_of

PLAIN = layout_of(PLAY_COLUMNS)
TIME = A_TIME.encode()


def test_a_common_line_becomes_its_play(spark: SparkSession) -> None:
    content = b"7,t1,2024-06-25 17:43:13\r\n7,t1,2024-06-25 17:43:13\n8,=t'2~,2000-01-01T00:00:00"
    files = claimed_files(spark, a_claimed_file(path="p", file_index=3))

    proven = prove_common_lines(scanned_lines(spark, {"p": content}), files, [PLAIN])

    expected = frame(
        spark,
        LINES,
        a_proven_play(7, "t1", "2024-06-25 17:43:13", file_index=3),
        a_proven_play(7, "t1", "2024-06-25 17:43:13", file_index=3),
        a_proven_play(8, "=t'2~", "2000-01-01 00:00:00", file_index=3),
    )
    assert_df_equality(proven, expected, ignore_row_order=True, ignore_nullable=True)


def test_every_other_line_is_passed_on_without_its_end(spark: SparkSession) -> None:
    lines = [b"user_id,track_id,listen_time", b"", b"\t", b"7,t1," + TIME + b"\r", b"\xff", b"\xe2"]
    lines += [line + TIME for line in (b"007,t1,", b"0,t1,", b"9999999999999999999,t1,", b"7,t 1,")]
    lines += [line + TIME for line in (b'"7",t1,', b"7,,", b"7,t1, ", b"7,\xc3\xa9,", b"+7,t1,")]
    lines += [b"7," + b"t" * 65 + b"," + TIME, b"7,t1," + TIME + b"Z", b"7,t1," + TIME + b".5"]
    lines += [b"7,t1,2024-06-25 24:00:00", b"7,t1,2024-06-25 23:59:60", b"7,t1,2023-02-29 00:00:00"]
    lines += [b"7,t1,1999-12-31 23:59:59", b"7,t1,2024-07-02 00:00:01", b"7,t1,0000-01-01 00:00:00"]
    content = b"\r\n".join(lines) + b"\r\n"
    files = claimed_files(spark, a_claimed_file(path="p"))

    proven = prove_common_lines(scanned_lines(spark, {"p": content}), files, [PLAIN])

    expected = frame(spark, LINES, *map(a_passed_line, lines))
    assert_df_equality(proven, expected, ignore_row_order=True, ignore_nullable=True)


def test_a_time_is_proven_from_2000_to_24_hours_after_its_file(spark: SparkSession) -> None:
    content = b"7,t1,2000-01-01 00:00:00\n7,t1,2024-06-30 01:02:03\n7,t1,2024-06-30 01:02:04\n"
    rows = [
        a_claimed_file(0, path="late", last_modified="2024-06-29 01:02:03"),
        a_claimed_file(1, path="a moment earlier", last_modified="2024-06-29 01:02:02.999999"),
    ]
    lines = scanned_lines(spark, {"late": content, "a moment earlier": content})

    proven = prove_common_lines(lines, claimed_files(spark, *rows), [PLAIN])

    expected = frame(
        spark,
        LINES,
        a_proven_play(7, "t1", "2000-01-01 00:00:00"),
        a_proven_play(7, "t1", "2024-06-30 01:02:03"),
        a_passed_line(b"7,t1,2024-06-30 01:02:04"),
        a_proven_play(7, "t1", "2000-01-01 00:00:00", file_index=1),
        a_passed_line(b"7,t1,2024-06-30 01:02:03", file_index=1),
        a_passed_line(b"7,t1,2024-06-30 01:02:04", file_index=1),
    )
    assert_df_equality(proven, expected, ignore_row_order=True, ignore_nullable=True)


def test_each_file_is_read_by_its_own_layout(spark: SparkSession) -> None:
    columns = {
        "a": ("listen_time", "track_id", "user_id"),
        "b": ("note", "user_id", "track_id", "listen_time", "note"),
        "c": ("track_id", "user_id", "listen_time"),
    }
    files = claimed_files(
        spark,
        *(
            a_claimed_file(index, path=path, columns=names)
            for index, (path, names) in enumerate(columns.items())
        ),
    )
    lines = scanned_lines(
        spark,
        {
            "a": TIME + b",8,7\n7,8," + TIME,
            "b": b",7,8," + TIME + b", a\\b \n7,8," + TIME + b"\n,7,8," + TIME + b',"a"',
            "c": b"8,7," + TIME,
            "of no claimed file": b"7,8," + TIME,
        },
    )

    chosen = [layout_of(columns["a"]), layout_of(columns["b"])]
    proven = prove_common_lines(lines, files, chosen)

    expected = frame(
        spark,
        LINES,
        a_proven_play(7, "8", A_TIME),
        a_passed_line(b"7,8," + TIME),
        a_proven_play(7, "8", A_TIME, file_index=1),
        a_passed_line(b"7,8," + TIME, file_index=1),
        a_passed_line(b",7,8," + TIME + b',"a"', file_index=1),
        a_passed_line(b"8,7," + TIME, file_index=2),
        a_passed_line(b"7,8," + TIME, file_index=None),
    )
    assert_df_equality(proven, expected, ignore_row_order=True, ignore_nullable=True)


def test_without_layouts_or_lines_nothing_is_proven(spark: SparkSession) -> None:
    files = claimed_files(spark, a_claimed_file(path="p"))
    line = scanned_lines(spark, {"p": b"7,t1," + TIME})

    without_layouts = prove_common_lines(line, files, [])
    without_lines = prove_common_lines(scanned_lines(spark, {"p": b""}), files, [PLAIN])

    expected = frame(spark, LINES, a_passed_line(b"7,t1," + TIME))
    assert_df_equality(without_layouts, expected, ignore_nullable=True)
    assert_df_equality(without_lines, frame(spark, LINES), ignore_nullable=True)


def test_the_most_frequent_layouts_of_few_columns_are_chosen() -> None:
    frequencies = Counter({Layout(3 + extra, 0, 1, 2): 20 - extra for extra in range(12)})
    wide = Layout(MAX_FIELDS + 1, 0, 1, 2)
    widest = Layout(MAX_FIELDS, 0, 1, 2)

    chosen = choose_layouts([*frequencies.elements(), *[wide] * 90, *[widest] * 30])

    assert chosen == [widest, *(Layout(3 + extra, 0, 1, 2) for extra in range(MAX_LAYOUTS - 1))]
    assert choose_layouts([]) == []
