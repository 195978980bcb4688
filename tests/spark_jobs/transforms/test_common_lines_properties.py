"""The fast rule against the full ones, over hostile lines of several headers."""

from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.transforms.common_lines import prove_common_lines
from spark_jobs.transforms.line_rules import apply_line_rules
from tests.builders import a_claimed_file, claimed_files, numbered_lines
from tests.generators import HEADERS, PREFIX, hostile_line
from tests.spark_jobs.transforms.judging import layout_of

LINES = 2_500


def collect_proven(
    proven: DataFrame,
) -> tuple[dict[int, tuple[int, str, int]], dict[int, bytes]]:
    """Give the proven plays and the lines passed on, by file index."""
    micros = F.unix_micros("listen_time")
    plays, passed_on = {}, {}
    for index, line, *play in proven.select(
        "file_index", "line", "user_id", "track_id", micros
    ).collect():
        if line is not None:
            assert play == [None] * 3
            passed_on[index] = bytes(line)
        else:
            plays[index] = tuple(play)
    return plays, passed_on


@settings(
    max_examples=3,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
)
@given(seed=st.integers(0, 2**32))
def test_a_proven_line_is_a_play_by_the_full_rules_and_the_same_one(
    spark: SparkSession, seed: int
) -> None:
    random = Random(seed)
    # A file for each line: so each answer names its line.
    columns = [random.choice(HEADERS) for _ in range(LINES)]
    delivered = [hostile_line(random, names) for names in columns]
    lines = [line.removesuffix(b"\r") for line in delivered]
    files = claimed_files(
        spark,
        *(
            a_claimed_file(index, path=f"p{index}", columns=names)
            for index, names in enumerate(columns)
        ),
    )
    path = F.concat(F.lit("p"), "file_index").alias("path")
    scanned = numbered_lines(spark, enumerate(delivered)).select(
        F.col("line").cast("string").alias("value"), path, "line_id"
    )

    layouts = [layout_of(names) for names in HEADERS]
    proven = prove_common_lines(scanned, files, layouts, track_id_prefix=PREFIX)
    numbered = numbered_lines(spark, enumerate(lines))
    judged = apply_line_rules(numbered, files, track_id_prefix=PREFIX)

    proven_plays, passed_on = collect_proven(proven)
    full = judged.select("file_index", "user_id", "track_id", F.unix_micros("listen_time"))
    by_full_rules = {index: tuple(play) for index, *play in full.collect() if None not in play}
    assert proven_plays.keys().isdisjoint(passed_on)
    assert len(proven_plays) + len(passed_on) == LINES
    wrong = {
        (delivered[index], columns[index]): (play, by_full_rules.get(index))
        for index, play in proven_plays.items()
        if play != by_full_rules.get(index)
    }
    assert wrong == {}
    assert {lines[index] for index in passed_on if passed_on[index] != lines[index]} == set()
    assert len(proven_plays) > LINES / 20
    assert any(PREFIX.encode() in lines[index] for index in proven_plays)
    assert len(by_full_rules) > len(proven_plays)
