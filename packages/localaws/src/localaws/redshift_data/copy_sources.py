"""The objects that a COPY loads: those a manifest names, or all whose key begins so."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.redshift_data.copy_statement import CopyStatement
from localaws.redshift_data.sql_error import SqlError

# AWS's page: redshift/latest/dg/loading-data-files-using-manifest
MISSING = ("NoSuchKey", "NoSuchBucket", "404")


class MissingError(SqlError):
    """There is no such object."""


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
    is_empty = True
    for entry in read_entries(s3, url):
        length = read_length(entry)
        try:
            content = read_object(s3, entry["url"])
        except MissingError:
            if entry.get("mandatory", False):
                raise
            continue
        if len(content) != length:
            raise SqlError(
                "ERROR: Spectrum Scan Error code: 15001 context: HTTP response error code: 416 "
                f"Message: InvalidRange: {entry['url']} has {len(content)} bytes, content_length "
                f"says {length}"
            )
        is_empty = False
        yield SourceObject(entry["url"], content)
    if is_empty:
        raise SqlError(f"ERROR: Problem reading manifest file {url}: none of its files was found")


def read_entries(s3: Any, url: str) -> list[dict[str, Any]]:
    """Give the entries of a manifest, each with the url of an object."""
    try:
        entries = json.loads(read_object(s3, url))["entries"]
    except (ValueError, KeyError, TypeError) as error:
        raise SqlError(f"ERROR: Problem reading manifest file {url}: it is no manifest") from error
    if not isinstance(entries, list) or not entries:
        raise SqlError(f"ERROR: Problem reading manifest file {url}: it has no entries")
    for entry in entries:
        found = entry.get("url") if isinstance(entry, dict) else None
        if not isinstance(found, str) or not found.startswith("s3://"):
            raise SqlError(f"ERROR: Problem reading manifest file {url}: an entry has no s3:// url")
    return entries


def read_length(entry: dict[str, Any]) -> int:
    meta = entry.get("meta")
    length = meta.get("content_length") if isinstance(meta, dict) else None
    if not isinstance(length, int) or isinstance(length, bool):
        raise SqlError(
            "ERROR: Spectrum Scan Error code: 15003 context: File entry does not have 'meta' key."
            f" {entry['url']}"
        )
    return length


def read_object(s3: Any, url: str) -> bytes:
    bucket, key = split_url(url)
    try:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (ClientError, BotoCoreError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        kind = MissingError if code in MISSING else SqlError
        raise kind(f"ERROR: Problem reading {url}: {error}") from error
    return content


def split_url(url: str) -> tuple[str, str]:
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return bucket, key
