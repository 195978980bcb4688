"""The plays of commits, lake, streams and hourly_kpis, counted hour by hour."""

import hashlib
import io
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from conf import places
from dags.protocol.batch import list_lake_plays
from dags.protocol.errors import PipelineError
from dags.protocol.plan import read_plan
from dags.systems.bucket import Bucket
from dags.systems.warehouse import Statement, Warehouse, read_sql
from maintenance.parquet_tables import arrow_schema
from spark_jobs import schemas

SCHEMA = arrow_schema(schemas.STREAMS)
BATCH_ROWS = 1 << 16
NAME_OF_HOUR = len("2024-06-01 10:00")
# As in reconcile_streams.sql.
DIGITS = str.maketrans("abcdef", "012345")
DIGITS_SUMMED = 18


@dataclass
class Hours:
    """The plays of each hour, by its name `YYYY-MM-DD HH:MI`, and the sum of their numbers.

    A play's number is made of its MD5, so no two sets of plays have one sum by accident: neither
    after one play was swapped for another, nor after two plays swapped their users. Redshift gives
    a row per hour for it, not one per play.
    """

    plays: Counter[str] = field(default_factory=Counter)
    checksums: Counter[str] = field(default_factory=Counter)


@dataclass
class Lake(Hours):
    """The lake's plays; `remarks` name the hours in which it breaks its own rules."""

    remarks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Commits:
    """What the published commits account for: all plays, and those of each day."""

    numbers: frozenset[int]
    plays: int
    days: Counter[str]


def read_commits(bucket: Bucket) -> Commits:
    """Add up what all published commits accepted; one document is in memory at a time."""
    numbers, plays, days = set(), 0, Counter[str]()
    for found in bucket.list_objects(places.COMMITS):
        if match := places.COMMIT_OBJECT.fullmatch(found.key):
            plan = read_plan(bucket, found.key)
            numbers.add(int(match["commit"]))
            plays += plan.plays
            for file in plan.tables["streams"]:
                days[_day_of(file.key)] += file.rows
    return Commits(frozenset(numbers), plays, days)


def read_streams(redshift: Warehouse) -> Hours:
    rows = redshift.query(Statement(read_sql("reconcile_streams"))).rows
    return Hours(
        Counter({str(hour): int(str(plays)) for hour, plays, _ in rows}),
        Counter({str(hour): int(str(checksum)) for hour, _, checksum in rows}),
    )


def read_hourly_kpis(redshift: Warehouse) -> Counter[str]:
    rows = redshift.query(Statement(read_sql("reconcile_hourly_kpis"))).rows
    return Counter({str(hour): int(str(plays)) for hour, plays in rows})


def read_lake(bucket: Bucket, commit: int) -> Lake:
    """Read the plays up to a commit as a reader of the lake does; a day is in memory at a time."""
    lake = Lake()
    files = list_lake_plays(bucket, commit)
    for day, keys in itertools.groupby((file.key for file in files), _day_of):
        add_day(lake, day, pa.concat_tables(read_plays(bucket, key) for key in keys))
    return lake


def add_day(lake: Lake, day: str, plays: pa.Table) -> None:
    """Add the plays of a day's folder to the lake's hours."""
    counts: Counter[str] = Counter()
    for hour, number in number_plays(plays):
        counts[hour] += 1
        lake.checksums[hour] += number
    lake.plays += counts
    counted = plays.group_by(plays.column_names).aggregate([([], "count_all")])
    repeated = counted.filter(pc.greater(counted["count_all"], 1))
    for hour, _ in number_plays(repeated.select(plays.column_names)):
        lake.remarks[hour] = "the lake holds a play more than once"
    for hour in counts:
        if not hour.startswith(day):
            lake.remarks[hour] = f"the lake holds plays of it in the folder of {day}"


def read_plays(bucket: Bucket, key: str) -> pa.Table:
    """Read an object of the lake.

    Raises:
        PipelineError: It is gone, or holds no plays.
    """
    content = bucket.read(key)
    if content is None:
        raise PipelineError(f"{key} was compacted away while it was read: try again")
    try:
        return pq.ParquetFile(io.BytesIO(content)).read().cast(SCHEMA)
    except (pa.ArrowException, ValueError) as error:
        raise PipelineError(f"{key} is no Parquet file of plays: {error}") from error


def number_plays(plays: pa.Table) -> Iterator[tuple[str, int]]:
    """Give each play's hour and its number, which reconcile_streams.sql sums."""
    for batch in plays.to_batches(max_chunksize=BATCH_ROWS):
        moments = batch["listen_time"].cast(pa.timestamp("us"))
        hours = pc.floor_temporal(moments, unit="hour").cast(pa.timestamp("s")).cast(pa.string())
        columns = (batch["user_id"], batch["track_id"], moments.cast(pa.int64()))
        texts = pc.binary_join_element_wise(*(c.cast(pa.string()) for c in columns), ",")
        for hour, text in zip(hours.to_pylist(), texts.to_pylist(), strict=True):
            digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
            yield hour[:NAME_OF_HOUR], int(digest[:DIGITS_SUMMED].translate(DIGITS))


def _day_of(key: str) -> str:
    return key.rpartition("/")[0].rpartition("listen_date=")[2]
