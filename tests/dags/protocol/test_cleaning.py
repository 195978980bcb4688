"""Staging goes some days after its claim's number was published, and never before."""

from datetime import timedelta

import pytest

from conf import places
from dags.protocol.claim import write_claim
from dags.protocol.cleaning import remove_old_staging
from dags.protocol.pipeline import Pipeline
from tests.dags.memory_s3 import A_TIME, DeathError, MemoryS3
from tests.dags.pipeline_doubles import a_pipeline
from tests.dags.plan_builders import CLAIM, FOLDER, a_claim, finish_jobs, publish_commit

DAYS = 14
OLD = A_TIME - timedelta(days=DAYS, seconds=1)
YOUNG = A_TIME - timedelta(days=DAYS)


@pytest.fixture
def s3() -> MemoryS3:
    return MemoryS3()


@pytest.fixture
def pipeline(s3: MemoryS3) -> Pipeline:
    return a_pipeline(s3, staging_days=DAYS)


def stage_claim(s3: MemoryS3, pipeline: Pipeline, commit: int = 6, claim: str = CLAIM) -> None:
    """Leave a claim on a commit with all its jobs wrote, long ago."""
    s3.now = OLD - timedelta(days=100)
    pipeline.bucket.put(places.wanted_key(claim), b"[]")
    write_claim(pipeline.bucket, a_claim(commit=commit, claim=claim))
    finish_jobs(pipeline.bucket, claim)


def staged(s3: MemoryS3) -> set[str]:
    """Give the folders of claims that are there."""
    return {key.split("/")[1] for key in s3.objects if key.startswith("staging/")}


def test_a_claim_whose_number_was_never_published_stays_however_old(
    s3: MemoryS3, pipeline: Pipeline
) -> None:
    stage_claim(s3, pipeline, commit=6)
    publish_commit(pipeline.bucket, 6)
    before = dict(s3.objects)

    remove_old_staging(pipeline)

    assert s3.objects == before


def test_a_claim_whose_number_was_published_lately_stays(s3: MemoryS3, pipeline: Pipeline) -> None:
    stage_claim(s3, pipeline, commit=6)
    s3.now = YOUNG
    publish_commit(pipeline.bucket, 7)
    before = dict(s3.objects)

    remove_old_staging(pipeline)

    assert s3.objects == before


def test_a_claim_whose_number_was_published_long_ago_goes_whole(
    s3: MemoryS3, pipeline: Pipeline
) -> None:
    stage_claim(s3, pipeline, commit=6)
    s3.now = OLD
    publish_commit(pipeline.bucket, 7)

    remove_old_staging(pipeline)

    assert list(s3.objects) == ["lake/commits/0000000007.json"]


def test_only_staging_goes(s3: MemoryS3, pipeline: Pipeline) -> None:
    stage_claim(s3, pipeline, commit=6)
    s3.now = OLD
    publish_commit(pipeline.bucket, 7)
    kept = [
        f"quarantine/claim={CLAIM}/attempt=1/part-0.parquet",
        "lake/streams/listen_date=2024-06-25/0000000007-0.parquet",
        "data/streams/a.csv",
        "reports/run=daily.json",
        "staging/flat-file",
    ]
    for key in kept:
        pipeline.bucket.put(key, b"x")

    remove_old_staging(pipeline)

    assert sorted(s3.objects) == sorted([*kept, "lake/commits/0000000007.json"])


def test_a_run_that_was_overtaken_goes_with_the_number_that_it_wanted(
    s3: MemoryS3, pipeline: Pipeline
) -> None:
    stage_claim(s3, pipeline, commit=6, claim="winner-1-00000000")
    stage_claim(s3, pipeline, commit=6, claim="overtaken-1-00000000")
    stage_claim(s3, pipeline, commit=7, claim="next-1-00000000")
    s3.now = OLD
    publish_commit(pipeline.bucket, 7)

    remove_old_staging(pipeline)

    assert staged(s3) == {"claim=next-1-00000000"}


@pytest.mark.parametrize(("age", "is_gone"), [(OLD, True), (YOUNG, False)])
def test_the_staging_of_a_life_without_a_claim_goes_by_its_youngest_object(
    s3: MemoryS3, pipeline: Pipeline, age: object, is_gone: bool
) -> None:
    s3.now = OLD - timedelta(days=1)
    pipeline.bucket.put(places.wanted_key(CLAIM), b"[]")
    s3.now = age
    pipeline.bucket.put(f"{FOLDER}/another", b"x")

    remove_old_staging(pipeline)

    assert (staged(s3) == set()) is is_gone


def test_a_removal_that_was_killed_is_gone_on_with(s3: MemoryS3, pipeline: Pipeline) -> None:
    stage_claim(s3, pipeline, commit=6)
    s3.now = OLD
    publish_commit(pipeline.bucket, 7)
    for writes in range(5):
        s3.die_after(writes)
        with pytest.raises(DeathError):
            remove_old_staging(pipeline)
        assert places.claim_key(CLAIM) in s3.objects

    s3.live()
    remove_old_staging(pipeline)

    assert list(s3.objects) == ["lake/commits/0000000007.json"]


def test_what_says_that_a_claim_may_go_is_removed_last(s3: MemoryS3, pipeline: Pipeline) -> None:
    stage_claim(s3, pipeline, commit=6)
    s3.now = OLD
    publish_commit(pipeline.bucket, 7)
    s3.writes.clear()

    remove_old_staging(pipeline)

    assert len(s3.writes) > 10
    assert s3.writes[-1] == places.claim_key(CLAIM)


def test_there_may_be_no_staging(pipeline: Pipeline) -> None:
    remove_old_staging(pipeline)
