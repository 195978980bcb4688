"""What transform_kpis wrote, compared whole with rows written by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chispa import assert_df_equality
from pyspark.sql.types import StructType

from spark_jobs import schemas, storage
from tests.builders import a_song, at, frame
from tests.spark_jobs.job_builders import Bench

JUNE_25 = "listen_date=2024-06-25"
NOON, ONE = "2024-06-25 12:00:00", "2024-06-25 13:00:00"
SONGS = [
    a_song(1, "t1", artists="Ada; Bo", popularity=80, duration_ms=100, track_genre="pop"),
    a_song(2, "t1", artists="Nobody", popularity=40, duration_ms=900, track_genre="rock"),
    a_song(3, "t2", artists="Bo", track_name="Dusk", popularity=20, duration_ms=300,
           track_genre="pop"),
]  # fmt: skip


def an_hour(
    hour: str, listeners: int, total: int, tracks: int, artist: str | None, most: int | None
) -> tuple[Any, ...]:
    return (at(hour), listeners, total, tracks, artist, most, tracks / total)


def assert_dataset(
    bench: Bench, folder: Path, schema: StructType, expected: Sequence[tuple[Any, ...]]
) -> None:
    """Compare a whole dataset of the attempt with rows written by hand."""
    actual = storage.read(bench.spark, f"file:{folder}", schema)
    wanted = frame(bench.spark, schema, *expected)
    assert_df_equality(
        actual, wanted, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True
    )


def assert_totals(bench: Bench, output: Path, expected: dict[str, int]) -> None:
    rows = list(expected.items())
    assert_dataset(bench, output / "track_plays", schemas.TRACK_PLAYS, rows)


def assert_hours(bench: Bench, output: Path, *expected: tuple[Any, ...]) -> None:
    assert_dataset(bench, output / "hourly_kpis", schemas.HOURLY_KPIS, expected)


def assert_genres(bench: Bench, output: Path, *expected: tuple[Any, ...]) -> None:
    assert_dataset(bench, output / "genre_kpis", schemas.GENRE_KPIS, expected)
