"""transform_kpis tells, per file, how many plays are of unknown tracks and users."""

import json
from pathlib import Path

from pyspark.sql import SparkSession

from tests.builders import a_song
from tests.spark_jobs.job_builders import Bench, a_csv, a_line


def test_valid_plays_of_each_file_that_is_taken_are_looked_up(
    spark: SparkSession, tmp_path: Path
) -> None:
    bench = Bench(spark, tmp_path)
    # The fast rule proves the first three lines; the full rules take the next, and reject the last.
    lines = [a_line(1, "a"), a_line(1, "x"), a_line(1, "x"), a_line("9.0", "p:x"), a_line("u", "x")]
    mixed = bench.deliver("mixed.csv", a_csv(*lines))
    bench.deliver("all-known.csv", a_csv(a_line(1, "p:a")))
    bench.deliver("0-refused.csv", a_csv(*[a_line("u", "x")] * 30, a_line(9, "x")))
    bench.deliver("1-empty.csv", b"")
    bench.hand_over_metadata(songs=[a_song(track_id="a")], users=[(1, None, None, None, None)])
    validated = bench.validate("--track-id-prefix", "p:").output

    output = bench.transform(validated=validated)

    assert json.loads((output / "unknown.json").read_text()) == {
        "files": {mixed: {"plays_of_unknown_tracks": 3, "plays_of_unknown_users": 1}},
        "plays_of_unknown_tracks": 3,
        "plays_of_unknown_users": 1,
    }


def test_a_run_without_files_has_no_such_plays(spark: SparkSession, tmp_path: Path) -> None:
    bench = Bench(spark, tmp_path)
    bench.hand_over()

    output = bench.transform()

    assert json.loads((output / "unknown.json").read_text()) == {
        "files": {},
        "plays_of_unknown_tracks": 0,
        "plays_of_unknown_users": 0,
    }
