"""The objects that a COPY loads: those a manifest names, or all whose key begins so."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.redshift_data.copy_statement import CopyStatement
from localaws.redshift_data.sql_error import SqlError

# AWS's page: redshift/latest/dg/loading-data-files-using-manifest


@dataclass(frozen=True)
class SourceObject:
    """An object of S3, and its content."""

    url: str
    content: bytes


def open_sources(s3: Any, statement: CopyStatement) -> Iterator[SourceObject]:
    """Give the objects of a COPY one by one, each read whole.

    Raises:
        SqlError: There is none, one is missing, or a manifest's length is not the object's.
    """
    if statement.is_manifest:
        yield from open_manifest(s3, statement.source)
        return
    bucket, prefix = split_url(statement.source)
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = sorted(entry["Key"] for page in pages for entry in page.get("Contents", ()))
    except (ClientError, BotoCoreError) as error:
        raise SqlError(f"ERROR: Problem reading {statement.source}: {error}") from error
    if not keys:
        raise SqlError(f"ERROR: The specified S3 prefix '{prefix}' does not exist")
    for key in keys:
        yield SourceObject(f"s3://{bucket}/{key}", read_object(s3, f"s3://{bucket}/{key}"))


def open_manifest(s3: Any, url: str) -> Iterator[SourceObject]:
    try:
        entries = json.loads(read_object(s3, url))["entries"]
    except (ValueError, KeyError, TypeError) as error:
        raise SqlError(f"ERROR: Problem reading manifest file {url}: it is no manifest") from error
    if not entries:
        raise SqlError(f"ERROR: Problem reading manifest file {url}: it has no entries")
    for entry in entries:
        if "url" not in entry:
            raise SqlError(f"ERROR: Problem reading manifest file {url}: an entry has no url")
        length = read_length(entry)
        try:
            content = read_object(s3, entry["url"])
        except SqlError:
            if entry.get("mandatory", False):
                raise
            continue
        if len(content) != length:
            raise SqlError(
                "ERROR: Spectrum Scan Error code: 15001 context: HTTP response error code: 416 "
                f"Message: InvalidRange: {entry['url']} has {len(content)} bytes, content_length "
                f"says {length}"
            )
        yield SourceObject(entry["url"], content)


def read_length(entry: dict[str, Any]) -> int:
    meta = entry.get("meta")
    if not isinstance(meta, dict) or not isinstance(meta.get("content_length"), int):
        raise SqlError(
            "ERROR: Spectrum Scan Error code: 15003 context: File entry does not have 'meta' key."
            f" {entry['url']}"
        )
    return int(meta["content_length"])


def read_object(s3: Any, url: str) -> bytes:
    bucket, key = split_url(url)
    try:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (ClientError, BotoCoreError) as error:
        raise SqlError(f"ERROR: Problem reading {url}: {error}") from error
    return content


def split_url(url: str) -> tuple[str, str]:
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return bucket, key
