"""Which objects of the lake a run may read: published plays and track totals."""

import contextlib
import re
from collections.abc import Iterable
from datetime import date

from pyspark.sql import DataFrame, SparkSession

from spark_jobs import hadoop_files, schemas, storage
from spark_jobs.errors import JobError

DAY_FOLDER = re.compile(r"listen_date=(?P<day>\d{4}-\d{2}-\d{2})")
Found = dict[date, dict[str, int]]
PLAYS_OBJECT = re.compile(r"(?P<commit>\d{10})-(?P<part>all|\d+)\.parquet")


def find_plays(spark: SparkSession, lake: str, dates: Iterable[date], *, commit: int) -> Found:
    """Find the objects that hold the plays of some days as they stood at a commit.

    Args:
        lake: The lake's folder.
        dates: UTC days. A day without plays adds none.
        commit: The number of the claim. What later commits published is not seen.

    Returns:
        The bytes of each object by its day and URI.
    """

    def find_day(day: date) -> dict[str, int]:
        folder = hadoop_files.join_uri(lake, f"streams/listen_date={day.isoformat()}")
        sizes = hadoop_files.list_sizes(spark, folder)
        chosen = choose_objects(sizes, commit=commit)
        return {hadoop_files.join_uri(folder, name): sizes[name] for name in chosen}

    days = sorted(set(dates))
    found = hadoop_files.in_parallel(find_day, days) if commit else [{} for _ in days]
    return dict(zip(days, found, strict=True))


def size_of(found: Found) -> int:
    return sum(size for objects in found.values() for size in objects.values())


def find_all_plays(spark: SparkSession, lake: str, *, commit: int) -> Found:
    """Find the objects of all days as they stood at a commit; none before the first one.

    Raises:
        JobError: Among the days' folders stands one that no commit wrote.
    """
    return find_plays(spark, lake, list_days(spark, lake) if commit else [], commit=commit)


def read_plays(spark: SparkSession, found: Found) -> DataFrame:
    """Read the plays of objects that were found: STREAMS, each play once."""
    uris = [uri for objects in found.values() for uri in objects]
    return storage.read_parquet(spark, uris, schemas.STREAMS)


def list_days(spark: SparkSession, lake: str) -> list[date]:
    """List the days that have a folder in the lake, in order."""
    streams = hadoop_files.join_uri(lake, "streams")
    return [parse_day(name) for name in hadoop_files.list_folders(spark, streams)]


def parse_day(name: str) -> date:
    """Give the day of a folder of plays.

    Raises:
        JobError: No commit writes a folder of this name.
    """
    match = DAY_FOLDER.fullmatch(name)
    if match:
        with contextlib.suppress(ValueError):  # no such day, as 30 February
            return date.fromisoformat(match["day"])
    raise JobError(f"the lake holds streams/{name}, which no commit wrote: remove it")


def choose_objects(names: Iterable[str], *, commit: int) -> list[str]:
    """Choose a day's objects: the greatest `-all` up to the commit, and what is numbered above it.

    Raises:
        JobError: A Parquet object in the folder has a name that no commit gives.
    """
    found: list[tuple[int, bool, str]] = []
    for name in names:
        match = PLAYS_OBJECT.fullmatch(name)
        if match:
            found.append((int(match["commit"]), match["part"] == "all", name))
        elif name.endswith(".parquet"):
            raise JobError(f"the lake holds {name}, which no commit wrote: remove it")
    visible = [entry for entry in found if entry[0] <= commit]
    compacted = max((number for number, is_all, _ in visible if is_all), default=0)
    return sorted(
        name
        for number, is_all, name in visible
        if number > compacted or (is_all and number == compacted)
    )


def read_track_plays(spark: SparkSession, lake: str, *, commit: int) -> DataFrame:
    """Read the plays per track over all plays up to a commit; empty before the first one.

    Raises:
        JobError: The commit's totals are not in the lake: they are never started from nothing.
    """
    if commit == 0:
        return storage.read_parquet(spark, [], schemas.TRACK_PLAYS)
    folder = hadoop_files.join_uri(lake, f"track_plays/commit={commit:010d}")
    names = hadoop_files.list_sizes(spark, folder)
    uris = [hadoop_files.join_uri(folder, name) for name in names if name.endswith(".parquet")]
    if not uris:
        raise JobError(
            f"{folder} holds no totals of commit {commit}: rebuild them from the lake's plays"
        )
    return storage.read_parquet(spark, uris, schemas.TRACK_PLAYS)
