"""extract_metadata gives users and songs exactly as PostgreSQL holds them, of one version."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from string import Template
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from spark_jobs import schemas, storage
from spark_jobs.errors import JobError
from spark_jobs.jobs import extract_metadata
from spark_jobs.jobs.extract_metadata import PASSWORD_SETTING, parse_args, run
from tests.builders import a_song, a_user, frame
from tests.spark_jobs.job_builders import MetadataDatabase

LONGS = (-(2**63), 2**63 - 1)
INTEGERS = (-(2**31), 2**31 - 1)


@pytest.fixture(autouse=True)
def _password(spark: SparkSession, database: MetadataDatabase) -> Iterator[None]:
    spark.conf.set(PASSWORD_SETTING, database.server.password)
    yield
    spark.conf.unset(PASSWORD_SETTING)


@pytest.fixture
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a range hold fewer rows than are worth a connection of their own."""
    text = extract_metadata.BOUNDS_QUERY.template
    assert text.count("250000") == 1
    monkeypatch.setattr(extract_metadata, "BOUNDS_QUERY", Template(text.replace("250000", "1")))


def extract(spark: SparkSession, database: MetadataDatabase, output: Path, **flags: str) -> None:
    run(spark, parse_args(database.arguments(output, **flags)))


def assert_extracted(
    spark: SparkSession, folder: Path, schema: StructType, rows: list[tuple[Any, ...]]
) -> None:
    """Compare a table with rows written by hand."""
    found = storage.read(spark, f"file:{folder}", schema)
    expected = frame(spark, schema, *rows)
    assert_df_equality(
        found, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True
    )


def rows_per_range(rows: DataFrame) -> list[int]:
    counted = rows.groupBy(F.spark_partition_id().alias("part")).count()
    return [row["count"] for row in counted.orderBy("part").collect()]


USERS = [
    a_user(1),
    (2, None, None, None, None),
    (LONGS[0], "", INTEGERS[0], "🎵" * 16, date(1, 1, 1)),
    (LONGS[1], "🎵" * 64, INTEGERS[1], "a\nb\t\"c\\'", date(9999, 12, 31)),
    (3, " trailing \x01\x7f ", 0, "\u2028\ufeff", date(1582, 10, 4)),
    (4, "e\u0301", -1, "é", date(1582, 10, 15)),
    (5, "x" * 256, 31, "null", date(1900, 2, 28)),
    (6, "NULL", 31, "N/A", date(2024, 2, 29)),
]
SONGS = [
    a_song(1),
    a_song(2, artists="Ada;Bo; Çé", explicit=True),
    (3, *[None] * 20),
    a_song(INTEGERS[0], "🎵" * 16, artists="ü" * 1024, album_name="x" * 1024, popularity=0),
    a_song(
        INTEGERS[1],
        duration_ms=INTEGERS[1],
        loudness=-1.7976931348623157e308,
        danceability=5e-324,
        energy=0.1 + 0.2,
        tempo=-0.0,
        valence=123456789.123456789,
        key=-1,
        track_genre="",
    ),
]


def test_users_and_songs_come_exactly_as_they_are_held(
    spark: SparkSession, database: MetadataDatabase, tmp_path: Path
) -> None:
    database.insert("users", *USERS)
    database.insert("songs", *SONGS)
    database.set_version("v1")

    extract(spark, database, tmp_path / "out")

    assert_extracted(spark, tmp_path / "out" / "users", schemas.USERS, USERS)
    assert_extracted(spark, tmp_path / "out" / "songs", schemas.SONGS, SONGS)
    found = json.loads((tmp_path / "out" / "metadata.json").read_text())
    assert found == {"metadata_version": "v1"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("users", "songs", "metadata.json")
    }


