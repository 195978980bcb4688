"""Rows with valid defaults: a test names only what it is about."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    IntegerType,
    StructField,
    StructType,
)

from spark_jobs import schemas

A_TRACK = "4dBa8T7oDV9WvGr7kVS4Ez"
A_TIME = "2024-06-25 17:43:13"
A_MODIFICATION = "2024-07-01 00:00:00"
PLAY_COLUMNS = ("user_id", "track_id", "listen_time")

# What `keep_first_copies` reads.
READ_PLAYS = StructType([schemas.value("file_index", IntegerType()), *schemas.STREAMS])


def at(text: str) -> datetime:
    """Give an instant of UTC from `YYYY-MM-DD HH:MM:SS`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def instant_at(micros: int) -> datetime:
    """Give an instant of UTC from microseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def micros_at(text: str) -> int:
    """Give the microseconds since 1970 of `YYYY-MM-DD HH:MM:SS`, UTC."""
    return (at(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def a_user(user_id: int = 1, **columns: Any) -> tuple[Any, ...]:
    defaults = {
        "user_id": user_id,
        "user_name": "Zeta Lumen",
        "user_age": 31,
        "user_country": "Arvenia",
        "created_at": date(2024, 1, 2),
    }
    return tuple((defaults | columns).values())


def a_song(id: int = 1, track_id: str | None = A_TRACK, **columns: Any) -> tuple[Any, ...]:
    defaults = {
        "id": id,
        "track_id": track_id,
        "artists": "Mira Vale",
        "album_name": "First Light",
        "track_name": "Dawn",
        "popularity": 50,
        "duration_ms": 200_000,
        "explicit": False,
        "danceability": 0.5,
        "energy": 0.5,
        "key": 1,
        "loudness": -7.5,
        "mode": 1,
        "speechiness": 0.05,
        "acousticness": 0.1,
        "instrumentalness": 0.0,
        "liveness": 0.2,
        "valence": 0.6,
        "tempo": 120.0,
        "time_signature": 4,
        "track_genre": "ambient",
    }
    return tuple((defaults | columns).values())


def a_play(
    user_id: int = 1, track_id: str = A_TRACK, listen_time: str = A_TIME
) -> tuple[int, str, datetime]:
    return (user_id, track_id, at(listen_time))


def a_claimed_file(
    file_index: int = 0,
    *,
    file_key: str | None = None,
    path: str | None = None,
    columns: Sequence[str] = PLAY_COLUMNS,
    last_modified: str = A_MODIFICATION,
) -> tuple[Any, ...]:
    """A row of CLAIMED_FILES; its header is the columns, parted by commas."""
    key = file_key or f"data/streams/plays-{file_index}.csv"
    return (
        path or f"file:/{key}",
        file_index,
        key,
        len(columns),
        columns.index("user_id"),
        columns.index("track_id"),
        columns.index("listen_time"),
        ",".join(columns),
        at(last_modified),
    )


def a_judged_play(
    line: bytes, *, user_id: int, track_id: str, listen_time: str, file_index: int = 0
) -> tuple[Any, ...]:
    """A row of JUDGED that no rule breaks."""
    return (file_index, user_id, track_id, at(listen_time), None, bytearray(line), False, None)


def a_rejected_line(
    line: bytes,
    reason: str,
    *,
    file_index: int = 0,
    is_header: bool = False,
    line_id: int | None = None,
) -> tuple[Any, ...]:
    """A row of JUDGED that a rule breaks."""
    return (file_index, None, None, None, reason, bytearray(line), is_header, line_id)


def songs(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    return frame(spark, schemas.SONGS, *rows)


def plays(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    return frame(spark, schemas.STREAMS, *rows)


def frame(spark: SparkSession, schema: StructType, *rows: tuple[Any, ...]) -> DataFrame:
    """Give rows of a schema; widths are left out, as expressions lose them and chispa compares."""
    plain = [StructField(field.name, field.dataType, field.nullable) for field in schema]
    return spark.createDataFrame(list(rows), StructType(plain))


def claimed_files(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    return frame(spark, schemas.CLAIMED_FILES, *rows)


def a_proven_play(
    user_id: int, track_id: str, listen_time: str, *, file_index: int = 0
) -> tuple[Any, ...]:
    """A row of LINES that the fast rule proves."""
    return (file_index, user_id, track_id, at(listen_time), None, None)


def a_passed_line(line: bytes, *, file_index: int | None = 0) -> tuple[Any, ...]:
    """A row of LINES that it passes on, without an id."""
    return (file_index, None, None, None, bytearray(line), None)


def lines_of_file(spark: SparkSession, *lines: bytes, file_index: int = 0) -> DataFrame:
    """Give lines as the fast rule passes them on: LINES."""
    return numbered_lines(spark, [(file_index, line) for line in lines])


def numbered_lines(spark: SparkSession, lines: Iterable[tuple[int, bytes]]) -> DataFrame:
    rows = [a_passed_line(line, file_index=file_index) for file_index, line in lines]
    return frame(spark, schemas.LINES, *rows)


def scanned_lines(spark: SparkSession, contents: Mapping[str, bytes]) -> DataFrame:
    """Give the lines of files by path as the scan does: `value`, `path`, no `line_id`.

    A line ends by LF alone; the reader drops a byte order mark at the file's beginning.
    """
    rows = []
    for path, content in contents.items():
        *ended, rest = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        lines = [*ended, rest] if rest else ended
        rows += [(bytearray(line), path) for line in lines]
    as_bytes = spark.createDataFrame(rows, "line binary, path string")
    no_id = F.lit(None).cast("bigint").alias("line_id")
    return as_bytes.select(F.col("line").cast("string").alias("value"), "path", no_id)
