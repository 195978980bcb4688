"""The rules of users and songs files: which rows load, which are rejected, which files refused."""

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from conf.explanations import explain_cause, explain_header, wanted_of_malformed
from dags.metadata.values import (
    TABLE_COLUMNS,
    TRIMMED,
    BrokenRowError,
    Column,
    Value,
    read_value,
)

MAX_LINE_BYTES = 1 << 20  # the widest good row needs some 11 KB; what is longer is malformed
BOM = b"\xef\xbb\xbf"
GZIP_WINDOW = 31  # zlib: a gzip header, the largest window
INFLATED_BYTES = 1 << 18  # inflated at once, however small it was packed
KEPT_CHARACTERS = 400  # of a value that people are to see


class GoodRow(NamedTuple):
    """A row to load: its line, counted from 1, and its values in schema order."""

    line_number: int
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row for quarantine: `raw_line` without the line's end, cut after MAX_LINE_BYTES.

    Attributes:
        value: The beginning of the field that broke the rule, empty where the line itself did.
        wanted: The form that it should have.
    """

    line_number: int
    raw_line: bytes
    reason: str
    value: str = field(default="", compare=False)
    wanted: str = field(default="", compare=False)


class RefusedFileError(Exception):
    """The file may not load; the text is the reason: `empty`, `columns` or `unreadable`.

    `explanation` has the form of conf/explanations.py.
    """

    def __init__(self, reason: str, explanation: dict[str, Any]) -> None:
        super().__init__(reason)
        self.explanation = explanation


def read_rows(
    table: str, chunks: Iterable[bytes], *, is_gzipped: bool = False, track_id_prefix: str = ""
) -> Iterator[GoodRow | RejectedRow]:
    """Give a file's rows in its order, wherever its bytes are cut; holds one chunk and one line.

    Args:
        track_id_prefix: What a song's `track_id` may begin with and does not keep.

    Raises:
        RefusedFileError: Before the first row, or between two where gzip breaks off.
    """
    lines = enumerate(split_lines(inflate(chunks) if is_gzipped else chunks), start=1)
    width, columns = _read_header(table, lines, track_id_prefix)
    for line_number, line in lines:
        if _is_blank(line):
            continue
        try:
            fields = split_fields(line)
            if len(fields) != width:
                wanted = wanted_of_malformed(line.decode(), width)
                raise BrokenRowError("malformed_row", wanted=wanted)
            fields.append("")  # what a column that the file lacks is read from
            values = tuple([read_value(column, fields[place]) for place, column in columns])
        except BrokenRowError as broken:
            told = (str(broken), broken.value[:KEPT_CHARACTERS], broken.wanted)
            yield RejectedRow(line_number, line[:MAX_LINE_BYTES], *told)
        else:
            yield GoodRow(line_number, values)


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
                raise RefusedFileError("unreadable", explain_cause("gzip")) from error
            waiting = member.unused_data if member.eof else member.unconsumed_tail
            is_complete = member.eof
    if not is_complete:
        raise RefusedFileError("unreadable", explain_cause("gzip"))


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
        raise BrokenRowError("malformed_row")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise BrokenRowError("invalid_encoding") from None
    if '"' not in text:
        return text.split(",")
    fields, place = [], 0
    while match := _FIELD.match(text, place):
        quoted, plain, comma = match.groups()
        fields.append(plain or "" if quoted is None else quoted.replace('""', '"'))
        if not comma:
            return fields
        place = match.end()
    raise BrokenRowError("malformed_row")


def _read_header(
    table: str, lines: Iterator[tuple[int, bytes]], track_id_prefix: str
) -> tuple[int, list[tuple[int, Column]]]:
    """Read the first line that is not blank: how many names, and each column with its place."""
    for line_number, line in lines:
        header = line.removeprefix(BOM) if line_number == 1 else line
        if not _is_blank(header):
            names = _split_names(table, header, line)
            found = _find_columns(table, names, line)
            return len(names), [(place, column.without(track_id_prefix)) for place, column in found]
    raise RefusedFileError("empty", explain_cause("empty"))


def _split_names(table: str, header: bytes, line: bytes) -> list[str]:
    try:
        return [name.strip(TRIMMED) for name in split_fields(header)]
    except BrokenRowError as broken:
        reason = "unreadable" if str(broken) == "invalid_encoding" else "columns"
        is_long = len(header) > MAX_LINE_BYTES
        why = explain_cause("long") if is_long else explain_header(line, _needed(table))
        raise RefusedFileError(reason, why) from None


def _find_columns(table: str, names: list[str], line: bytes) -> list[tuple[int, Column]]:
    """Give each column of the table with its place in the file; -1 where it may lack it."""
    columns = TABLE_COLUMNS[table]
    wanted = [c.name for c in columns if c.name in names or not c.may_lack]
    if any(names.count(name) != 1 for name in wanted):
        raise RefusedFileError("columns", explain_header(line, wanted))
    return [(names.index(c.name) if c.name in names else -1, c) for c in columns]


def _needed(table: str) -> list[str]:
    return [column.name for column in TABLE_COLUMNS[table] if not column.may_lack]
