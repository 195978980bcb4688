"""Any character may stand in a key: each file is read once, under its own name."""

from pathlib import Path

import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession

from tests.builders import a_play, plays
from tests.spark_jobs.job_builders import Bench, a_csv, a_line, rows_of

AWKWARD = [
    "star.csv",
    "st*r.csv",
    "br1.csv",
    "br[1].csv",
    "br[[1].csv",
    "sp ace=%25é.csv",
    "sp ace=%é.csv",
    "sp+ace.csv",
    "a:b.csv",
    "new\nline.csv",
    "back\\slash.csv",
    "{a,b}.csv",
    "a.csv",
    "comma,ted.csv",
    "wha?.csv",
    "#&;'\"`$~!@^.csv",
    "tab\tbed\r.csv",
    "🎵.csv",
    "e\u0301.csv",
    "é.csv",
    " .csv",
    "a..csv",
    "_backup/a.csv",
    ".hidden/a.csv",
    "2024/06/25/a.csv",
    "day=2024-06-25/a.csv",
    "day=x/hour=3/a.csv",
    "user_id=5/value=7/a.csv",
    "UPPER.csv",
    "upper.csv",
]


@pytest.fixture
def bench(spark: SparkSession, tmp_path: Path) -> Bench:
    return Bench(spark, tmp_path)


def test_files_of_awkward_names_are_read_once_each(spark: SparkSession, bench: Bench) -> None:
    for number, name in enumerate(AWKWARD, start=1):
        bench.deliver(name, a_csv(a_line(number), f"line of {name!r}"))

    outcome = bench.validate()

    one_of_two = rows_of(2, 1, rejected={"malformed_row": 1})
    assert outcome.files() == {f"data/streams/{name}": one_of_two for name in AWKWARD}
    assert {key: line.decode() for key, line, _ in outcome.quarantined()} == {
        f"data/streams/{name}": f"line of {name!r}" for name in AWKWARD
    }
    expected = plays(spark, *(a_play(number) for number in range(1, len(AWKWARD) + 1)))
    assert_df_equality(
        outcome.streams(),
        expected,
        ignore_row_order=True,
        ignore_nullable=True,
        ignore_metadata=True,
    )


def test_a_name_of_a_colon_and_a_pattern_is_read_too(bench: Bench) -> None:
    """Hadoop's globber takes what stands before a colon for a scheme."""
    names = ["10:00 [live].csv", "a:b/st*r.csv", "st*r/10:00.csv", "x:?.csv", "back\\slash:1.csv"]
    for number, name in enumerate([*names, "other.csv"]):
        bench.deliver(name, a_csv(a_line(number + 1)))

    outcome = bench.validate()

    assert outcome.files() == {
        f"data/streams/{name}": rows_of(1, 1) for name in [*names, "other.csv"]
    }