@pytest.mark.usefixtures("small_ranges")
def test_several_ranges_give_each_row_once(
    spark: SparkSession, database: MetadataDatabase, tmp_path: Path
) -> None:
    users = [*USERS, *(a_user(number * 10**15) for number in range(-50, 50))]
    database.insert("users", *users)
    database.insert("songs", *SONGS)
    database.set_version("v1")

    extract(spark, database, tmp_path / "out", max_partitions="7", fetch_size="3")

    assert_extracted(spark, tmp_path / "out" / "users", schemas.USERS, users)
    assert_extracted(spark, tmp_path / "out" / "songs", schemas.SONGS, SONGS)
    listing = json.loads((tmp_path / "out" / "users" / "_files.json").read_text())
    assert len(listing["files"]) == 7


@pytest.mark.usefixtures("small_ranges")
@pytest.mark.parametrize(
    ("rows", "max_partitions", "expected"),
    [
        (100, 4, [26, 26, 26, 22]),
        (99, 4, [25, 25, 25, 24]),
        (100, 1, [100]),
        (3, 8, [1, 1, 1]),
        (1, 8, [1]),
        (0, 8, []),
    ],
)
def test_sparse_keys_fill_the_ranges_evenly(
    spark: SparkSession,
    database: MetadataDatabase,
    rows: int,
    max_partitions: int,
    expected: list[int],
) -> None:
    """Nine tenths of the keys lie together, the others are spread over 64 bits."""
    keys = [n if n % 10 else LONGS[1] - n * 10**16 for n in range(rows)]
    assert len(set(keys)) == rows
    database.insert("users", *(a_user(key) for key in keys))
    options = extract_metadata.connection_options(spark, parse_args(database.arguments(Path("o"))))

    found = extract_metadata.read_table(spark, options, "users", schemas.USERS, max_partitions)

    assert rows_per_range(found) == expected


def test_a_small_table_is_read_by_one_connection(
    spark: SparkSession, database: MetadataDatabase
) -> None:
    database.insert("users", *(a_user(number) for number in range(1, 50)))
    options = extract_metadata.connection_options(spark, parse_args(database.arguments(Path("o"))))

    found = extract_metadata.read_table(spark, options, "users", schemas.USERS, 8)

    assert found.rdd.getNumPartitions() == 1
    assert found.count() == 49


@pytest.mark.parametrize("after", ["users", "songs"])
def test_metadata_loaded_between_the_reads_fails_the_attempt(
    spark: SparkSession,
    database: MetadataDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after: str,
) -> None:
    database.insert("users", a_user(1))
    database.insert("songs", a_song(1))
    database.set_version("v1")
    write: Callable[..., int] = storage.write

    def write_and_load(rows: DataFrame, uri: str, schema: StructType) -> int:
        written = write(rows, uri, schema)
        if uri.endswith(after):
            database.set_version("v2")
        return written

    monkeypatch.setattr(storage, "write", write_and_load)

    with pytest.raises(JobError, match="the metadata changed while it was read"):
        extract(spark, database, tmp_path / "out")

    assert not (tmp_path / "out" / "metadata.json").exists()


def test_two_attempts_give_the_same_rows_each_in_its_folder(
    spark: SparkSession, database: MetadataDatabase, tmp_path: Path
) -> None:
    database.insert("users", *USERS)
    database.insert("songs", *SONGS)
    database.set_version("v1")

    for attempt in ("1", "2"):
        extract(spark, database, tmp_path / attempt)

    for attempt in ("1", "2"):
        assert_extracted(spark, tmp_path / attempt / "users", schemas.USERS, USERS)
        assert_extracted(spark, tmp_path / attempt / "songs", schemas.SONGS, SONGS)
    with pytest.raises(JobError, match="is there already"):
        extract(spark, database, tmp_path / "1")


def test_tables_without_rows_are_extracted_as_they_are(
    spark: SparkSession, database: MetadataDatabase, tmp_path: Path
) -> None:
    database.set_version("v1")

    extract(spark, database, tmp_path / "out")

    assert_extracted(spark, tmp_path / "out" / "users", schemas.USERS, [])
    assert_extracted(spark, tmp_path / "out" / "songs", schemas.SONGS, [])
