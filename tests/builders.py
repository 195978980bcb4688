"""Rows with valid defaults: a test names only what it is about."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BinaryType,
    BooleanType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from spark_jobs import schemas

A_TRACK = "4dBa8T7oDV9WvGr7kVS4Ez"
A_TIME = "2024-06-25 17:43:13"
A_MODIFICATION = "2024-07-01 00:00:00"
PLAY_COLUMNS = ("user_id", "track_id", "listen_time")

# What `apply_line_rules` gives, the line as bytes.
JUDGED = StructType(
    [
        schemas.value("file_index", IntegerType()),
        *(schemas.value(field.name, field.dataType) for field in schemas.STREAMS),
        schemas.value("reason", StringType()),
        schemas.value("line", BinaryType()),
        schemas.value("is_header", BooleanType()),
        schemas.value("line_id", LongType()),
    ]
)
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


def no_id() -> Column:
    return F.lit(None).cast("bigint").alias("line_id")


def proven_lines(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    """Give rows of LINES whose lines have no id."""
    return frame(spark, schemas.LINES, *((*row, None) for row in rows))


def lines_of_file(spark: SparkSession, *lines: bytes, file_index: int = 0) -> DataFrame:
    """Give lines as the full rules read them: `file_index`, `text`, byte for byte, without id."""
    return numbered_lines(spark, [(file_index, line) for line in lines])


def numbered_lines(spark: SparkSession, lines: Iterable[tuple[int, bytes]]) -> DataFrame:
    rows = [(file_index, bytearray(line)) for file_index, line in lines]
    as_bytes = spark.createDataFrame(rows, "file_index int, line binary")
    return as_bytes.select("file_index", F.col("line").cast("string").alias("text"), no_id())


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
    return as_bytes.select(F.col("line").cast("string").alias("value"), "path", no_id())


def with_line_as_bytes(judged: DataFrame) -> DataFrame:
    """Give what the full rules gave as JUDGED: bytes compare as they are."""
    return judged.withColumn("line", F.col("line").cast("binary"))
