"""The first rejected row of each file and reason, and what it teaches."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from conf import explanations
from spark_jobs.csv_grammar import TRIMMED, split_line

# Where the value of a reason's column lies; of other reasons the line itself is shown.
COLUMNS = {
    "invalid_user_id": "user_id",
    "invalid_track_id": "track_id",
    "invalid_listen_time": "listen_time",
    "listen_time_out_of_range": "listen_time",
}


@dataclass(frozen=True)
class FileFacts:
    """What an explanation needs of a file: its header, the header's line, and its date."""

    names: tuple[str, ...]
    header_line: str
    header_number: int
    last_modified: datetime


class CountedReason(NamedTuple):
    """A row of `count_rejected_by_file`."""

    file_index: int
    reason: str
    rows: int
    line_id: int | None
    line: bytes | None
    header_ids: list[int]


class Example(NamedTuple):
    """The first rejected row of a reason; `number` is None beyond the first block of its file."""

    number: int | None
    line: bytes


def find_examples(
    counted: Iterable[CountedReason], files: Mapping[int, FileFacts]
) -> dict[int, dict[str, Example]]:
    """Find the first rejected row of each file and reason, and number its line from 1.

    Ids grow by one from line to line, so the header's own line gives all numbers. Of the lines
    that equal the header the first is the header, the others are rejected rows.
    """
    rows = list(counted)
    starts = {row.file_index: row.header_ids[0] for row in rows if row.header_ids}
    examples: dict[int, dict[str, Example]] = {}
    for row in rows:
        if row.rows:
            file = files[row.file_index]
            line_id, line = _first(row, file.header_line.encode())
            start = starts.get(row.file_index)
            is_known = line_id is not None and start is not None
            number = line_id - start + file.header_number if is_known else None  # type: ignore[operator]
            examples.setdefault(row.file_index, {})[row.reason] = Example(number, line)
    return examples


def _first(row: CountedReason, header: bytes) -> tuple[int | None, bytes]:
    found = [] if row.line is None else [(row.line_id, row.line)]
    found += [(line_id, header) for line_id in row.header_ids[1:2]]
    known = [place for place in found if place[0] is not None]
    return min(known, default=found[0] if found else (None, header))


def explain_file(
    rows_read: int, rejected: Mapping[str, int], examples: Mapping[str, Example], file: FileFacts
) -> dict[str, Any]:
    """Explain a file's rejected rows: for each reason the first one, and the form wanted."""
    rows, wanted = {}, {}
    for reason, count in rejected.items():
        number, line = examples[reason]
        value = _value(reason, line, file)
        rows[reason] = explanations.Rejected(count, number, value)
        wanted[reason] = _wanted_form(reason, explanations.show_value(value), file)
    return explanations.explain_rows(rows_read, rows, wanted)


def _value(reason: str, line: bytes, file: FileFacts) -> str | bytes:
    """Give the value that broke the rule, the line where that is what broke it."""
    if reason not in COLUMNS:
        return line
    fields = split_line(line.decode("utf-8", "replace"))
    if fields is None or len(fields) != len(file.names):  # cut, as it is very long
        return line
    return fields[file.names.index(COLUMNS[reason])].strip(TRIMMED)


def _wanted_form(reason: str, value: str, file: FileFacts) -> str:
    if reason == "malformed_row":
        return explanations.wanted_of_malformed(value, len(file.names))
    if reason == "listen_time_out_of_range":
        return explanations.wanted_of_range(file.last_modified)
    return explanations.wanted_form(reason, value)
