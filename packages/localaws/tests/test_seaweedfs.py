"""S3's stand-in: what S3 refuses is refused, and what it acknowledged stays."""

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.seaweedfs import SeaweedFs

BUCKET = "a-bucket"
THREADS = 20
API = "AmazonS3/latest/API"
CONDITIONS = "AmazonS3/latest/userguide/conditional-writes.html"


def refusal(act: Callable[..., Any], **arguments: Any) -> tuple[int, str]:
    """Give the HTTP status and the code of a refused call, (200, "") where it is accepted."""
    try:
        act(**arguments)
    except ClientError as error:
        return (
            error.response["ResponseMetadata"]["HTTPStatusCode"],
            error.response["Error"]["Code"],
        )
    return 200, ""


@pytest.fixture
def another_bucket(s3: Any) -> Iterator[str]:
    s3.create_bucket(Bucket="another-bucket")
    yield "another-bucket"
    for item in s3.list_objects_v2(Bucket="another-bucket").get("Contents", []):
        s3.delete_object(Bucket="another-bucket", Key=item["Key"])
    s3.delete_bucket(Bucket="another-bucket")


@pytest.mark.rule(
    "A request signed by a wrong secret or an unknown key is refused with 403",
    page=f"{API}/ErrorResponses.html",
    group="s3",
)
def test_wrong_keys_are_refused(s3: Any, s3_server: SeaweedFs, connect: Callable[..., Any]) -> None:
    wrong_secret = connect("s3", s3_server.endpoint, secret_access_key="wrong")
    unknown_key = connect("s3", s3_server.endpoint, access_key_id="nobody")

    assert refusal(wrong_secret.list_buckets) == (403, "SignatureDoesNotMatch")
    assert refusal(unknown_key.list_buckets) == (403, "InvalidAccessKeyId")
    assert refusal(s3.list_buckets) == (200, "")


@pytest.mark.rule(
    "A bucket that holds an object cannot be deleted",
    page=f"{API}/API_DeleteBucket.html",
    group="s3",
)
def test_a_full_bucket_is_not_deleted_and_an_empty_one_is(s3: Any) -> None:
    s3.create_bucket(Bucket="full-bucket")
    s3.put_object(Bucket="full-bucket", Key="a", Body=b"a")

    refused = refusal(s3.delete_bucket, Bucket="full-bucket")
    kept = s3.get_object(Bucket="full-bucket", Key="a")["Body"].read()
    s3.delete_object(Bucket="full-bucket", Key="a")

    assert (refused, kept) == ((409, "BucketNotEmpty"), b"a")
    assert refusal(s3.delete_bucket, Bucket="full-bucket") == (200, "")


@pytest.mark.rule(
    "An object cannot be put into a bucket that does not exist",
    page=f"{API}/API_PutObject.html",
    group="s3",
)
def test_a_missing_bucket_takes_no_object(s3: Any) -> None:
    put = {"Key": "a", "Body": b"a"}

    assert refusal(s3.put_object, Bucket="no-such-bucket", **put) == (404, "NoSuchBucket")
    assert refusal(s3.head_bucket, Bucket="no-such-bucket") == (404, "404")
    assert refusal(s3.put_object, Bucket=BUCKET, **put) == (200, "")


@pytest.mark.rule(
    "A key without an object is NoSuchKey", page=f"{API}/API_GetObject.html", group="s3"
)
def test_a_missing_key_is_refused(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="there", Body=b"")

    assert refusal(s3.get_object, Bucket=BUCKET, Key="missing") == (404, "NoSuchKey")
    assert refusal(s3.get_object, Bucket=BUCKET, Key="there") == (200, "")


@pytest.mark.rule(
    "If-None-Match: * refuses a put where the key is there", page=CONDITIONS, group="s3"
)
def test_a_put_on_absence_is_refused_where_the_key_is_there(s3: Any) -> None:
    s3.delete_object(Bucket=BUCKET, Key="once")
    put = {"Bucket": BUCKET, "Key": "once", "IfNoneMatch": "*"}

    assert refusal(s3.put_object, Body=b"first", **put) == (200, "")
    assert refusal(s3.put_object, Body=b"second", **put) == (412, "PreconditionFailed")
    assert s3.get_object(Bucket=BUCKET, Key="once")["Body"].read() == b"first"


