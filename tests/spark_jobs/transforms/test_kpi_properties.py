"""KPIs against the reference, on random small catalogues and plays, in any order and batching."""

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.schemas import GENRE_KPIS, HOURLY_KPIS, TRACK_PLAYS
from spark_jobs.transforms.deduplicate import keep_first_copies
from spark_jobs.transforms.genres import compute_genre_kpis
from spark_jobs.transforms.hourly import compute_hourly_kpis
from spark_jobs.transforms.track_plays import add_new_plays
from tests.builders import READ_PLAYS, frame, plays, songs
from tests.generators import random_plays, random_songs, songs_row, streams_row
from tests.reference import HOUR, Play
from tests.reference_kpis import Song, genre_kpis, hourly_kpis

FEW = settings(
    max_examples=2,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
)


def catalogue_of(spark: SparkSession, rows: Iterable[Song]) -> DataFrame:
    return songs(spark, *(songs_row(song) for song in rows))


def play_rows(spark: SparkSession, rows: Iterable[Play]) -> DataFrame:
    return plays(spark, *(streams_row(play) for play in rows))


def by_key(rows: Iterable[tuple[Any, ...]]) -> dict[Any, tuple[Any, ...]]:
    """Give rows by their first column; a key that comes twice is a fault."""
    listed = list(rows)
    found = {row[0]: tuple(row) for row in listed}
    assert len(found) == len(listed)
    return found


def nearly(rows: Iterable[tuple[Any, ...]]) -> dict[Any, tuple[Any, ...]]:
    """Give the reference's rows by key: a fraction equals the double next to it."""
    return by_key(
        tuple(
            pytest.approx(float(one), rel=1e-12, abs=1e-12) if isinstance(one, Fraction) else one
            for one in row
        )
        for row in rows
    )


def collected_hours(hours: DataFrame) -> dict[Any, tuple[Any, ...]]:
    assert hours.columns == HOURLY_KPIS.fieldNames()
    numbered = hours.withColumn("hour", F.expr("unix_micros(hour) div 3600000000"))
    return by_key(numbered.collect())


@FEW
@given(seed=st.integers(0, 2**32))
def test_genres_and_hours_are_those_of_the_reference(spark: SparkSession, seed: int) -> None:
    random = Random(seed)
    played = random_plays(random, number=200, tracks=12)
    catalogue = random_songs(random, number=40, tracks=12)
    weight = random.choice((0.0, 0.25, 0.5, 1.0))
    random.shuffle(played)
    listened, known = play_rows(spark, played), catalogue_of(spark, catalogue)

    track_plays = add_new_plays(frame(spark, TRACK_PLAYS), listened)
    genres = compute_genre_kpis(track_plays, known, popularity_play_weight=weight)
    hours = compute_hourly_kpis(listened, known)

    assert genres.columns == GENRE_KPIS.fieldNames()
    assert by_key(genres.collect()) == nearly(genre_kpis(played, catalogue, weight))
    assert collected_hours(hours) == nearly(hourly_kpis(played, catalogue))


@FEW
@given(seed=st.integers(0, 2**32))
def test_neither_order_nor_batches_nor_copies_show(spark: SparkSession, seed: int) -> None:
    random = Random(seed)
    played = random_plays(random, number=90, tracks=6)
    catalogue = random_songs(random, number=20, tracks=6)
    known = catalogue_of(spark, catalogue)
    delivered = played + random.choices(played, k=60)
    random.shuffle(delivered)
    ends = [0, *sorted(random.sample(range(len(delivered)), 2)), len(delivered)]
    batches = [delivered[start:end] for start, end in zip(ends, ends[1:], strict=False)]
    lake: list[Play] = []
    totals: list[tuple[str, int]] = []
    hours: dict[Any, tuple[Any, ...]] = {}

    for batch in batches:
        read = [(random.randrange(4), *streams_row(play)) for play in batch]
        new = keep_first_copies(
            frame(spark, READ_PLAYS, *read),
            play_rows(spark, lake),
            partitions=random.randrange(1, 4),
            parts_per_day=random.randrange(1, 4),
        )
        accepted = new.select("user_id", "track_id", F.unix_micros("listen_time")).collect()
        lake += [tuple(row) for row in accepted]
        touched = {play[2] // HOUR for play in batch}
        again = [play for play in lake if play[2] // HOUR in touched]
        hours |= collected_hours(compute_hourly_kpis(play_rows(spark, again), known))
        added = play_rows(spark, [tuple(row) for row in accepted])
        totals = [
            tuple(row) for row in add_new_plays(frame(spark, TRACK_PLAYS, *totals), added).collect()
        ]

    assert len(batches) == 3
    assert sorted(lake) == played
    assert sorted(totals) == sorted(Counter(track_id for _, track_id, _ in played).items())
    assert hours == nearly(hourly_kpis(played, catalogue))
