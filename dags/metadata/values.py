"""The columns of users and songs, and how the text of a field becomes their value."""

import datetime
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from conf import explanations

TRIMMED = "\t\n\v\f\r "
Value = int | float | bool | str | datetime.date | None


@dataclass(frozen=True)
class Column:
    """A column to load: text has a `width` in bytes; a key is never empty.

    Attributes:
        may_lack: A file may be without the column, which is null then.
        prefix: What its texts may begin with and do not keep.
    """

    name: str
    kind: str
    width: int = 0
    limits: range | None = None
    is_key: bool = False
    may_lack: bool = False
    prefix: str = ""

    def without(self, track_id_prefix: str) -> "Column":
        """Give the column whose texts lose the prefix, where they are ids of tracks."""
        return replace(self, prefix=track_id_prefix) if self.name == "track_id" else self


TABLE_COLUMNS: dict[str, tuple[Column, ...]] = {
    "users": (
        Column("user_id", "bigint", is_key=True),
        Column("user_name", "text", width=256),
        Column("user_age", "integer"),
        Column("user_country", "text", width=64),
        Column("created_at", "date"),
    ),
    "songs": (
        Column("id", "integer", is_key=True),
        Column("track_id", "text", width=64),
        Column("artists", "text", width=2048),
        Column("album_name", "text", width=1024, may_lack=True),
        Column("track_name", "text", width=2048),
        Column("popularity", "integer", limits=range(101)),
        Column("duration_ms", "integer"),
        Column("explicit", "boolean", may_lack=True),
        Column("danceability", "double", may_lack=True),
        Column("energy", "double", may_lack=True),
        Column("key", "integer", may_lack=True),
        Column("loudness", "double", may_lack=True),
        Column("mode", "integer", may_lack=True),
        Column("speechiness", "double", may_lack=True),
        Column("acousticness", "double", may_lack=True),
        Column("instrumentalness", "double", may_lack=True),
        Column("liveness", "double", may_lack=True),
        Column("valence", "double", may_lack=True),
        Column("tempo", "double", may_lack=True),
        Column("time_signature", "integer", may_lack=True),
        Column("track_genre", "text", width=64),
    ),
}


class BrokenRowError(Exception):
    """A rule that a row breaks: its text is the reason's code; what broke it, what is wanted."""

    def __init__(self, reason: str, value: str = "", wanted: str = "") -> None:
        super().__init__(reason)
        self.value, self.wanted = value, wanted or explanations.wanted_form(reason)


def read_value(column: Column, field: str) -> Value:
    """Read a field's value, or raise the first rule that it breaks."""
    text = field.strip(TRIMMED).removeprefix(column.prefix)
    if not text:
        if column.is_key:
            raise BrokenRowError(f"missing_{column.name}")
        return None
    if column.kind == "text":
        return _read_text(column, text)
    value: Value = _parse(column.kind, text)
    if value is None:
        raise _broken(f"invalid_{column.name}", column, text)
    if column.limits and value not in column.limits:
        raise _broken(f"{column.name}_out_of_range", column, text)
    return value


def _read_text(column: Column, text: str) -> str:
    if len(text.encode("utf-8")) > column.width:
        raise _broken(f"too_long_{column.name}", column, text)
    if "\0" in text:
        raise _broken("nul_character", column, text)
    return text


def _broken(reason: str, column: Column, text: str) -> BrokenRowError:
    wanted = explanations.wanted_form(reason, kind=column.kind, width=column.width)
    return BrokenRowError(reason, text, wanted)


_INTEGER = re.compile(r"(-?[0-9]{1,4000})(?:\.0)?")  # int() refuses more digits; pandas adds .0
_FLOAT = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_DAY = datetime.date
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BOOLEAN = re.compile(r"(true|t|yes|1)|false|f|no|0", re.ASCII | re.IGNORECASE)
_KINDS: dict[str, tuple[re.Pattern[str], Callable[[re.Match[str]], Any], Any, Any]] = {
    "integer": (_INTEGER, lambda found: int(found[1]), -(1 << 31), (1 << 31) - 1),
    "bigint": (_INTEGER, lambda found: int(found[1]), -(1 << 63), (1 << 63) - 1),
    "double": (_FLOAT, lambda found: float(found[0]), -sys.float_info.max, sys.float_info.max),
    "boolean": (_BOOLEAN, lambda found: bool(found[1]), False, True),
    "date": (_DATE, lambda found: _DAY.fromisoformat(found[0]), _DAY.min, _DAY.max),
}


def _parse(kind: str, text: str) -> Any:
    """Give the value, None where the text is not one of the kind."""
    pattern, convert, least, greatest = _KINDS[kind]
    try:
        found = pattern.fullmatch(text)
        value = convert(found) if found else None
    except ValueError:  # a day that its month lacks
        return None
    return value if value is not None and least <= value <= greatest else None
