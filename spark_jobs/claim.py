"""The claim: what one life of a run works on, as a job reads it."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pyspark.sql import SparkSession

from conf import spark_sizes
from spark_jobs import hadoop_files
from spark_jobs.errors import JobError


@dataclass(frozen=True)
class ClaimedFile:
    """A stream file of the claim: `size` in bytes, `last_modified` in UTC."""

    file_key: str
    uri: str
    size: int
    last_modified: datetime


@dataclass(frozen=True)
class Claim:
    """What `claim.json` says; `commit` is the published commit that the run builds on.

    A rebuild has no files and no backfill dates: it derives all anew from the lake's plays.
    """

    run: str
    commit: int
    backfill_dates: tuple[date, ...]
    files: tuple[ClaimedFile, ...]
    is_rebuild: bool

    @property
    def bytes(self) -> int:
        """Give how many bytes its files hold unpacked at most."""
        return spark_sizes.weigh((file.file_key, file.size) for file in self.files)


def read_claim(spark: SparkSession, uri: str) -> Claim:
    """Read a claim, its files in byte order of their keys.

    Raises:
        JobError: The claim is missing, is no JSON, lacks a field or contradicts itself.
    """
    content = hadoop_files.read_bytes(spark, uri)
    try:
        return parse_claim(content)
    except (KeyError, TypeError, ValueError) as error:
        raise JobError(f"{uri} is no claim: {type(error).__name__} {error}") from error


def parse_claim(content: bytes) -> Claim:
    document = json.loads(content)
    files = tuple(
        ClaimedFile(
            file["file_key"], file["uri"], int(file["size"]), parse_instant(file["last_modified"])
        )
        for file in sorted(document["files"], key=lambda file: file["file_key"].encode())
    )
    keys = [file.file_key for file in files]
    if len(set(keys)) != len(keys):
        raise ValueError("a file_key stands in it twice")
    backfill_dates = tuple(date.fromisoformat(day) for day in document["backfill_dates"])
    is_rebuild = document.get("is_rebuild", False)
    if not isinstance(is_rebuild, bool):
        raise TypeError(f"is_rebuild is true or false, got {is_rebuild!r}")
    if is_rebuild and (files or backfill_dates):
        raise ValueError("a rebuild has no files and no backfill dates")
    return Claim(
        run=document["run"],
        commit=int(document["commit"]),
        backfill_dates=backfill_dates,
        files=files,
        is_rebuild=is_rebuild,
    )


def parse_instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return instant.astimezone(UTC)
