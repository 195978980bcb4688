"""docs/input.md a second time, in plain Python: slow, literal, none of the product's code.

Whole files go in as bytes; no regular expression, no Spark. Instants are microseconds since
1970, UTC. It says what the product must give for inputs that nobody wrote an answer for;
`reference_kpis` does the same with docs/kpis.md.
"""

import calendar
import gzip
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

Play = tuple[int, str, int]

COLUMNS = ("user_id", "track_id", "listen_time")
TRIMMED = "\t\n\x0b\x0c\r "
DIGITS = frozenset("0123456789")
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
EARLIEST = (date(2000, 1, 1).toordinal() - date(1970, 1, 1).toordinal()) * DAY


@dataclass
class Reading:
    """What a file holds: why it is refused, or its rows, each a play or a reason."""

    refused: str | None = None
    names: list[str] = field(default_factory=list)
    header: bytes = b""
    rows: list[tuple[bytes, Play | str]] = field(default_factory=list)


@dataclass
class Validation:
    """What a run makes of its files."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    accepted: dict[Play, str] = field(default_factory=dict)
    quarantine: list[tuple[str, bytes, str]] = field(default_factory=list)
    touched_hours: set[int] = field(default_factory=set)


def split_lines(content: bytes) -> list[bytes]:
    *ended, rest = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [line.removesuffix(b"\r") for line in ended] + ([rest] if rest else [])


def read_file(file_key: str, content: bytes, last_modified: int) -> Reading:
    try:
        text = gzip.decompress(content) if file_key.endswith(".gz") else content
        lines = [line for line in split_lines(text) if line.strip(b" \t")]
        if not lines:
            return Reading("empty")
        fields = split_fields(lines[0].decode())
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        return Reading("unreadable")
    names = [name.strip(TRIMMED) for name in fields or []]
    if any(names.count(column) != 1 for column in COLUMNS):
        return Reading("columns")
    rows = [(line, judge_line(line, names, last_modified)) for line in lines[1:]]
    return Reading(None, names, lines[0], rows)


def judge_line(
    line: bytes, names: Sequence[str], last_modified: int, track_id_prefix: str = ""
) -> Play | str:
    """Give a line's play, or the first reason against it."""
    try:
        fields = split_fields(line.decode())
    except UnicodeDecodeError:
        return "invalid_encoding"
    if fields is None or len(fields) != len(names):
        return "malformed_row"
    texts = [fields[names.index(column)].strip(TRIMMED) for column in COLUMNS]
    texts[1] = texts[1].removeprefix(track_id_prefix)
    if "" in texts:
        return f"missing_{COLUMNS[texts.index('')]}"
    user_id, track_id, instant = read_user_id(texts[0]), texts[1], read_instant(texts[2])
    if user_id is None:
        return "invalid_user_id"
    if len(track_id.encode()) > 64 or any(ord(char) < 32 or ord(char) == 127 for char in track_id):
        return "invalid_track_id"
    if instant is None:
        return "invalid_listen_time"
    if not EARLIEST <= instant <= last_modified + DAY:
        return "listen_time_out_of_range"
    return user_id, track_id, instant


def split_fields(line: str) -> list[str] | None:
    """Split a line at its commas, character by character; None where a quote breaks it."""
    fields, rest = [], line
    while True:
        if rest.startswith('"'):
            taken = take_quoted(rest)
            if taken is None:
                return None
            value, rest = taken
        else:
            comma = rest.find(",")
            end = len(rest) if comma < 0 else comma
            value, rest = rest[:end], rest[end:]
        fields.append(value)
        if not rest:
            return fields
        if rest[0] != ",":
            return None
        rest = rest[1:]


def take_quoted(text: str) -> tuple[str, str] | None:
    """Give a quoted field's value and what follows its closing quote."""
    value, at = "", 1
    while at < len(text):
        if text[at] != '"':
            value, at = value + text[at], at + 1
        elif text[at + 1 : at + 2] == '"':
            value, at = value + '"', at + 2
        else:
            return value, text[at + 1 :]
    return None


