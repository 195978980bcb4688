"""S3 in memory: the calls that `Bucket` makes, at once, with a clock and deaths of a test's own."""

import hashlib
import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

BUCKET = "a-bucket"
A_TIME = datetime(2024, 7, 1, 2, tzinfo=UTC)
KEYS_PER_PAGE = 3


class DeathError(Exception):
    """The worker is gone."""


class MemoryS3:
    """A client of one bucket; `tests/dags/systems/test_bucket.py` holds it to what S3 does.

    Attributes:
        now: the LastModified of what is written next.
        writes: the keys written or deleted, in their order.
        prefixes: what was listed, in its order.
    """

    def __init__(self) -> None:
        self.now = A_TIME
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self.writes: list[str] = []
        self._lives_until: int | None = None
        self._lock = threading.Lock()
        self.prefixes: list[str] = []

    def die_after(self, writes: int) -> None:
        """Let the worker die before the write that follows so many more."""
        self._lives_until = len(self.writes) + writes

    def live(self) -> None:
        """Let the next worker live."""
        self._lives_until = None

    def get_paginator(self, name: str) -> "MemoryS3":
        assert name == "list_objects_v2"
        return self

    def paginate(
        self,
        Bucket: str,  # noqa: N803
        Prefix: str,  # noqa: N803
        Delimiter: str = "",  # noqa: N803
        StartAfter: str = "",  # noqa: N803
    ) -> Iterator[dict[str, Any]]:
        self.prefixes.append(Prefix)
        entries: dict[str, dict[str, Any]] = {}
        for key in sorted(self.objects, key=str.encode):
            if not key.startswith(Prefix) or key.encode() <= StartAfter.encode():
                continue
            below, slash, _ = key.removeprefix(Prefix).partition(Delimiter or "\0")
            if Delimiter and slash:
                entries[Prefix + below + slash] = {}
            else:
                entries[key] = self._describe(key) | {"Key": key}
        names = list(entries)
        for start in range(0, max(1, len(names)), KEYS_PER_PAGE):
            part = names[start : start + KEYS_PER_PAGE]
            folders = [{"Prefix": name} for name in part if not entries[name]]
            contents = [entries[name] for name in part if entries[name]]
            page = {"Contents": contents, "CommonPrefixes": folders}
            yield {name: found for name, found in page.items() if found}

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        if Key not in self.objects:
            raise _error("404", "HeadObject")
        found = self._describe(Key)
        return found | {"ContentLength": found["Size"]}

    def get_object(
        self,
        Bucket: str,  # noqa: N803
        Key: str,  # noqa: N803
        IfMatch: str = "",  # noqa: N803
        Range: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        assert Range in ("", "bytes=-1")
        if Key not in self.objects:
            raise _error("NoSuchKey", "GetObject")
        found = self._describe(Key)
        if IfMatch and IfMatch != found["ETag"]:
            raise _error("PreconditionFailed", "GetObject")
        content = self.objects[Key][0]
        if Range and not content:
            raise _error("InvalidRange", "GetObject")
        body = io.BytesIO(content[-1:] if Range else content)
        return found | {"Body": body, "Metadata": self.metadata.get(Key, {})}

    def put_object(
        self,
        Bucket: str,  # noqa: N803
        Key: str,  # noqa: N803
        Body: bytes,  # noqa: N803
        Metadata: dict[str, str] | None = None,  # noqa: N803
    ) -> None:
        self._note(Key)
        self.objects[Key] = (Body, self.now)
        self.metadata[Key] = Metadata or {}

    def upload_fileobj(
        self,
        file: Any,
        bucket: str,
        key: str,
        ExtraArgs: dict[str, Any] | None = None,  # noqa: N803
    ) -> None:
        self.put_object(bucket, key, file.read(), **(ExtraArgs or {}))

    def copy(self, source: dict[str, str], bucket: str, key: str) -> None:
        if source["Key"] not in self.objects:
            raise _error("404", "HeadObject")
        self.put_object(bucket, key, self.objects[source["Key"]][0])

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        assert len(Delete["Objects"]) <= 1000
        for each in Delete["Objects"]:
            self._note(each["Key"])
            self.objects.pop(each["Key"], None)
        return {}

    def _note(self, key: str) -> None:
        with self._lock:
            if self._lives_until is not None and len(self.writes) >= self._lives_until:
                raise DeathError
            self.writes.append(key)

    def _describe(self, key: str) -> dict[str, Any]:
        content, changed = self.objects[key]
        etag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        return {"ETag": etag, "Size": len(content), "LastModified": changed}


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)
