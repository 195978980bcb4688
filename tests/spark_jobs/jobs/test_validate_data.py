"""validate_data turns a claim's files into plays, quarantine, touched hours and accounting."""

import json
from pathlib import Path
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from spark_jobs import schemas
from spark_jobs.errors import JobError
from spark_jobs.jobs.validate_data import parse_args, run
from tests.builders import a_play, at, frame, plays
from tests.spark_jobs.job_builders import A_RUN, Bench, a_csv, a_line, rows_of

LARGEST = 2**63 - 1
FLAGS = ["--claim", "c", "--lake", "l", "--output", "o", "--quarantine", "q"]


@pytest.fixture
def bench(spark: SparkSession, tmp_path: Path) -> Bench:
    return Bench(spark, tmp_path)


def assert_same_rows(actual: DataFrame, expected: DataFrame) -> None:
    assert_df_equality(
        actual, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True
    )


def hours(spark: SparkSession, *texts: str) -> DataFrame:
    return frame(spark, schemas.TOUCHED_HOURS, *((at(text),) for text in texts))


def test_a_claim_becomes_plays_quarantine_hours_and_accounting(
    spark: SparkSession, bench: Bench
) -> None:
    evening, night = "2024-06-25 17:43:13", "2024-06-26 00:00:00"
    bench.deliver("a.csv", a_csv(a_line(1, "t1", evening), a_line(2, "t1", evening), "3,,x"))
    bench.deliver("b.csv", a_csv(a_line(1, "t2", night), "0,t,x", "-1,t,x", "only one"))

    outcome = bench.validate()

    assert_same_rows(
        outcome.streams(),
        plays(spark, a_play(1, "t1", evening), a_play(2, "t1", evening), a_play(1, "t2", night)),
    )
    assert_same_rows(
        outcome.quarantine(),
        frame(
            spark,
            schemas.QUARANTINE,
            ("data/streams/a.csv", b"3,,x", "missing_track_id"),
            ("data/streams/b.csv", b"0,t,x", "invalid_user_id"),
            ("data/streams/b.csv", b"-1,t,x", "invalid_user_id"),
            ("data/streams/b.csv", b"only one", "malformed_row"),
        ),
    )
    assert_same_rows(
        outcome.touched_hours(), hours(spark, "2024-06-25 17:00:00", "2024-06-26 00:00:00")
    )
    # What stands there: test_validate_data_examples.
    assert outcome.accounting()["explained"].keys() == outcome.files().keys()
    assert outcome.accounting() | {"explained": {}} == {
        "run": A_RUN,
        "explained": {},
        "files": {
            "data/streams/a.csv": rows_of(3, 2, rejected={"missing_track_id": 1}),
            "data/streams/b.csv": rows_of(4, 1, 0, {"invalid_user_id": 2, "malformed_row": 1}),
        },
        "refused": {},
        "touched_days": ["2024-06-25", "2024-06-26"],
    }


def test_plays_lie_by_their_utc_day_and_only_what_is_read_later_is_left(bench: Bench) -> None:
    times = [f"{year}-12-31T23:30:00-00:30" for year in range(2000, 2024)]
    times += [f"2024-06-{day:02d} 23:59:59.999999" for day in range(1, 31)]
    bench.deliver("a.csv", a_csv(*(a_line(1, "t", time) for time in times)))

    outcome = bench.validate()

    written = {path.parent.name for path in outcome.output.glob("streams/*/*.parquet")}
    assert written == {
        *(f"listen_date={year}-01-01" for year in range(2001, 2025)),
        *(f"listen_date=2024-06-{day:02d}" for day in range(1, 31)),
    }
    assert {path.name for path in outcome.output.iterdir()} == {
        *("streams", "touched_hours", "accounting.json", "lines", "odd_plays")
    }
    assert outcome.files() == {"data/streams/a.csv": rows_of(54, 54)}
    assert outcome.touched_hours().count() == 54


def test_a_row_is_lost_neither_at_the_largest_id_nor_at_the_longest_track(
    spark: SparkSession, bench: Bench
) -> None:
    longest = "🎵" * 16
    bench.deliver(
        "a.csv",
        a_csv(
            a_line(LARGEST, longest),
            a_line(f"00{LARGEST}", "t"),
            a_line(LARGEST - 1, "t"),
            a_line(LARGEST + 1, "t"),
            a_line(1, longest + "x"),
        ),
    )

    outcome = bench.validate()

    assert_same_rows(
        outcome.streams(),
        plays(spark, a_play(LARGEST, longest), a_play(LARGEST, "t"), a_play(LARGEST - 1, "t")),
    )
    rejected = {"invalid_user_id": 1, "invalid_track_id": 1}
    assert outcome.files() == {"data/streams/a.csv": rows_of(5, 3, rejected=rejected)}


