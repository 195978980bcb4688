"""A lake of many days, made directly, and the day that comes after it."""

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from commands.benchmark.metadata import write_metadata
from commands.sample_data import plays as sample
from maintenance.parquet_tables import arrow_schema
from spark_jobs import schemas

PLAYS_PER_DAY = 200_000
COMMIT = 1


def make_history(work: Path, days: int) -> tuple[Path, Path]:
    """Give a lake that holds so many days at commit 1, and the data folder of the next day."""
    data = work / "day"
    first_day = sample.FIRST_DAY + timedelta(days=365)
    if not (data / "done").exists():
        shutil.rmtree(data, ignore_errors=True)
        arguments = ["--plays", str(PLAYS_PER_DAY), "--days", "1", "--out", str(data)]
        sample.main([*arguments, "--first-day", first_day.isoformat()])
        write_metadata(data, data / "metadata")
        (data / "done").touch()
    lake = work / f"lake-{days}"
    if not (lake / "done").exists():
        shutil.rmtree(lake, ignore_errors=True)
        write_lake(lake, data, [first_day - timedelta(days=back) for back in range(1, days + 1)])
        (lake / "done").touch()
    return lake, data


def write_lake(lake: Path, data: Path, days: list[date]) -> None:
    """Write each day's plays as one object, and the totals of the tracks."""
    rng = np.random.default_rng(11)
    songs = pq.read_table(data / "metadata" / "songs" / "part-0.parquet", columns=["track_id"])
    track_ids = songs["track_id"].unique()
    totals = np.zeros(len(track_ids), dtype=np.int64)
    for day in days:
        tracks = rng.zipf(1.5, size=PLAYS_PER_DAY) % len(track_ids)
        totals += np.bincount(tracks, minlength=len(track_ids))
        midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1e6)
        times = midnight + np.arange(PLAYS_PER_DAY) * (86_400_000_000 // PLAYS_PER_DAY)
        plays = pa.Table.from_arrays(
            [
                pa.array(rng.integers(1, 10_000, size=PLAYS_PER_DAY)),
                track_ids.take(pa.array(tracks)),
                pa.array(times, pa.timestamp("us", tz="UTC")),
            ],
            schema=arrow_schema(schemas.STREAMS),
        )
        folder = lake / "streams" / f"listen_date={day.isoformat()}"
        folder.mkdir(parents=True)
        pq.write_table(plays, folder / f"{COMMIT:010d}-0.parquet")
    folder = lake / "track_plays" / f"commit={COMMIT:010d}"
    folder.mkdir(parents=True)
    played = pa.Table.from_arrays(
        [track_ids, pa.array(totals)], schema=arrow_schema(schemas.TRACK_PLAYS)
    )
    pq.write_table(played, folder / "part-00000.parquet")
