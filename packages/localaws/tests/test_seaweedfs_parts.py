"""Large objects go up in parts and come back whole; copies and listings are never behind."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

BUCKET = "a-bucket"
MIB = 1024 * 1024


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


def test_an_object_of_many_parts_comes_back_whole_with_an_etag_that_counts_them(s3: Any) -> None:
    body = bytes(range(256)) * (12 * MIB // 256)
    parts = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    s3.upload_fileobj(io.BytesIO(body), BUCKET, "large", Config=parts)

    answer = s3.get_object(Bucket=BUCKET, Key="large")
    ranged = s3.get_object(Bucket=BUCKET, Key="large", Range=f"bytes={5 * MIB - 2}-{5 * MIB + 1}")
    assert answer["ETag"].strip('"').endswith("-3")
    assert answer["Body"].read() == body
    assert ranged["Body"].read() == body[5 * MIB - 2 : 5 * MIB + 2]


@pytest.mark.rule(
    "An upload in parts shows only when it is completed",
    page="AmazonS3/latest/userguide/mpuoverview.html",
    group="s3",
)
def test_an_upload_in_parts_shows_only_when_it_is_complete(s3: Any) -> None:
    place = {"Bucket": BUCKET, "Key": "in-parts"}
    upload = s3.create_multipart_upload(**place)["UploadId"]
    part = s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"x" * 5 * MIB)

    unfinished = refusal(s3.head_object, **place)
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="in-parts")["KeyCount"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts)

    assert (unfinished, listed) == ((404, "404"), 0)
    assert s3.head_object(**place)["ContentLength"] == 5 * MIB


@pytest.mark.rule(
    "Every part of an upload but the last has 5 MiB at least",
    page="AmazonS3/latest/userguide/qfacts.html",
    group="s3",
)
def test_a_part_below_5_mib_is_refused_unless_it_is_the_last(s3: Any) -> None:
    def upload(*sizes: int) -> tuple[int, str]:
        place = {"Bucket": BUCKET, "Key": "parts-of-many-sizes"}
        place["UploadId"] = s3.create_multipart_upload(**place)["UploadId"]
        parts = []
        for number, size in enumerate(sizes, start=1):
            part = s3.upload_part(**place, PartNumber=number, Body=b"x" * size)
            parts.append({"PartNumber": number, "ETag": part["ETag"]})
        return refusal(s3.complete_multipart_upload, **place, MultipartUpload={"Parts": parts})

    assert upload(5 * MIB - 1, 1) == (400, "EntityTooSmall")
    assert upload(5 * MIB, 1) == (200, "")


@pytest.mark.rule(
    "A copy on an ETag is refused where the source is another version by now",
    page="AmazonS3/latest/API/API_CopyObject.html",
    group="s3",
)
def test_a_copy_of_a_version_that_is_gone_is_refused(s3: Any) -> None:
    first = s3.put_object(Bucket=BUCKET, Key="source", Body=b"1")["ETag"]
    second = s3.put_object(Bucket=BUCKET, Key="source", Body=b"2")["ETag"]
    copy = {"Bucket": BUCKET, "Key": "copy", "CopySource": f"{BUCKET}/source"}

    assert refusal(s3.copy_object, CopySourceIfMatch=first, **copy) == (412, "PreconditionFailed")
    assert refusal(s3.copy_object, CopySourceIfMatch=second, **copy) == (200, "")
    assert s3.get_object(Bucket=BUCKET, Key="copy")["Body"].read() == b"2"


@pytest.mark.rule(
    "Reads and listings show every write and delete that was acknowledged before",
    page="AmazonS3/latest/userguide/Welcome.html",
    group="s3",
)
def test_reads_and_listings_are_never_behind_a_write(s3: Any) -> None:
    place = {"Bucket": BUCKET, "Key": "seen-at-once/a"}
    for number in range(20):
        body = str(number).encode()
        etag = s3.put_object(Body=body, **place)["ETag"]
        (listed,) = s3.list_objects_v2(Bucket=BUCKET, Prefix="seen-at-once/")["Contents"]

        assert s3.get_object(**place)["Body"].read() == body
        assert (listed["ETag"], listed["Size"]) == (etag, len(body))
        assert "VersionId" not in listed

        s3.delete_object(**place)
        assert s3.list_objects_v2(Bucket=BUCKET, Prefix="seen-at-once/")["KeyCount"] == 0
