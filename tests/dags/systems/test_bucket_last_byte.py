"""The end of an object, over a real S3 server and the one in memory."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from dags.systems.bucket import Bucket, LastByte

A_MOMENT = datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("put", "modified"),
    [
        (lambda bucket: bucket.put("a.csv", b"ab"), None),
        (lambda bucket: bucket.put("a.csv", b"ab", modified="1.5"), A_MOMENT),
        (lambda bucket: bucket.upload("a.csv", io.BytesIO(b"ab"), modified="1.5"), A_MOMENT),
    ],
)
def test_the_last_byte_comes_with_the_files_own_time(
    bucket: Bucket, put: Callable[[Bucket], None], modified: datetime | None
) -> None:
    put(bucket)

    assert bucket.read_last("a.csv", etag_of(bucket, "a.csv")) == LastByte(b"b", modified)


def test_a_replaced_a_removed_and_an_empty_object_have_no_last_byte(bucket: Bucket) -> None:
    bucket.put("a.csv", b"first")
    bucket.put("empty.csv", b"")

    assert bucket.read_last("a.csv", "0" * 32) is None
    assert bucket.read_last("b.csv", "0" * 32) is None
    assert bucket.read_last("empty.csv", etag_of(bucket, "empty.csv")) is None


def etag_of(bucket: Bucket, key: str) -> str:
    found = bucket.head(key)
    assert found is not None
    return found.etag
