"""The bucket over a real S3 server, and the one in memory held to the same."""

import contextlib
import io
import json
from contextvars import copy_context
from datetime import timedelta
from typing import Any

import pytest

from conf import run_log
from dags.systems import bucket as buckets
from dags.systems.bucket import Bucket, BucketError, Listing, StoredObject, in_parallel
from packages.localaws.tests import servers
from tests.dags.memory_s3 import MemoryS3

STRANGE_KEYS = [
    "data/streams/a b.csv",
    "data/streams/a&b<c>'\".csv",
    "data/streams/a+b%2Fc?d#e=f.csv",
    "data/streams/a:b;c,d@e!f$g(h)*[i]{j}|~^`.csv",
    "data/streams/pläys-٣-\U0001f3b5.csv",
]


def put(bucket: Bucket, *keys: str) -> None:
    for key in keys:
        bucket.put(key, key.encode())


def keys(bucket: Bucket, prefix: str = "", **start: str) -> list[str]:
    return [found.key for found in bucket.list_objects(prefix, **start)]


def etag_of(bucket: Bucket, key: str) -> str:
    found = bucket.head(key)
    assert found is not None
    return found.etag


def test_a_missing_object_is_none_to_head_and_read(bucket: Bucket) -> None:
    put(bucket, "a/b.json")

    assert (bucket.head("a/c.json"), bucket.read("a/c.json")) == (None, None)


def test_a_missing_json_object_is_told_by_its_uri(bucket: Bucket) -> None:
    with pytest.raises(BucketError, match=f"^s3://{bucket.name}/a/c.json is not there$"):
        json.loads(bucket.require("a/c.json"))


def test_json_is_read_as_it_was_written(bucket: Bucket) -> None:
    bucket.put("a.json", '{"é": [1, null]}'.encode())

    assert json.loads(bucket.require("a.json")) == {"é": [1, None]}


def test_an_object_that_was_replaced_is_not_opened(bucket: Bucket) -> None:
    bucket.put("a.csv", b"first")
    etag = etag_of(bucket, "a.csv")
    bucket.put("a.csv", b"second")

    with pytest.raises(BucketError, match=r"^a\.csv was replaced or removed while it was read$"):
        bucket.open("a.csv", etag)


def test_an_object_that_was_removed_is_not_opened(bucket: Bucket) -> None:
    with pytest.raises(BucketError, match=r"^a\.csv was replaced or removed while it was read$"):
        bucket.open("a.csv", "0" * 32)


def test_an_object_as_it_was_seen_is_opened(bucket: Bucket) -> None:
    bucket.put("a.csv", b"line\nline\n")

    with contextlib.closing(bucket.open("a.csv", etag_of(bucket, "a.csv"))) as file:
        assert (file.read(4), file.read()) == (b"line", b"\nline\n")


def test_a_head_and_a_listing_describe_an_object_the_same(bucket: Bucket) -> None:
    bucket.put("a.csv", b"12345")

    found = bucket.head("a.csv")

    (listed,) = bucket.list_objects("")
    assert isinstance(found, StoredObject)
    assert (found.key, found.size, found.etag) == ("a.csv", 5, "827ccb0eea8a706c4c34a16891f84e7b")
    assert (listed.key, listed.size, listed.etag) == (found.key, found.size, found.etag)
    assert listed.last_modified.replace(microsecond=0) == found.last_modified
    assert found.last_modified.utcoffset() == timedelta()


def test_a_listing_is_in_byte_order_and_keeps_to_its_prefix(bucket: Bucket) -> None:
    put(bucket, "a/z", "a/é", "a/B", "a/b/c", "ab", "b")

    assert keys(bucket, "a/") == ["a/B", "a/b/c", "a/z", "a/é"]
    assert keys(bucket, "a") == ["a/B", "a/b/c", "a/z", "a/é", "ab"]
    assert keys(bucket, "c/") == []


def test_a_listing_begins_after_a_key(bucket: Bucket) -> None:
    put(bucket, "c/1", "c/2", "c/3", "d/4")

    assert keys(bucket, "c/", after="c/1") == ["c/2", "c/3"]
    assert keys(bucket, "c/", after="c/3") == []


def test_a_level_holds_its_objects_and_the_folders_below(bucket: Bucket) -> None:
    put(bucket, "a/1.csv", "a/2024/06/x.csv", "a/2024/07/y.csv", "a/old/z.csv", "b/w.csv")

    level = bucket.list_level("a/")

    assert [found.key for found in level.objects] == ["a/1.csv"]
    assert level.folders == ("a/2024/", "a/old/")
    assert bucket.list_level("c/") == Listing((), ())


def test_all_pages_of_a_level_are_read(bucket: Bucket) -> None:
    put(bucket, *(f"a/{number}" for number in range(5)), *(f"a/f{n}/x" for n in range(5)))

    level = bucket.list_level("a/")

    assert [found.key for found in level.objects] == ["a/0", "a/1", "a/2", "a/3", "a/4"]
    assert level.folders == ("a/f0/", "a/f1/", "a/f2/", "a/f3/", "a/f4/")


