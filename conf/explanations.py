"""Why a file or a row was not taken, in words that say what to do: for workers, jobs and verbs.

An explanation is a JSON object. Of rows: `rows_read`, `rows_rejected` and `reasons`, for each code
its `rows`, the first one's `line` (null beyond the first block of a file) and `value`, and the form
`wanted`. Of a header: `header`, `missing`, `repeated`, `cause` and `wanted`.
"""

import csv
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

MAX_VALUE_BYTES = 80
MAX_SHOWN_NAMES = 8
BOM = b"\xef\xbb\xbf"
TRIMMED = "\t\n\v\f\r "
LISTEN_TIME = "write YYYY-MM-DD HH:MM:SS, with Z or ±HH:MM where it is not UTC"
WANTED = {
    "invalid_encoding": "save the file as UTF-8",
    "malformed_row": "write as many fields as the header has, and close each quote",
    "invalid_user_id": "write digits only, 1 to 9223372036854775807",
    "invalid_track_id": "write at most 64 bytes and no control character",
    "invalid_listen_time": LISTEN_TIME,
    "listen_time_out_of_range": "not before 2000-01-01, not more than 24 h after the file's date",
    "nul_character": "remove the character U+0000",
    "popularity_out_of_range": "write a whole number of 0 to 100",
}
# What a value looks like, and what its writer did not know; the first that fits is told.
ODD_TIMES = (
    (r"\d{9,19}(\.\d*)?", f"seconds since 1970 are not taken: {LISTEN_TIME}"),
    (r"(?i).*\d ?[ap]\.?m\.?", f"AM and PM are not taken: {LISTEN_TIME}, hours of 00 to 23"),
    (r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}.*", f"the year comes first: {LISTEN_TIME}"),
    (r"\d{4}[/.]\d{1,2}[/.]\d{1,2}.*", f"the date is parted by hyphens: {LISTEN_TIME}"),
    (r"\d{4}-\d\d-\d\d", f"the time of day is missing: {LISTEN_TIME}"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d?:\d\d", f"the seconds are missing: {LISTEN_TIME}"),
    (r".*\d ?([-+]\d+(:\d+)?|[A-Za-z_/]+)", f"its zone is not known: {LISTEN_TIME}"),
)
KINDS = {
    "integer": "write a whole number within 32 bits",
    "bigint": "write a whole number within 64 bits",
    "double": "write a finite number, as 0.5",
    "boolean": "write true or false",
    "date": "write YYYY-MM-DD",
}
CAUSES = {
    "empty": ("it holds nothing but blanks", "deliver it with a header and its rows"),
    "gzip": ("its gzip is damaged or breaks off", "pack it anew and deliver it whole"),
    "long": ("its header is longer than 1 MiB", "begin it with a line of column names"),
    "key": ("its key holds //, . or .. as a part", "deliver it under another key"),
}
SEPARATORS = {";": '";"', "\t": "a tab", "|": '"|"'}
COMMAS = "part the fields by commas"


class Rejected(NamedTuple):
    """The rejected rows of one reason: how many, and the first one's line and value."""

    rows: int
    line: int | None
    value: str | bytes


def show_value(value: str | bytes) -> str:
    """Write a value on one line of at most 80 bytes: what cannot be shown is escaped."""
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    encoded = shown.encode("utf-8", "backslashreplace")
    if len(encoded) <= MAX_VALUE_BYTES:
        return encoded.decode()
    return encoded[: MAX_VALUE_BYTES - 3].decode("utf-8", "ignore") + "…"


def wanted_form(reason: str, value: str = "", *, kind: str = "", width: int = 0) -> str:
    """Say what form a rejected row or value should have.

    Args:
        value: What was found; the advice on a listen time follows it.
        kind: The type of a metadata column, a key of KINDS.
        width: The greatest number of bytes of a text column.
    """
    if reason == "invalid_listen_time":
        odd = (advice for form, advice in ODD_TIMES if re.fullmatch(form, value.strip()))
        return next(odd, LISTEN_TIME)
    if reason in WANTED:
        return WANTED[reason]
    if reason.startswith("missing_"):
        return f"write a {reason.removeprefix('missing_')} in each row"
    if reason.startswith("too_long_"):
        return f"write at most {width} bytes"
    return KINDS.get(kind, "correct the value")


def explain_rows(
    rows_read: int, rejected: Mapping[str, Rejected], wanted: Mapping[str, str]
) -> dict[str, Any]:
    """Explain the rejected rows of a file; `wanted` has the form for each reason."""
    reasons = {
        reason: {
            "rows": found.rows,
            "line": found.line,
            "value": show_value(found.value),
            "wanted": wanted[reason],
        }
        for reason, found in sorted(rejected.items())
    }
    total = sum(found.rows for found in rejected.values())
    return {"rows_read": rows_read, "rows_rejected": total, "reasons": reasons}


def wanted_of_malformed(line: str, field_count: int) -> str:
    """Say what a malformed row should be, with the numbers of its fields where they differ."""
    found = line.count(",") + 1
    if '"' in line or found == field_count:
        return WANTED["malformed_row"]
    fields = "1 field" if found == 1 else f"{found} fields"
    return f"it has {fields}, the header has {field_count}: {WANTED['malformed_row']}"


def wanted_of_range(last_modified: datetime) -> str:
    """Say which listen times a file of this date may hold."""
    date = f"{last_modified:%Y-%m-%d %H:%M} UTC"
    return f"{WANTED['listen_time_out_of_range']}, which is {date}"


def explain_cause(name: str) -> dict[str, Any]:
    """Explain a file that cannot be read, by a key of CAUSES."""
    cause, wanted = CAUSES[name]
    return {"cause": cause, "wanted": wanted}


def explain_header(start: bytes, columns: Sequence[str]) -> dict[str, Any]:
    """Explain why a file's header does not do.

    Args:
        start: The file's first bytes, unpacked.
        columns: The names that the header needs, each once.
    """
    if utf16 := _utf16_sign(start):
        return {"cause": f"it is UTF-16 ({utf16})", "wanted": "save it as UTF-8"}
    lines = [line for line in start.removeprefix(BOM).split(b"\n") if line.strip(b" \t\r")]
    if not lines:
        return explain_cause("empty")
    line = lines[0].removesuffix(b"\r")
    shown = {"header": show_value(line)}
    try:
        header = line.decode("utf-8")
    except UnicodeDecodeError:
        return shown | {"cause": "its header is not UTF-8", "wanted": "save it as UTF-8"}
    names = split_header(header, ",")
    found = {
        "missing": [name for name in columns if name not in names],
        "repeated": [name for name in columns if names.count(name) > 1],
    }
    cause, wanted = _find_dialect(header, columns) or _find_names(names, columns)
    if not (found["missing"] or found["repeated"]):
        cause, wanted = "its header's quotes are broken", "close each quote before the comma"
    return shown | found | {"cause": cause, "wanted": wanted}


def split_header(header: str, separator: str) -> list[str]:
    """Give the trimmed names of a header."""
    fields = next(csv.reader([header.replace("\r", " ")], delimiter=separator), [])
    return [field.strip(TRIMMED) for field in fields]


def _utf16_sign(start: bytes) -> str:
    for mark, name in ((b"\xff\xfe", "FF FE"), (b"\xfe\xff", "FE FF")):
        if start.startswith(mark):
            return f"it begins with {name}"
    every_second = start[:64:2], start[1:64:2]
    is_wide = len(start) >= 4 and any(half and not half.strip(b"\0") for half in every_second)
    return "every second byte of it is 0" if is_wide else ""


def _find_dialect(header: str, columns: Sequence[str]) -> tuple[str, str] | None:
    if sign := re.fullmatch(r"(?i)\"?sep=(.)\"?", header.strip(TRIMMED)):
        more = "" if sign[1] == "," else f", and {COMMAS}"
        return "its first line is for Excel, no header", f"remove that line{more}"
    for separator, name in SEPARATORS.items():
        if separator in header and set(columns) & set(split_header(header, separator)):
            return f"its fields seem to be parted by {name}", COMMAS
    if "\r" in header:
        return "its lines end by CR alone", "end each line by LF or CRLF"
    return None


def _find_names(names: Sequence[str], columns: Sequence[str]) -> tuple[str, str]:
    lower = {name.lower() for name in names}
    if any(name not in names and name in lower for name in columns):
        return "its names are in another case", "write the names in small letters, as missing here"
    if any(names.count(name) > 1 for name in columns):
        return "it has a column twice", "give each column once"
    if not set(columns) & set(names) and any(_is_value(name) for name in names):
        return "it seems to have no header", f"begin it with the line {','.join(columns)}"
    if names and not names[0] and columns[0] not in names:
        return "its first column has no name", f"write {columns[0]} before the first comma"
    return "its header has other names", "name the columns as missing here"


def _is_value(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d*)?|\d{4}-\d\d-\d\d.*", text) is not None


def describe(
    file_key: str,
    reason: str | None,
    explanation: Mapping[str, Any],
    *,
    place: str = "",
    call: str = "make quarantine",
) -> list[str]:
    """Write the lines that say what became of a file and what to do.

    Args:
        reason: The code for which the file is refused, None where only rows are rejected.
        explanation: Of the form that this module gives; it may be empty.
        place, call: Where the rejected rows lie, and the verb that shows them.
    """
    told = [f"refused: {file_key}: {reason}" if reason else file_key]
    if "rows_rejected" in explanation:
        rejected, read = explanation["rows_rejected"], explanation["rows_read"]
        told.append(f"{rejected:,} of {read:,} rows are rejected")
    else:
        told += _describe_header(explanation)
    lines = [": ".join(told)]
    reasons: Mapping[str, Mapping[str, Any]] = explanation.get("reasons", {})
    for code, found in reasons.items():
        where = f"first in line {found['line']:,}" if found["line"] else "beyond the first block"
        value, wanted = found["value"], found["wanted"]
        lines.append(f'  {found["rows"]:,} {code}, {where}: "{value}": {wanted}')
    if place and reasons:
        lines.append(f"  the rejected rows lie in {place}: {call} FILE={shlex.quote(file_key)}")
    return lines


def _describe_header(explanation: Mapping[str, Any]) -> Iterable[str]:
    parts = []
    for member, words in (("missing", "it lacks"), ("repeated", "it has twice")):
        if names := explanation.get(member):
            more = " …" if len(names) > MAX_SHOWN_NAMES else ""
            parts.append(f"{words} {', '.join(names[:MAX_SHOWN_NAMES])}{more}")
    if "header" in explanation:
        parts.append(f'its header is "{explanation["header"]}"')
    if "cause" in explanation:
        parts.append(explanation["cause"])
    return ["; ".join(parts), explanation["wanted"]] if parts else []
