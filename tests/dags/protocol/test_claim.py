"""A claim is read as it was written, and as the Spark jobs read it."""

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta

import pytest

from conf import places
from dags.protocol.claim import Claim, ClaimedFile, new_claim_name, read_claim, write_claim
from dags.systems.bucket import Bucket, BucketError
from spark_jobs import claim as spark_claim
from tests.dags.memory_s3 import BUCKET, MemoryS3

MOMENT = datetime(2024, 7, 1, 2, 0, 0, 123456, tzinfo=UTC)
STRANGE = "data/streams/größe 'a&b'.csv"
CLAIM = Claim(
    run="scheduled__2024-07-01T02:00:00+00:00",
    claim=new_claim_name("scheduled__2024-07-01T02:00:00+00:00"),
    run_time=MOMENT,
    commit=7,
    warehouse_commit=5,
    metadata_version="v1",
    backfill_dates=(date(2024, 6, 25), date(2024, 6, 26)),
    is_rebuild=False,
    is_dry=True,
    files=(
        ClaimedFile("data/streams/b.csv", "e1", 7, MOMENT - timedelta(hours=1)),
        ClaimedFile(STRANGE, "e2", 0, MOMENT),
    ),
    listed_until=date(2024, 6, 30),
    judged_by="rules 1",
)


def test_a_claim_that_was_not_written_is_told() -> None:
    with pytest.raises(BucketError, match="staging/claim=daily-1/claim.json is not there"):
        read_claim(Bucket(MemoryS3(), BUCKET), "daily-1")


@pytest.mark.parametrize(
    "claim",
    [
        CLAIM,
        dataclasses.replace(CLAIM, files=(), backfill_dates=(), is_rebuild=True, is_dry=False),
        dataclasses.replace(CLAIM, listed_until=None),
    ],
)
def test_a_claim_is_read_as_it_was_written(claim: Claim) -> None:
    bucket = Bucket(MemoryS3(), BUCKET)

    write_claim(bucket, claim)

    assert read_claim(bucket, claim.claim) == claim


def test_the_jobs_read_what_the_workers_write() -> None:
    bucket = Bucket(MemoryS3(), BUCKET)

    write_claim(bucket, CLAIM)
    content = bucket.read(places.claim_key(CLAIM.claim))

    assert content is not None
    read = spark_claim.parse_claim(content)
    assert (read.run, read.commit, read.is_rebuild) == (CLAIM.run, 7, False)
    assert read.backfill_dates == CLAIM.backfill_dates
    assert [(file.file_key, file.uri, file.last_modified) for file in read.files] == [
        ("data/streams/b.csv", "s3://a-bucket/data/streams/b.csv", MOMENT - timedelta(hours=1)),
        (STRANGE, f"s3://a-bucket/{STRANGE}", MOMENT),
    ]


def test_a_claim_names_each_field_that_the_design_names() -> None:
    bucket = Bucket(MemoryS3(), BUCKET)

    write_claim(bucket, CLAIM)

    document = json.loads(bucket.read(places.claim_key(CLAIM.claim)) or b"")
    assert document.keys() == {field.name for field in dataclasses.fields(Claim)}
    assert document["files"][0] == {
        "file_key": "data/streams/b.csv",
        "uri": "s3://a-bucket/data/streams/b.csv",
        "etag": "e1",
        "size": 7,
        "last_modified": "2024-07-01T01:00:00.123456+00:00",
    }