@pytest.mark.parametrize("key", STRANGE_KEYS)
def test_any_character_may_stand_in_a_key(bucket: Bucket, key: str) -> None:
    bucket.put(key, b"plays")

    assert keys(bucket, "data/") == [key]
    assert bucket.read(key) == b"plays"
    assert bucket.open(key, etag_of(bucket, key)).read() == b"plays"
    bucket.copy(key, f"{key}.copy")
    assert keys(bucket, "data/") == [key, f"{key}.copy"]
    bucket.delete([key, f"{key}.copy"])
    assert keys(bucket) == []


def test_a_copy_replaces_its_target_and_leaves_its_source(bucket: Bucket) -> None:
    bucket.put("a", b"new")
    bucket.put("b", b"old")

    bucket.copy("a", "b")

    assert (bucket.read("a"), bucket.read("b")) == (b"new", b"new")


def test_a_copy_of_a_missing_object_is_an_error(bucket: Bucket) -> None:
    with pytest.raises(BucketError, match=r"s3://\S+/a: .*404"):
        bucket.copy("a", "b")

    assert keys(bucket) == []


def test_an_upload_takes_a_file_from_its_present_place_on(bucket: Bucket) -> None:
    file = io.BytesIO(b"read already, not yet")
    file.read(14)

    bucket.upload("a", file)

    assert bucket.read("a") == b"not yet"


def test_absent_objects_are_deleted_without_an_error(bucket: Bucket) -> None:
    put(bucket, "a", "b")

    bucket.delete(["a", "never-there"])
    bucket.delete([])

    assert keys(bucket) == ["b"]


def test_more_objects_are_deleted_than_one_request_takes(bucket: Bucket) -> None:
    names = [f"a/{number:04d}" for number in range(1001)]
    in_parallel(lambda key: bucket.put(key, b""), names)

    bucket.delete(name for name in names)

    assert keys(bucket) == []


def test_an_object_that_s3_would_not_delete_is_told() -> None:
    class Refusing(MemoryS3):
        def delete_objects(self, **request: Any) -> dict[str, Any]:
            return {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "Access Denied"}]}

    with pytest.raises(BucketError, match="^a was not deleted: Access Denied$"):
        Bucket(Refusing(), servers.BUCKET).delete(["a", "b"])


def test_a_refusal_is_not_taken_for_a_missing_object(s3: Any) -> None:
    stranger = servers.make_client("s3", s3.meta.endpoint_url, secret_access_key="wrong")
    bucket = Bucket(stranger, servers.BUCKET)

    with pytest.raises(BucketError, match="/a: .*403"):
        bucket.head("a")
    with pytest.raises(BucketError, match="/a: .*SignatureDoesNotMatch"):
        bucket.read("a")
    with pytest.raises(BucketError, match="/a: .*SignatureDoesNotMatch"):
        bucket.open("a", "0" * 32)


def test_a_server_that_is_away_is_not_taken_for_a_missing_object() -> None:
    bucket = Bucket(servers.make_client("s3", "http://127.0.0.1:1"), servers.BUCKET)

    with pytest.raises(BucketError, match="/a: Could not connect to the endpoint"):
        bucket.read("a")


def test_a_key_and_its_uri_are_each_others() -> None:
    bucket = Bucket(None, "a-bucket")

    assert bucket.uri("data/a b.csv") == "s3://a-bucket/data/a b.csv"
    assert bucket.key_of("s3://a-bucket/data/a b.csv") == "data/a b.csv"


@pytest.mark.parametrize("uri", ["s3://a-bucket-2/a", "s3://a-bucket", "s3a://a-bucket/a", "a"])
def test_a_uri_of_another_bucket_is_refused(uri: str) -> None:
    with pytest.raises(BucketError, match="does not lie in bucket a-bucket$"):
        Bucket(None, "a-bucket").key_of(uri)


def test_parallel_results_keep_the_order_of_their_items() -> None:
    items = list(range(3 * buckets.PARALLEL_CALLS))

    assert in_parallel(lambda item: item * 2, items) == [2 * item for item in items]
    assert in_parallel(str, []) == []


def test_the_log_of_parallel_calls_names_the_callers_run(caplog: pytest.LogCaptureFixture) -> None:
    copy_context().run(log_in_parallel, "daily-1")

    assert [record.getMessage() for record in caplog.records] == ["[daily-1] file 1"]


def log_in_parallel(run_id: str) -> None:
    run_log.name_run(run_id)
    in_parallel(lambda item: run_log.get_log("x").error("file %d", item), [1])


def test_the_first_error_of_parallel_calls_is_raised() -> None:
    def act(item: int) -> int:
        return 1 // item

    with pytest.raises(ZeroDivisionError):
        in_parallel(act, [1, 0, 2])
