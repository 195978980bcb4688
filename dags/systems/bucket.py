"""The S3 bucket: objects by key. It knows no layout; `conf.places` does."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, TypeVar, cast

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from botocore.response import StreamingBody
    from types_boto3_s3 import S3Client, type_defs

PARALLEL_CALLS = 16
DELETED_AT_ONCE = 1000
MODIFIED = "mtime"
MISSING = ("404", "NoSuchKey", "NotFound")
THERE_ALREADY = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
REPLACED = ("PreconditionFailed", "412", *MISSING)
Item = TypeVar("Item")
Result = TypeVar("Result")


class BucketError(Exception):
    """An object is not there, is not what was expected, or S3 failed; the message names its key."""


@dataclass(frozen=True)
class Body:
    """The content of an object as it comes; `telling` names the object in every error."""

    stream: "StreamingBody"
    telling: "Callable[[], AbstractContextManager[None]]"

    def read(self, size: int = -1) -> bytes:
        with self.telling():
            return self.stream.read(size if size >= 0 else None)

    def close(self) -> None:
        self.stream.close()


@dataclass(frozen=True)
class StoredObject:
    """An object as a listing or a HEAD shows it; `last_modified` is in UTC."""

    key: str
    etag: str
    size: int
    last_modified: datetime


@dataclass(frozen=True)
class LastByte:
    """The end of an object, and when its file was modified, where whoever put it has said so."""

    content: bytes
    modified: datetime | None


@dataclass(frozen=True)
class Listing:
    """One level of a listing: its objects, and the folders below it, with their slash."""

    objects: tuple[StoredObject, ...]
    folders: tuple[str, ...]


@dataclass(frozen=True)
class Bucket:
    """A bucket. `client` is boto3's of s3."""

    client: "S3Client"
    name: str

    def uri(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def key_of(self, uri: str) -> str:
        """Give the key of a URI of this bucket.

        Raises:
            BucketError: It lies elsewhere.
        """
        prefix = f"s3://{self.name}/"
        if not uri.startswith(prefix):
            raise BucketError(f"{uri} does not lie in bucket {self.name}")
        return uri.removeprefix(prefix)

    def list_objects(self, prefix: str, *, after: str = "") -> Iterator[StoredObject]:
        """List all objects below a prefix, in byte order of their keys."""
        request: type_defs.ListObjectsV2RequestPaginateTypeDef = {
            "Bucket": self.name,
            "Prefix": prefix,
        }
        if after:
            request["StartAfter"] = after
        for page in self._pages(request):
            yield from map(_stored, page.get("Contents", ()))

    def list_level(self, prefix: str) -> Listing:
        """List what lies right below a prefix that ends in a slash."""
        objects: list[StoredObject] = []
        folders: list[str] = []
        for page in self._pages({"Bucket": self.name, "Prefix": prefix, "Delimiter": "/"}):
            objects += map(_stored, page.get("Contents", ()))
            folders += [found["Prefix"] for found in page.get("CommonPrefixes", ())]
        return Listing(tuple(objects), tuple(folders))

    def head(self, key: str) -> StoredObject | None:
        """Describe an object, None where there is none."""
        with self._telling(key, passing=MISSING):
            found = self.client.head_object(Bucket=self.name, Key=key)
            etag = found["ETag"].strip('"')
            return StoredObject(key, etag, found["ContentLength"], found["LastModified"])
        return None

    def open(self, key: str, etag: str) -> BinaryIO:
        """Open an object for reading, as long as its ETag is this one.

        Raises:
            BucketError: It was replaced or removed since.
        """
        telling = partial(self._telling, key)
        with telling(passing=REPLACED):
            answer = self.client.get_object(Bucket=self.name, Key=key, IfMatch=f'"{etag}"')
            return cast("BinaryIO", Body(answer["Body"], telling))
        raise BucketError(f"{key} was replaced or removed while it was read")

    def read_last(self, key: str, etag: str) -> LastByte | None:
        """Read the last byte of an object, None where it was replaced, removed or emptied."""
        with self._telling(key, passing=(*REPLACED, "InvalidRange", "416")):
            answer = self.client.get_object(
                Bucket=self.name, Key=key, IfMatch=f'"{etag}"', Range="bytes=-1"
            )
            modified = answer.get("Metadata", {}).get(MODIFIED)
            return LastByte(answer["Body"].read(), _read_seconds(modified))
        return None

    def read(self, key: str) -> bytes | None:
        """Read a small object whole, None where there is none."""
        with self._telling(key, passing=MISSING):
            return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return None

    def require(self, key: str) -> bytes:
        """Read a small object whole.

        Raises:
            BucketError: It is not there.
        """
        content = self.read(key)
        if content is None:
            raise BucketError(f"{self.uri(key)} is not there")
        return content

    def put(self, key: str, content: bytes, *, modified: str | None = None) -> None:
        """Put an object.

        Args:
            modified: When its file was, in seconds since 1970: kept as rclone does.
        """
        noted = {MODIFIED: modified} if modified else {}
        with self._telling(key):
            self.client.put_object(Bucket=self.name, Key=key, Body=content, Metadata=noted)

    def put_once(self, key: str, file: BinaryIO) -> None:
        """Put what a file holds, at most 5 GB, unless the object is there: then that one stays."""
        with self._telling(key, passing=THERE_ALREADY):
            self.client.put_object(Bucket=self.name, Key=key, Body=file, IfNoneMatch="*")

    def upload(self, key: str, file: BinaryIO, *, modified: str | None = None) -> None:
        """Put what a file holds from its present place on, in parts where it is large."""
        noted = {MODIFIED: modified} if modified else {}
        with self._telling(key):
            self.client.upload_fileobj(file, self.name, key, ExtraArgs={"Metadata": noted})

    def copy(self, source: str, target: str) -> None:
        """Copy an object within the bucket, in parts where it is large."""
        with self._telling(source):
            self.client.copy({"Bucket": self.name, "Key": source}, self.name, target)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are not there are no error.

        Raises:
            BucketError: S3 would not delete one of them.
        """
        waiting = list(keys)
        for start in range(0, len(waiting), DELETED_AT_ONCE):
            part: list[type_defs.ObjectIdentifierTypeDef]
            part = [{"Key": key} for key in waiting[start : start + DELETED_AT_ONCE]]
            with self._telling(part[0]["Key"]):
                answer = self.client.delete_objects(
                    Bucket=self.name, Delete={"Objects": part, "Quiet": True}
                )
            for error in answer.get("Errors", ()):
                raise BucketError(f"{error['Key']} was not deleted: {error.get('Message')}")

    def _pages(
        self, request: "type_defs.ListObjectsV2RequestPaginateTypeDef"
    ) -> Iterator["type_defs.ListObjectsV2OutputTypeDef"]:
        with self._telling(request["Prefix"]):
            yield from self.client.get_paginator("list_objects_v2").paginate(**request)

    @contextlib.contextmanager
    def _telling(self, key: str, *, passing: tuple[str, ...] = ()) -> Iterator[None]:
        """Name the object in what S3 says, or the way to it; errors `passing` end the block."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, Boto3Error, ClientError) as error:
            if isinstance(error, ClientError) and _code(error) in passing:
                return
            raise BucketError(f"{self.uri(key)}: {' '.join(str(error).split())}") from error


def in_parallel(act: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Call for each item, several at a time; results in their order, the first error raised.

    Each call has a copy of the caller's context, so that its log names the run too.
    """
    calls = [partial(copy_context().run, act, item) for item in items]
    with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
        return list(pool.map(lambda call: call(), calls))


def _stored(found: "type_defs.ObjectTypeDef") -> StoredObject:
    etag = found["ETag"].strip('"')
    return StoredObject(found["Key"], etag, found["Size"], found["LastModified"])


def _read_seconds(text: str | None) -> datetime | None:
    """Read seconds since 1970; what is none says nothing."""
    try:
        return datetime.fromtimestamp(float(text or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _code(error: "ClientError") -> str:
    return str(error.response["Error"]["Code"])
