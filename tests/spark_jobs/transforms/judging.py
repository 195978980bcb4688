"""Lines through the rules: what the tests of several transformations begin with."""

from collections.abc import Mapping
from typing import Any

from chispa.dataframe_comparer import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.schemas import JUDGED
from spark_jobs.session import in_java
from spark_jobs.transforms.common_lines import Layout, prove_common_lines
from spark_jobs.transforms.line_rules import apply_line_rules, select_odd_plays, unite_valid_plays
from tests.builders import (
    PLAY_COLUMNS,
    a_claimed_file,
    claimed_files,
    frame,
    instant_at,
    lines_of_file,
    scanned_lines,
)
from tests.reference import read_file


def assert_judged(spark: SparkSession, *rows: tuple[Any, ...], **file: Any) -> None:
    """Judge the rows' own lines, all of one file, and compare with the rows."""
    assert rows
    lines = [bytes(row[5]) for row in rows]
    files = claimed_files(spark, a_claimed_file(**file))

    judged = apply_line_rules(lines_of_file(spark, *lines), files)

    expected = frame(spark, JUDGED, *rows)
    assert_df_equality(judged, expected, ignore_row_order=True, ignore_nullable=True)


def layout_of(columns: tuple[str, ...] | list[str]) -> Layout:
    return Layout(len(columns), *(columns.index(column) for column in PLAY_COLUMNS))


def judge_files(
    spark: SparkSession, contents: Mapping[str, tuple[bytes, int]]
) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Put whole files, by key, through both rules, as the job does.

    Kept like there: filters upon the rules would otherwise be pushed into them, many times over.

    Returns:
        The valid plays (READ_PLAYS), what the full rules gave, and CLAIMED_FILES. File indexes
        follow the keys' byte order.
    """
    rows, layouts = [], set()
    for index, key in enumerate(sorted(contents, key=str.encode)):
        content, last_modified = contents[key]
        reading = read_file(key, content, last_modified)
        layouts.add(layout_of(reading.names))
        row = a_claimed_file(index, file_key=key, path=key, columns=reading.names)
        rows.append((*row[:-2], reading.header.decode(), instant_at(last_modified)))
    files = claimed_files(spark, *rows)
    lines = scanned_lines(spark, {key: content for key, (content, _) in contents.items()})
    with in_java(spark):
        proven = prove_common_lines(lines, files, sorted(layouts, key=str)).persist()
        judged = apply_line_rules(proven, files).persist()
    return unite_valid_plays(proven, select_odd_plays(judged)), judged, files
