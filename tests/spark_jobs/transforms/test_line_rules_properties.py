"""The full rules against the reference, over hostile lines of several headers."""

from collections import Counter
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_jobs.transforms.line_rules import apply_line_rules
from tests.builders import (
    A_MODIFICATION,
    a_claimed_file,
    claimed_files,
    micros_at,
    numbered_lines,
)
from tests.generators import HEADERS, PREFIX, hostile_line
from tests.reference import judge_line

LINES = 2_500


@settings(
    max_examples=3,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
)
@given(seed=st.integers(0, 2**32))
def test_each_line_is_read_as_the_reference_reads_it(spark: SparkSession, seed: int) -> None:
    random = Random(seed)
    # A file for each line: so each answer names its line.
    columns = [random.choice(HEADERS) for _ in range(LINES)]
    lines = [hostile_line(random, names) for names in columns]
    files = [a_claimed_file(index, columns=names) for index, names in enumerate(columns)]

    judged = apply_line_rules(
        numbered_lines(spark, enumerate(lines)),
        claimed_files(spark, *files),
        track_id_prefix=PREFIX,
    ).select("file_index", "user_id", "track_id", F.unix_micros("listen_time"), "reason")

    answers = {index: reason or tuple(play) for index, *play, reason in judged.collect()}
    expected = {
        index: judge_line(line, names, micros_at(A_MODIFICATION), PREFIX)
        for index, (line, names) in enumerate(zip(lines, columns, strict=True))
        if line.strip(b" \t")
    }
    wrong = {
        (lines[index], columns[index]): (answers.get(index), expected.get(index))
        for index in range(LINES)
        if answers.get(index) != expected.get(index)
    }
    assert wrong == {}
    kinds = Counter(answer if isinstance(answer, str) else "play" for answer in answers.values())
    assert len(kinds) == 10
    assert kinds["play"] > LINES / 10
    assert min(kinds.values()) > 10
