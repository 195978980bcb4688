"""Rows at the edges of what the rules accept: values, strategies for them, and their CSV."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pyspark.sql.types import StructField, StructType

from spark_jobs import schemas

Row = tuple[Any, ...]

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
TIMES = st.times().map(lambda time: time.replace(fold=0))  # fold is no part of the instant
# Few, since the jobs write a file for each.
PLAY_DAYS = (EARLIEST.date(), date(2000, 2, 29), date(2024, 12, 31))
DOUBLES = (1e308, -1.7976931348623157e308, 5e-324, -5e-324, 2.2250738585072014e-308, -0.0, 0.0)
DOUBLES += (0.1 + 0.2, 1 / 3, 123456789.12345679, -1e-7, 9007199254740993.0)
DATES = (date.min, date.max, date(1582, 10, 4), date(1582, 10, 15), date(1969, 12, 31))
DATES += (date(1500, 2, 28), date(2024, 2, 29))
INTEGERS = {"bigint": 2**63, "int": 2**31}
# One, two, three and four bytes; what CSV, COPY and SQL quote; control characters; odd ones.
ANYWHERE = "aZ0é߿ࠀ€\uffff\U00010000🎵\U0010ffff\",'\\;%$=@|/\u2028\xa0\ufeff\ue000"
INSIDE = ANYWHERE + " \t\r\x01\x1f\x7f\x85\x0b"


def fill(start: str, width: int) -> str:
    """Give a text of just so many bytes, four-byte characters for the most part."""
    room = width - len(start.encode())
    return start + "🎵" * (room // 4) + "x" * (room % 4)


def texts(width: int, inside: str = INSIDE) -> SearchStrategy[str]:
    """Give texts that trimming leaves alone: short ones, and ones that fill the width."""
    short = st.builds(
        lambda first, middle, last: first + middle + last,
        st.sampled_from(ANYWHERE),
        st.text(inside, max_size=5),
        st.sampled_from(ANYWHERE),
    )
    return short | st.builds(lambda text: fill(text, width), short)


def values(column: StructField) -> SearchStrategy[Any]:
    """Give the values that a column of the metadata may hold, its edges often."""
    kind = column.dataType.simpleString()
    if kind == "string":
        found: SearchStrategy[Any] = texts(column.metadata["width"])
    elif column.name == "popularity":
        found = st.sampled_from((0, 100)) | st.integers(0, 100)
    elif kind in INTEGERS:
        bound = INTEGERS[kind]
        found = st.sampled_from((-bound, -1, 0, bound - 1)) | st.integers(-bound, bound - 1)
    elif kind == "double":
        found = st.sampled_from(DOUBLES) | st.floats(allow_nan=False, allow_infinity=False)
    else:
        found = st.booleans() if kind == "boolean" else st.sampled_from(DATES) | st.dates()
    return st.none() | found if column.nullable else found


def table_rows(schema: StructType, most: int) -> SearchStrategy[list[Row]]:
    """Give rows of a metadata table, each key once."""
    row = st.tuples(*map(values, schema))
    return st.lists(row, min_size=1, max_size=most, unique_by=lambda one: one[0])


def play_rows(tracks: Sequence[str], most: int) -> SearchStrategy[list[Row]]:
    """Give plays of such tracks and of unknown ones, each once."""
    unknown = texts(schemas.MAX_TRACK_ID_BYTES, ANYWHERE)
    play = st.tuples(
        st.sampled_from((1, 2**63 - 1)) | st.integers(1, 2**63 - 1),
        st.sampled_from(tracks) | unknown if tracks else unknown,
        st.builds(datetime.combine, st.sampled_from(PLAY_DAYS), TIMES, st.just(UTC)),
    )
    return st.lists(play, min_size=1, max_size=most, unique=True)


def written(names: Iterable[str], rows: Iterable[Row]) -> bytes:
    """Give rows as the CSV that the rules read."""
    lines = [",".join(names), *(",".join(map(field, row)) for row in rows)]
    return "".join(f"{line}\n" for line in lines).encode()


def field(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str):
        return str(value)
    return '"' + value.replace('"', '""') + '"' if set(value) & set(',"') else value


def extreme_users() -> list[Row]:
    bound = 2**63
    keys = (-bound, bound - 1, 1, 0, *range(10, 10 + len(DATES)))
    ages = (-(2**31), 2**31 - 1, None, 0)
    return [
        (key, fill("é", 256), ages[at % 4], fill("\\N", 64), DATES[at % len(DATES)])
        for at, key in enumerate(keys)
    ] + [(2, None, None, None, None), (3, "NULL", 0, "\\N", None), (4, '""', 1, "',", None)]


def extreme_songs() -> list[Row]:
    """Give a song for each double, its other columns at their greatest and least."""
    songs = [
        song_of(
            at,
            dict.fromkeys(columns, (least, greatest)[at % 2])
            | dict.fromkeys(names_of("double"), double),
        )
        for at, double in enumerate(DOUBLES)
        for columns, least, greatest in [(names_of("int"), -(2**31), 2**31 - 1)]
    ]
    ids = [(-(2**31), *songs[0][1:]), (2**31 - 1, *songs[1][1:])]
    return [*songs, *ids, song_of(-1, dict.fromkeys(schemas.SONGS.fieldNames()))]


def song_of(identifier: int, changes: dict[str, Any]) -> Row:
    texts = {
        column.name: fill(f"{identifier};", column.metadata["width"])
        for column in schemas.SONGS
        if column.dataType.simpleString() == "string"
    }
    flags = {"popularity": identifier % 2 * 100, "explicit": identifier % 2 == 0}
    row = texts | changes | (flags if changes.get("key") is not None else {}) | {"id": identifier}
    return tuple(row[name] for name in schemas.SONGS.fieldNames())


def names_of(kind: str) -> list[str]:
    return [column.name for column in schemas.SONGS if column.dataType.simpleString() == kind]