def test_the_latest_time_of_a_file_follows_its_last_modified(bench: Bench) -> None:
    edge = [a_line(1, "t", "2024-06-26T10:00:00Z"), a_line(1, "t", "2024-06-26 10:00:00.000001")]
    bench.deliver("a.csv", a_csv(*edge), last_modified="2024-06-25T12:00:00+02:00")
    bench.deliver("b.csv", a_csv(*edge), last_modified="2024-06-25T10:00:00.000001+00:00")

    outcome = bench.validate()

    assert outcome.files() == {
        "data/streams/a.csv": rows_of(2, 1, rejected={"listen_time_out_of_range": 1}),
        "data/streams/b.csv": rows_of(2, 1, 1),
    }


def test_an_empty_claim_gives_empty_outputs(spark: SparkSession, bench: Bench) -> None:
    outcome = bench.validate()

    nothing = {"files": {}, "refused": {}, "explained": {}, "touched_days": []}
    assert outcome.accounting() == {"run": A_RUN} | nothing
    assert_same_rows(outcome.streams(), plays(spark))
    assert_same_rows(outcome.touched_hours(), hours(spark))
    assert_same_rows(outcome.quarantine(), frame(spark, schemas.QUARANTINE))


def test_two_runs_over_the_same_claim_give_the_same_rows(bench: Bench) -> None:
    bench.publish("listen_date=2024-06-25/0000000001-0.parquet", a_play(9))
    bench.commit = 1
    bench.deliver("b.csv", a_csv(a_line(9), a_line(8), "x", a_line(8)))
    bench.deliver("a.csv", a_csv(a_line(8), a_line(7, "t", "2024-06-24 01:02:03.5")))
    bench.deliver("c.csv", a_csv(header="a,b,c"))

    first = bench.validate(attempt=1)
    before = {path: path.read_bytes() for path in first.output.rglob("*") if path.is_file()}
    second = bench.validate(attempt=2)

    assert_same_rows(first.streams(), second.streams())
    assert_same_rows(first.quarantine(), second.quarantine())
    assert_same_rows(first.touched_hours(), second.touched_hours())
    assert first.accounting() == second.accounting()
    assert before == {path: path.read_bytes() for path in first.output.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "there", ["staging/validate_data/attempt=1/streams", "quarantine/attempt=1"]
)
def test_a_folder_that_is_there_already_is_never_written_to(bench: Bench, there: str) -> None:
    bench.deliver("a.csv", a_csv(a_line()))
    (bench.folder / there).mkdir(parents=True)
    (bench.folder / there / "mine.txt").write_text("mine")

    with pytest.raises(JobError, match="is there already"):
        bench.validate()

    assert [path.name for path in (bench.folder / there).iterdir()] == ["mine.txt"]
    assert not list(bench.folder.rglob("accounting.json"))


def test_a_claim_that_is_missing_is_an_error_of_one_line(spark: SparkSession, bench: Bench) -> None:
    uri = f"file:{bench.folder}/claim.json"
    args = parse_args([*FLAGS, "--claim", uri])

    with pytest.raises(JobError, match=r"claim\.json cannot be read") as error:
        run(spark, args)

    assert "\n" not in str(error.value)


def test_a_claimed_file_that_is_gone_fails_the_run(bench: Bench) -> None:
    bench.deliver("a.csv", a_csv(a_line()))
    (bench.folder / "data/streams/a.csv").unlink()

    with pytest.raises(JobError, match=r"a\.csv cannot be read"):
        bench.validate()


def test_the_accounting_is_plain_text_in_the_order_of_keys(bench: Bench) -> None:
    bench.deliver("é.csv", a_csv())
    bench.deliver("b.csv", a_csv(a_line()))

    outcome = bench.validate()

    text = (outcome.output / "accounting.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text)
    assert '"data/streams/é.csv"' in text
    assert list(document["files"]) == ["data/streams/b.csv", "data/streams/é.csv"]
    assert document["files"]["data/streams/é.csv"] == rows_of(0)


@pytest.mark.parametrize("share", ["-0.01", "1.01", "nan", "ten"])
def test_a_share_outside_0_to_1_is_refused_before_spark_starts(share: str) -> None:
    with pytest.raises(SystemExit):
        parse_args([*FLAGS, "--max-rejected-share", share])


@pytest.mark.parametrize("missing", FLAGS[::2])
def test_every_path_is_a_flag_without_default(missing: str) -> None:
    place = FLAGS.index(missing)

    with pytest.raises(SystemExit):
        parse_args(FLAGS[:place] + FLAGS[place + 2 :])


def test_the_share_rule_defaults_to_a_tenth_and_twenty_rows() -> None:
    args = parse_args(FLAGS)

    assert (args.max_rejected_share, args.min_rejected_rows) == (0.10, 20)
