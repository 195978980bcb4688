"""Each play is accepted once: of copies the smallest file key's, and none that the lake holds."""

from pathlib import Path

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.errors import JobError
from tests.builders import A_TIME, a_play, plays
from tests.spark_jobs.job_builders import Bench, a_csv, a_line, rows_of

DAY = "listen_date=2024-06-25"


@pytest.fixture
def bench(spark: SparkSession, tmp_path: Path) -> Bench:
    return Bench(spark, tmp_path)


def assert_same_rows(actual: DataFrame, expected: DataFrame) -> None:
    assert_df_equality(
        actual, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True
    )


def users(streams: DataFrame) -> list[int]:
    return sorted(row.user_id for row in streams.collect())


def test_a_common_play_counts_for_the_smallest_key_wherever_it_stands_in_the_claim(
    spark: SparkSession, bench: Bench
) -> None:
    bench.deliver("é.csv", a_csv(a_line(1), a_line(2)))
    bench.deliver("b.csv", a_csv(a_line(1), a_line(3), a_line(2)))
    bench.deliver("B.csv", a_csv(a_line(1)))
    bench.deliver("z/a.csv", a_csv(a_line(3), a_line(4)))

    outcome = bench.validate()

    assert outcome.files() == {
        "data/streams/B.csv": rows_of(1, 1),
        "data/streams/b.csv": rows_of(3, 2, 1),
        "data/streams/z/a.csv": rows_of(2, 1, 1),
        "data/streams/é.csv": rows_of(2, 0, 2),
    }
    assert_same_rows(outcome.streams(), plays(spark, *(a_play(user) for user in (1, 2, 3, 4))))


def test_a_play_is_one_however_it_is_written(spark: SparkSession, bench: Bench) -> None:
    bench.deliver(
        "a.csv",
        a_csv(
            a_line("007", "t", "2024-06-25 10:00:00"),
            a_line(7, '"t"', "2024-06-25T12:00:00+02:00"),
            a_line(" 7", "t\t", "2024-06-25T10:00:00.000Z"),
            a_line('"7"', " t", "2024-06-24T16:00:00.000000-18:00"),
            a_line(7, "t", "2024-06-25 10:00:00.000001"),
            a_line(7, "T", "2024-06-25 10:00:00"),
        ),
    )

    outcome = bench.validate()

    assert outcome.files() == {"data/streams/a.csv": rows_of(6, 3, 3)}
    assert_same_rows(
        outcome.streams(),
        plays(
            spark,
            a_play(7, "t", "2024-06-25 10:00:00"),
            a_play(7, "t", "2024-06-25 10:00:00.000001"),
            a_play(7, "T", "2024-06-25 10:00:00"),
        ),
    )


def test_a_play_of_the_lake_is_a_duplicate_that_still_touches_its_hour(bench: Bench) -> None:
    bench.commit = 2
    bench.publish(f"{DAY}/0000000001-0.parquet", a_play(1))
    bench.publish(f"{DAY}/0000000002-0.parquet", a_play(2))
    bench.publish(f"{DAY}/0000000002-17.parquet", a_play(3))
    bench.deliver("a.csv", a_csv(*(a_line(user) for user in (3, 2, 1, 3))))

    outcome = bench.validate()

    assert outcome.files() == {"data/streams/a.csv": rows_of(4, 0, 4)}
    assert outcome.quarantined() == []
    assert [row.hour.hour for row in outcome.touched_hours().collect()] == [17]


def test_only_what_the_claims_commit_had_published_is_seen(bench: Bench) -> None:
    """What a compaction superseded, and what a later commit wrote, are not the lake."""
    bench.commit = 3
    bench.publish(f"{DAY}/0000000001-0.parquet", a_play(1))
    bench.publish(f"{DAY}/0000000001-all.parquet", a_play(1))
    bench.publish(f"{DAY}/0000000002-0.parquet", a_play(5))
    bench.publish(f"{DAY}/0000000002-all.parquet", a_play(2))
    bench.publish(f"{DAY}/0000000003-0.parquet", a_play(3))
    bench.publish(f"{DAY}/0000000004-0.parquet", a_play(4))
    bench.publish(f"{DAY}/0000000004-all.parquet", a_play(4))
    bench.deliver("a.csv", a_csv(*(a_line(user) for user in (1, 2, 3, 4, 5))))

    outcome = bench.validate()

    assert users(outcome.streams()) == [1, 4, 5]
    assert outcome.files() == {"data/streams/a.csv": rows_of(5, 3, 2)}


def test_a_lake_without_a_published_commit_is_empty(bench: Bench) -> None:
    bench.publish(f"{DAY}/0000000001-0.parquet", a_play(1))
    bench.deliver("a.csv", a_csv(a_line(1)))

    assert bench.validate().files() == {"data/streams/a.csv": rows_of(1, 1)}


def test_days_of_the_lake_without_new_plays_are_not_opened(bench: Bench) -> None:
    bench.commit = 1
    broken = bench.lake / "streams" / "listen_date=2024-06-24" / "0000000001-0.parquet"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no parquet")
    bench.deliver("a.csv", a_csv(a_line(1), "2,t,2024-06-24 25:00:00"))

    assert bench.validate().files() == {
        "data/streams/a.csv": rows_of(2, 1, rejected={"invalid_listen_time": 1})
    }


def test_an_object_that_no_commit_wrote_fails_the_run(bench: Bench) -> None:
    bench.commit = 1
    bench.publish(f"{DAY}/part-00000.parquet", a_play(1))
    bench.deliver("a.csv", a_csv(a_line(1)))

    with pytest.raises(JobError, match=r"the lake holds part-00000\.parquet"):
        bench.validate()


def test_a_play_of_a_refused_file_belongs_to_the_good_one_behind_it(bench: Bench) -> None:
    bench.deliver("a.csv", a_csv(a_line(1), a_line(2), *["x"] * 20))
    bench.deliver("b.csv", a_csv(a_line(2), a_line(3)))

    outcome = bench.validate()

    assert outcome.refused() == {"data/streams/a.csv": "too_many_rejected_rows"}
    assert outcome.files() == {"data/streams/b.csv": rows_of(2, 2)}
    assert users(outcome.streams()) == [2, 3]


def test_ten_files_give_the_plays_of_one(spark: SparkSession, tmp_path: Path) -> None:
    lines = [a_line(user % 7 + 1, f"t{user % 3}", A_TIME) for user in range(40)]
    apart, together = Bench(spark, tmp_path / "apart"), Bench(spark, tmp_path / "together")
    for number in range(10):
        apart.deliver(f"{number}.csv", a_csv(*lines[number::10]))
    together.deliver("all.csv", a_csv(*lines))

    of_ten, of_one = apart.validate(), together.validate()

    assert_same_rows(of_ten.streams(), of_one.streams())
    assert of_one.files() == {"data/streams/all.csv": rows_of(40, 21, 19)}
    assert sum(rows["rows_accepted"] for rows in of_ten.files().values()) == 21
