"""Whole files through the rules against the reference: each row in one place, and all of them."""

from collections import Counter
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.transforms.accounting import (
    RowCounts,
    account_for_file,
    count_plays_by_file_and_hour,
    count_rejected_by_file,
    has_too_many_rejected,
    sum_counts,
)
from spark_jobs.transforms.deduplicate import keep_first_copies
from spark_jobs.transforms.quarantine import select_quarantine
from tests.builders import A_MODIFICATION, micros_at, plays
from tests.generators import HEADERS, hostile_file, streams_row
from tests.reference import DAY, Validation, validate
from tests.spark_jobs.transforms.judging import judge_files

KEYS = ["data/streams/Z.csv", "data/streams/a b.csv", "data/streams/é.csv", "data/streams/10.csv"]
KEYS += ["data/streams/9.csv", "data/streams/\U0001f600.csv", "data/streams/\ufb00.csv"]
LIMITS = {"max_rejected_share": 0.4, "min_rejected_rows": 20}


def hostile_files(random: Random) -> dict[str, tuple[bytes, int]]:
    """Give a file for each key: of few and many lines, from quite good to quite bad."""
    kinds = [(0, 1.0), (5, 1.0), (300, 0.1), (300, 0.5), (300, 0.5), (300, 1.0), (80, 0.2)]
    return {
        key: (
            hostile_file(random, random.choice(HEADERS), lines, hostile),
            micros_at(A_MODIFICATION) - random.choice((0, 1, 8 * DAY)),
        )
        for key, (lines, hostile) in zip(random.sample(KEYS, len(KEYS)), kinds, strict=True)
    }


def account(
    plays_read: DataFrame, judged: DataFrame, keys: list[str], lake: DataFrame
) -> Validation:
    """Count, refuse and deduplicate as the job does."""
    done = Validation()
    by_hour = [tuple(row) for row in count_plays_by_file_and_hour(plays_read).collect()]
    rejected = [tuple(row)[:3] for row in count_rejected_by_file(judged).collect()]
    counts = sum_counts([(index, rows) for index, _, rows in by_hour], rejected)
    counts |= {index: RowCounts() for index in range(len(keys)) if index not in counts}
    refused = [index for index, rows in counts.items() if has_too_many_rejected(rows, **LIMITS)]
    kept = keep_first_copies(
        plays_read.where(~F.col("file_index").isin(refused)), lake, partitions=2, parts_per_day=2
    )
    rows = kept.select("user_id", "track_id", F.unix_micros("listen_time"), "file_index").collect()
    done.accepted = {tuple(play): keys[index] for *play, index in rows}
    assert len(done.accepted) == len(rows)
    accepted = Counter(done.accepted.values())
    for index, read in counts.items():
        if index in refused:
            done.refused[keys[index]] = "too_many_rejected_rows"
        else:
            done.files[keys[index]] = account_for_file(read, accepted[keys[index]])
    done.touched_hours = {hour for index, hour, _ in by_hour if index not in refused}
    return done


@settings(
    max_examples=2,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
)
@given(seed=st.integers(0, 2**32))
def test_every_row_of_every_file_is_accounted_for(spark: SparkSession, seed: int) -> None:
    random = Random(seed)
    contents = hostile_files(random)
    everything = sorted(validate(contents, **LIMITS).accepted)
    known = set(random.sample(everything, len(everything) // 3))
    lake = plays(spark, *(streams_row(play) for play in known))

    plays_read, judged, files = judge_files(spark, contents)
    done = account(plays_read, judged, sorted(contents, key=str.encode), lake)
    quarantine = select_quarantine(judged, files.select("file_index", "file_key")).collect()
    judged.unpersist()

    expected = validate(contents, known, **LIMITS)
    done.quarantine = [(key, bytes(line), reason) for key, line, reason in quarantine]
    assert done.files == expected.files
    assert done.refused == expected.refused
    assert done.accepted == expected.accepted
    assert done.touched_hours == expected.touched_hours
    assert Counter(done.quarantine) == Counter(expected.quarantine)
    for entry in done.files.values():
        told = (
            entry["rows_accepted"] + entry["rows_duplicate"] + sum(entry["rows_rejected"].values())
        )
        assert entry["rows_read"] == told
    assert len(known) > 50
    assert len(done.accepted) > 100
    assert sum(entry["rows_duplicate"] for entry in done.files.values()) > 50