def read_digits(text: str) -> int | None:
    return int(text) if text and set(text) <= DIGITS else None


def read_user_id(text: str) -> int | None:
    whole, dot, fraction = text.partition(".")
    if dot and (not fraction or set(fraction) != {"0"}):
        return None
    number = read_digits(whole)
    return number if number is not None and 1 <= number <= 2**63 - 1 else None


def read_instant(text: str) -> int | None:
    """Give the instant of `YYYY-MM-DD HH:MM:SS[.f]` with its zone, None if it is none."""
    marks = {4: "-", 7: "-", 10: " T", 13: ":", 16: ":"}
    if len(text) < 19 or any(text[at] not in chars for at, chars in marks.items()):
        return None
    spans = [(0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)]
    parts = [read_digits(text[start:end]) for start, end in spans]
    fraction, zone = split_fraction(text[19:])
    micros, offset = read_fraction(fraction), read_offset(zone)
    if None in parts or micros is None or offset is None:
        return None
    year, month, day, hour, minute, second = (part or 0 for part in parts)
    if not (year >= 1 and 1 <= month <= 12 and hour < 24 and minute < 60 and second < 60):
        return None
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    days = date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()
    return days * DAY + hour * HOUR + (minute * 60 + second) * SECOND + micros - offset


def split_fraction(text: str) -> tuple[str, str]:
    """Part `.123+02:00` before the zone."""
    starts = [at for at, char in enumerate(text) if char in "Z+- "]
    return (text[: starts[0]], text[starts[0] :]) if starts else (text, "")


def read_fraction(text: str) -> int | None:
    if not text:
        return 0
    digits, surplus = text[1:7], text[7:]
    is_fraction = text[0] == "." and digits and len(surplus) <= 3 and not surplus.strip("0")
    return read_digits(digits.ljust(6, "0")) if is_fraction else None


def read_offset(zone: str) -> int | None:
    """Give what `Z`, ` UTC`, `+02`, `+0200` or `+02:00` adds to UTC, None if it is no zone."""
    if zone in ("", "Z", " UTC"):
        return 0
    rest = zone[3:].removeprefix(":") if len(zone) == 6 else zone[3:]
    hours, minutes = read_digits(zone[1:3]), read_digits(rest or "00")
    is_sized = zone[0] in "+-" and len(zone[1:3]) == 2 and len(rest) in (0, 2)
    if not is_sized or hours is None or minutes is None:
        return None
    if minutes > 59 or hours * 60 + minutes > 18 * 60:
        return None
    return (hours * 60 + minutes) * 60 * SECOND * (-1 if zone[0] == "-" else 1)


def validate(
    files: Mapping[str, tuple[bytes, int]],
    known: Set[Play] = frozenset(),
    *,
    max_rejected_share: float = 0.10,
    min_rejected_rows: int = 20,
) -> Validation:
    """Judge files of (bytes, LastModified) by key; `known` are the lake's plays."""
    done = Validation()
    for key in sorted(files, key=str.encode):
        reading = read_file(key, *files[key])
        if reading.refused:
            done.refused[key] = reading.refused
            continue
        plays = [found for _, found in reading.rows if not isinstance(found, str)]
        rejected = [(line, found) for line, found in reading.rows if isinstance(found, str)]
        done.quarantine += [(key, line, reason) for line, reason in rejected]
        is_many = len(rejected) > Fraction(str(max_rejected_share)) * len(reading.rows)
        if is_many and len(rejected) >= min_rejected_rows:
            done.refused[key] = "too_many_rejected_rows"
            continue
        new = set(plays) - known - done.accepted.keys()
        done.accepted |= dict.fromkeys(new, key)
        done.touched_hours |= {instant // HOUR for _, _, instant in plays}
        done.files[key] = {
            "rows_read": len(reading.rows),
            "rows_accepted": len(new),
            "rows_duplicate": len(plays) - len(new),
            "rows_rejected": dict(Counter(reason for _, reason in rejected)),
        }
    return done
