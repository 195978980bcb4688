"""The rules of users and songs files: which rows load, which are rejected, which files refused."""

import datetime
import hashlib
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

MAX_LINE_BYTES = 1 << 20  # the widest good row needs some 11 KB; what is longer is malformed
TRIMMED = "\t\n\v\f\r "
BOM = b"\xef\xbb\xbf"
GZIP_WINDOW = 31  # zlib: a gzip header, the largest window
INFLATED_BYTES = 1 << 18  # inflated at once, however small it was packed
Value = int | float | bool | str | datetime.date | None


@dataclass(frozen=True)
class Column:
    """A column to load: text has a `width` in bytes; a key is never empty."""

    name: str
    kind: str
    width: int = 0
    limits: range | None = None
    is_key: bool = False


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
        Column("album_name", "text", width=1024),
        Column("track_name", "text", width=2048),
        Column("popularity", "integer", limits=range(101)),
        Column("duration_ms", "integer"),
        Column("explicit", "boolean"),
        Column("danceability", "double"),
        Column("energy", "double"),
        Column("key", "integer"),
        Column("loudness", "double"),
        Column("mode", "integer"),
        Column("speechiness", "double"),
        Column("acousticness", "double"),
        Column("instrumentalness", "double"),
        Column("liveness", "double"),
        Column("valence", "double"),
        Column("tempo", "double"),
        Column("time_signature", "integer"),
        Column("track_genre", "text", width=64),
    ),
}


class GoodRow(NamedTuple):
    """A row to load: its line, counted from 1, and its values in schema order."""

    line_number: int
    values: tuple[Value, ...]


class RejectedRow(NamedTuple):
    """A row for quarantine: `raw_line` without the line's end, cut after MAX_LINE_BYTES."""

    line_number: int
    raw_line: bytes
    reason: str


class RefusedFileError(Exception):
    """The file may not load; the text is the reason: `empty`, `columns` or `unreadable`."""


class _BrokenRowError(Exception):
    """A rule that a row breaks; its text is the reason's code."""


def read_rows(
    table: str, chunks: Iterable[bytes], *, is_gzipped: bool = False
) -> Iterator[GoodRow | RejectedRow]:
    """Give a file's rows in its order, wherever its bytes are cut; holds one chunk and one line.

    Raises:
        RefusedFileError: Before the first row, or between two where gzip breaks off.
    """
    lines = enumerate(split_lines(inflate(chunks) if is_gzipped else chunks), start=1)
    header = _read_header(lines)
    columns = _find_columns(table, header)
    for line_number, line in lines:
        if _is_blank(line):
            continue
        try:
            fields = split_fields(line)
            if len(fields) != len(header):
                raise _BrokenRowError("malformed_row")
            values = tuple([_read_value(column, fields[place]) for place, column in columns])
        except _BrokenRowError as broken:
            yield RejectedRow(line_number, line[:MAX_LINE_BYTES], str(broken))
        else:
            yield GoodRow(line_number, values)


def metadata_version(files: Iterable[tuple[str, str]]) -> str:
    """Give the SHA-256, in hex, over the sorted pairs of key and ETag."""
    pairs = sorted([key, etag] for key, etag in files)
    return hashlib.sha256(json.dumps(pairs).encode("ascii")).hexdigest()


def inflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Give gzip's content in small pieces; zero bytes after the last member are padding."""
    member = zlib.decompressobj(GZIP_WINDOW)
    is_complete = True  # a file of no bytes is empty, not broken
    for chunk in chunks:
        waiting = chunk
        while waiting:
            if member.eof:
                waiting = waiting.lstrip(b"\0")
                if not waiting:
                    break
                member = zlib.decompressobj(GZIP_WINDOW)
            try:
                yield member.decompress(waiting, INFLATED_BYTES)
            except zlib.error as error:
                raise RefusedFileError("unreadable") from error
            waiting = member.unused_data if member.eof else member.unconsumed_tail
            is_complete = member.eof
    if not is_complete:
        raise RefusedFileError("unreadable")


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Give the lines without LF or CRLF; of a longer one a little more than MAX_LINE_BYTES."""
    held = MAX_LINE_BYTES + 2 + len(BOM)  # too long still without a BOM and the line's CR
    rest = b""
    for chunk in chunks:
        lines = chunk.split(b"\n")
        lines[0] = rest + lines[0] if len(rest) < held else rest
        rest = lines.pop()[:held]
        for line in lines:
            yield line[:held].removesuffix(b"\r")
    if rest:
        yield rest.removesuffix(b"\r")


def _is_blank(line: bytes) -> bool:
    return len(line) <= MAX_LINE_BYTES and not line.strip(b" \t")


_FIELD = re.compile(r'(?:"((?:[^"]++|"")*+)"|([^",][^,]*+)?)(,|\Z)')


def split_fields(line: bytes) -> list[str]:
    """Cut a line at its commas; a quote opens only as a field's first byte."""
    if len(line) > MAX_LINE_BYTES:
        raise _BrokenRowError("malformed_row")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise _BrokenRowError("invalid_encoding") from None
    if '"' not in text:
        return text.split(",")
    fields, place = [], 0
    while match := _FIELD.match(text, place):
        quoted, plain, comma = match.groups()
        fields.append(plain or "" if quoted is None else quoted.replace('""', '"'))
        if not comma:
            return fields
        place = match.end()
    raise _BrokenRowError("malformed_row")


def _read_header(lines: Iterator[tuple[int, bytes]]) -> list[str]:
    """Give the names of the first line that is not blank."""
    for line_number, line in lines:
        names = line.removeprefix(BOM) if line_number == 1 else line
        if not _is_blank(names):
            try:
                return [name.strip(TRIMMED) for name in split_fields(names)]
            except _BrokenRowError as broken:
                is_text = str(broken) != "invalid_encoding"
                raise RefusedFileError("columns" if is_text else "unreadable") from None
    raise RefusedFileError("empty")


def _find_columns(table: str, header: list[str]) -> list[tuple[int, Column]]:
    """Give each column of the table with its place in the file."""
    if any(header.count(column.name) != 1 for column in TABLE_COLUMNS[table]):
        raise RefusedFileError("columns")
    return [(header.index(column.name), column) for column in TABLE_COLUMNS[table]]


def _read_value(column: Column, field: str) -> Value:
    """Give a field's value, or raise the first rule that it breaks."""
    text = field.strip(TRIMMED)
    if not text:
        if column.is_key:
            raise _BrokenRowError(f"missing_{column.name}")
        return None
    if column.kind == "text":
        return _read_text(column, text)
    value: Value = _parse(column.kind, text)
    if value is None:
        raise _BrokenRowError(f"invalid_{column.name}")
    if column.limits and value not in column.limits:
        raise _BrokenRowError(f"{column.name}_out_of_range")
    return value


def _read_text(column: Column, text: str) -> str:
    if len(text.encode("utf-8")) > column.width:
        raise _BrokenRowError(f"too_long_{column.name}")
    if "\0" in text:
        raise _BrokenRowError("nul_character")
    return text


_INTEGER = re.compile(r"-?[0-9]{1,4000}")  # int() refuses more digits
_FLOAT = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BOOLEAN = re.compile(r"true|false", re.ASCII | re.IGNORECASE)
_KINDS: dict[str, tuple[re.Pattern[str], Callable[[str], Any], Any, Any]] = {
    "integer": (_INTEGER, int, -(1 << 31), (1 << 31) - 1),
    "bigint": (_INTEGER, int, -(1 << 63), (1 << 63) - 1),
    "double": (_FLOAT, float, -sys.float_info.max, sys.float_info.max),
    "boolean": (_BOOLEAN, lambda text: text.lower() == "true", False, True),
    "date": (_DATE, datetime.date.fromisoformat, datetime.date.min, datetime.date.max),
}


def _parse(kind: str, text: str) -> Any:
    """Give the value, None where the text is not one of the kind."""
    pattern, convert, least, greatest = _KINDS[kind]
    try:
        value = convert(text) if pattern.fullmatch(text) else None
    except ValueError:  # a day that its month lacks
        return None
    return value if value is not None and least <= value <= greatest else None
