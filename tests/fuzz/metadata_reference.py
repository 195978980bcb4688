"""Users and songs by docs/input.md a second time, in plain Python, and none of the product's code.

Not in it, but the product's: a number has no plus sign, a line of more than 1 MiB is malformed.
"""

import gzip
import math
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pyspark.sql.types import StructField, StructType

from spark_jobs import schemas
from tests.reference import DIGITS, TRIMMED, split_fields, split_lines

Row = tuple[Any, ...]

MAX_LINE = 1 << 20
INTEGERS = {"int": 31, "bigint": 63}  # bits besides the sign
NEEDED = {"id", "track_id", "artists", "track_name", "popularity", "duration_ms", "track_genre"}
NEEDED |= {*schemas.USERS.fieldNames()}
TRUTH = dict.fromkeys(("true", "t", "yes", "1"), True)
TRUTH |= dict.fromkeys(("false", "f", "no", "0"), False)
SCHEMAS = {"users": schemas.USERS, "songs": schemas.SONGS}


@dataclass
class Reading:
    """What a file holds: why it is refused, its good rows, its rejected lines with the reason."""

    refused: str | None = None
    good: list[Row] = field(default_factory=list)
    rejected: list[tuple[bytes, str]] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        """Give a file's entry in the load's report."""
        return {
            "rows_read": len(self.good) + len(self.rejected),
            "rows_loaded": 0 if self.refused else len(self.good),
            "rows_rejected": dict(Counter(reason for _, reason in self.rejected)),
            "refused": self.refused,
        }


class BrokenError(Exception):
    """A rule that a value breaks; the text is the reason's code."""


def read_file(table: str, file_key: str, content: bytes) -> Reading:
    try:
        text = gzip.decompress(content) if file_key.endswith(".gz") else content
        return read_text(SCHEMAS[table], text)
    except (OSError, EOFError, zlib.error):
        return Reading("unreadable")


def read_text(schema: StructType, text: bytes) -> Reading:
    lines = [line for line in split_lines(text) if len(line) > MAX_LINE or line.strip(b" \t")]
    if not lines:
        return Reading("empty")
    try:
        fields = None if len(lines[0]) > MAX_LINE else split_fields(lines[0].decode())
    except UnicodeDecodeError:
        return Reading("unreadable")
    names = [name.strip(TRIMMED) for name in fields or []]
    counts = {column: names.count(column) for column in schema.fieldNames()}
    if any(n > 1 or (n == 0 and column in NEEDED) for column, n in counts.items()):
        return Reading("columns")
    reading = Reading()
    for line in lines[1:]:
        try:
            reading.good.append(read_line(schema, names, line))
        except BrokenError as broken:
            reading.rejected.append((line[:MAX_LINE], str(broken)))
    bad = len(reading.rejected)
    if bad >= 20 and 10 * bad > bad + len(reading.good):
        reading.refused = "too_many_rejected_rows"
    return reading


def read_line(schema: StructType, names: list[str], line: bytes) -> Row:
    """Give a line's values in schema order, or raise the first rule that it breaks."""
    if len(line) > MAX_LINE:
        raise BrokenError("malformed_row")
    try:
        fields = split_fields(line.decode())
    except UnicodeDecodeError:
        raise BrokenError("invalid_encoding") from None
    if fields is None or len(fields) != len(names):
        raise BrokenError("malformed_row")
    texts = dict(zip(names, fields, strict=True))
    return tuple(read_value(column, texts.get(column.name, "").strip(TRIMMED)) for column in schema)


def read_value(column: StructField, text: str) -> Any:
    kind = column.dataType.simpleString()
    if not text:
        if not column.nullable:
            raise BrokenError(f"missing_{column.name}")
        return None
    if kind == "string":
        if len(text.encode()) > column.metadata["width"]:
            raise BrokenError(f"too_long_{column.name}")
        if "\0" in text:
            raise BrokenError("nul_character")
        return text
    value = read_integer(text, INTEGERS[kind]) if kind in INTEGERS else OTHERS[kind](text)
    if value is None:
        raise BrokenError(f"invalid_{column.name}")
    if column.name == "popularity" and not 0 <= value <= 100:
        raise BrokenError("popularity_out_of_range")
    return value


def read_integer(text: str, bits: int) -> int | None:
    whole = text.removesuffix(".0")
    digits = whole.removeprefix("-")
    if not digits or not set(digits) <= DIGITS:
        return None
    number = int(whole)
    return number if -(2**bits) <= number < 2**bits else None


def read_double(text: str) -> float | None:
    """Read a finite decimal: digits, a point somewhere, an exponent."""
    mantissa, mark, exponent = text.lower().partition("e")
    whole, _, rest = mantissa.removeprefix("-").partition(".")
    is_number = whole + rest != "" and set(whole + rest) <= DIGITS
    power = exponent[1:] if exponent[:1] in ("+", "-") else exponent
    if not is_number or (mark and not (power and set(power) <= DIGITS)):
        return None
    return float(text) if math.isfinite(float(text)) else None


def read_boolean(text: str) -> bool | None:
    return TRUTH.get(text.lower()) if text.isascii() else None


def read_date(text: str) -> date | None:
    parts = text.split("-")
    if [len(part) for part in parts] != [4, 2, 2] or not set("".join(parts)) <= DIGITS:
        return None
    try:
        return date(*map(int, parts))
    except ValueError:
        return None


OTHERS: dict[str, Any] = {"double": read_double, "boolean": read_boolean, "date": read_date}