@pytest.mark.rule(
    "If-Match refuses a put where the object is another version by now",
    page=CONDITIONS,
    group="s3",
)
def test_a_put_on_an_etag_is_refused_after_a_change(s3: Any) -> None:
    put = {"Bucket": BUCKET, "Key": "replaced"}
    first = s3.put_object(Body=b"1", **put)["ETag"]
    second = s3.put_object(Body=b"2", **put)["ETag"]

    assert first != second
    assert refusal(s3.put_object, Body=b"3", IfMatch=first, **put) == (412, "PreconditionFailed")
    assert refusal(s3.put_object, Body=b"3", IfMatch=second, **put) == (200, "")


@pytest.mark.rule(
    "A body that its Content-MD5 does not describe is BadDigest",
    page=f"{API}/API_PutObject.html",
    group="s3",
)
def test_a_wrong_checksum_is_refused_and_nothing_kept(s3: Any) -> None:
    s3.delete_object(Bucket=BUCKET, Key="checked")
    put = {"Bucket": BUCKET, "Key": "checked", "Body": b"plays"}

    def md5(text: bytes) -> str:
        return base64.b64encode(hashlib.md5(text).digest()).decode()

    assert refusal(s3.put_object, ContentMD5=md5(b"other"), **put) == (400, "BadDigest")
    assert refusal(s3.head_object, Bucket=BUCKET, Key="checked") == (404, "404")
    assert refusal(s3.put_object, ContentMD5=md5(b"plays"), **put) == (200, "")


def test_a_listing_comes_in_pages_and_names_each_key_once(s3: Any, another_bucket: str) -> None:
    keys = ["o/a", "o/a/x", "o/a-b", "o/a.c", "o/with space", "o/é", "o/a+b", "o/[1]*?{}%20"]
    for key in keys:
        s3.put_object(Bucket=another_bucket, Key=key, Body=key.encode())

    pages = list(
        s3.get_paginator("list_objects_v2").paginate(
            Bucket=another_bucket, PaginationConfig={"PageSize": 3}
        )
    )

    found = [item["Key"] for page in pages for item in page["Contents"]]
    assert [len(page["Contents"]) for page in pages] == [3, 3, 2]
    # In whatever order: SeaweedFS walks folders, S3 sorts bytes. Callers sort.
    assert sorted(found) == sorted(keys)


def race(client: Any, keys: list[str]) -> dict[str, list[int]]:
    """Let 20 threads race for a put on absence of each key; give the winners' numbers."""
    contests = {key: threading.Barrier(THREADS) for key in keys}

    def put(key: str, number: int) -> tuple[int, str]:
        contests[key].wait()
        body = str(number).encode()
        return refusal(client.put_object, Bucket=BUCKET, Key=key, Body=body, IfNoneMatch="*")

    with ThreadPoolExecutor(THREADS * len(keys)) as pool:
        puts = {
            (key, number): pool.submit(put, key, number)
            for key in keys
            for number in range(THREADS)
        }
    statuses = {place: future.result()[0] for place, future in puts.items()}
    assert set(statuses.values()) <= {200, 409, 412}
    return {key: [n for n in range(THREADS) if statuses[key, n] == 200] for key in keys}


# Ten keys at once: a contested lock is polled once a second, so a race takes 3 s, also alone.
@pytest.mark.parametrize("batches", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_one_of_20_threads_wins_a_put_on_absence(
    s3_server: SeaweedFs, connect: Callable[..., Any], batches: int
) -> None:
    client = connect("s3", s3_server.endpoint)

    for batch in range(batches):
        winners = race(client, [f"race-of-{batches}/{batch}-{number}" for number in range(10)])

        assert [len(numbers) for numbers in winners.values()] == [1] * 10
        for key, (winner,) in winners.items():
            body = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            assert body == str(winner).encode()
