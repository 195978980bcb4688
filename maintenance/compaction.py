"""Put the plays of each day of the lake into one object; drop what that supersedes, days later."""

import itertools
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from conf import places
from dags.protocol.batch import list_lake_plays
from dags.protocol.begin import begin
from dags.protocol.errors import PipelineError
from dags.protocol.pipeline import Pipeline
from dags.systems.bucket import Bucket, StoredObject
from maintenance.parquet_tables import arrow_schema
from spark_jobs import schemas

SCHEMA = arrow_schema(schemas.STREAMS)
BATCH_ROWS = 1 << 16
GROUP_ROWS = 1 << 20  # some 30 MB of plays
MAX_PUT_BYTES = 5_000_000_000  # one PUT takes 5 GB; only a PUT can refuse to overwrite


@dataclass(frozen=True)
class Compaction:
    """What a call did: days compacted, objects put into them, superseded ones dropped or kept."""

    commit: int
    days: int
    objects: int
    dropped: int
    kept: int


def compact(pipeline: Pipeline, keep_days: int) -> Compaction:
    """Compact every day that has more than one visible object, then drop what is superseded.

    Readers see no difference, at any moment: a day's `-all` object appears whole, after its
    superseded objects and before they go. So it may die anywhere, run twice at once, and run
    beside the pipeline, whose later commits have greater numbers.

    Args:
        keep_days: Age of an `-all` object that lets what it supersedes go; 0 is at once.

    Raises:
        PipelineError: The last commit cannot be published, or the warehouse is behind the lake.
        PipelineError: An object went while it was read: another compaction is at work.
    """
    commit, days, objects = begin(pipeline).commit, 0, 0
    visible = (file.key for file in list_lake_plays(pipeline.bucket, commit))
    for day, found in itertools.groupby(visible, _day_of):
        keys = list(found)
        if day and len(keys) > 1 and compact_day(pipeline.bucket, day, commit, keys):
            days, objects = days + 1, objects + len(keys)
    dropped, kept = drop_superseded(pipeline, commit, keep_days)
    return Compaction(commit, days, objects, dropped, kept)


def compact_day(bucket: Bucket, day: str, commit: int, keys: Sequence[str]) -> bool:
    """Put a day's plays into its `-all` object, in the order of its objects.

    Returns:
        False where the day is too large for one PUT: it stays as it is.
    """
    with tempfile.TemporaryFile() as merged:
        rows = merge(bucket, keys, merged)
        size = merged.tell()
        if size > MAX_PUT_BYTES:
            _tell(f"{day}: {size:,} bytes are too many for one object: it stays as it is")
            return False
        merged.seek(0)
        target = places.lake_object(day, commit, "all")
        # One of this commit and day holds the same plays.
        bucket.put_once(target, merged)
    _tell(f"{day}: {len(keys):,} objects, {rows:,} plays, into {target}")
    return True


def merge(bucket: Bucket, keys: Iterable[str], target: Any) -> int:
    """Write the plays of objects into one Parquet file, a row group in memory at a time."""
    rows = 0
    with pq.ParquetWriter(target, SCHEMA, compression="snappy") as writer:
        for group in in_row_groups(read_batches(bucket, keys)):
            writer.write_table(group, row_group_size=group.num_rows)
            rows += group.num_rows
    return rows


def read_batches(bucket: Bucket, keys: Iterable[str]) -> Iterator[pa.RecordBatch]:
    """Read objects one after the other, each by way of a file that leaves no name behind.

    Raises:
        PipelineError: One is not there any more.
    """
    for key in keys:
        found = bucket.head(key)
        if found is None:
            raise PipelineError(
                f"{key} is gone: another compaction is at work; call it again later"
            )
        with tempfile.TemporaryFile() as local:
            shutil.copyfileobj(bucket.open(key, found.etag), local)
            for batch in pq.ParquetFile(local).iter_batches(batch_size=BATCH_ROWS):
                yield batch.cast(SCHEMA)


def in_row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Gather batches: many small objects give few row groups."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= GROUP_ROWS:
            yield pa.Table.from_batches(waiting, SCHEMA)
            waiting, rows = [], 0
    if rows:
        yield pa.Table.from_batches(waiting, SCHEMA)


def drop_superseded(pipeline: Pipeline, commit: int, keep_days: int) -> tuple[int, int]:
    """Delete what `-all` objects of some age supersede; give how many went, and how many stay."""
    bucket, dropped, kept = pipeline.bucket, 0, 0
    oldest = pipeline.now() - timedelta(days=keep_days) if keep_days else None
    found = sorted(bucket.list_objects(places.LAKE_STREAMS), key=lambda each: each.key)
    for name, objects in itertools.groupby(found, lambda each: _day_of(each.key)):
        day = list(objects) if name else []
        keys = find_superseded(day, commit, oldest)
        bucket.delete(keys)
        dropped += len(keys)
        kept += len(find_superseded(day, commit, None)) - len(keys)
    return dropped, kept


def find_superseded(day: Iterable[StoredObject], commit: int, oldest: datetime | None) -> list[str]:
    """Name a day's objects that its greatest `-all` holds, of those up to a commit.

    Args:
        oldest: Only an `-all` that was there by then counts; None is any.
    """
    numbered = [
        (int(match["commit"]), match["part"] == "all", each)
        for each in day
        if (match := places.LAKE_OBJECT.fullmatch(each.key.rpartition("/")[2]))
    ]
    greatest = max(
        (
            number
            for number, is_all, each in numbered
            if is_all and number <= commit and (oldest is None or each.last_modified <= oldest)
        ),
        default=0,
    )
    return [
        each.key
        for number, is_all, each in numbered
        if number < greatest or (number == greatest and not is_all)
    ]


def _day_of(key: str) -> str:
    """Give the day of an object of the lake; "" where no commit could have put it."""
    match = places.LAKE_DAY.fullmatch(f"{key.rpartition('/')[0]}/")
    return match["day"] if match else ""


def _tell(progress: str) -> None:
    print(progress, file=sys.stderr)
