"""The claim: what one life of a run works on, as a job reads it."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pyspark.sql import SparkSession

from spark_jobs import hadoop_files
from spark_jobs.errors import JobError


@dataclass(frozen=True)
class ClaimedFile:
    """A stream file of the claim; `last_modified` is in UTC."""

    file_key: str
    uri: str
    last_modified: datetime


@dataclass(frozen=True)
class Claim:
    """What `claim.json` says; `commit` is the published commit that the run builds on."""

    run: str
    commit: int
    backfill_dates: tuple[date, ...]
    files: tuple[ClaimedFile, ...]


def read_claim(spark: SparkSession, uri: str) -> Claim:
    """Read a claim, its files in byte order of their keys.

    Raises:
        JobError: The claim is missing, is no JSON or lacks a field.
    """
    content = hadoop_files.read_bytes(spark, uri)
    try:
        return parse_claim(content)
    except (KeyError, TypeError, ValueError) as error:
        raise JobError(f"{uri} is no claim: {type(error).__name__} {error}") from error


def parse_claim(content: bytes) -> Claim:
    document = json.loads(content)
    files = tuple(
        ClaimedFile(file["file_key"], file["uri"], parse_instant(file["last_modified"]))
        for file in sorted(document["files"], key=lambda file: file["file_key"].encode())
    )
    keys = [file.file_key for file in files]
    if len(set(keys)) != len(keys):
        raise ValueError("a file_key stands in it twice")
    return Claim(
        run=document["run"],
        commit=int(document["commit"]),
        backfill_dates=tuple(date.fromisoformat(day) for day in document["backfill_dates"]),
        files=files,
    )


def parse_instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return instant.astimezone(UTC)
