"""What a load made of the users and songs files, as values and in words."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conf.explanations import Rejected, describe, explain_rows
from dags.metadata.rows import RefusedFileError, RejectedRow

SHOWN_FILES = 5  # of a table, where no file fills it


@dataclass(frozen=True)
class FileReport:
    """What a load made of a file: `rows_read = rows_loaded + Σ rows_rejected`, unless refused.

    Attributes:
        explanation: What people need to know of its rejected rows, or of its header.
        rows_replaced: How many of its songs rows lost their id to a row of another track, by the
            file that took it.
        rows_renumbered: How many ids of the table it gave to another track.
    """

    file_key: str
    etag: str
    rows_read: int
    rows_loaded: int
    rows_rejected: dict[str, int]
    refused: str | None
    explanation: dict[str, Any] = field(default_factory=dict)
    rows_replaced: dict[str, int] = field(default_factory=dict)
    rows_renumbered: int = 0


@dataclass(frozen=True)
class LoadReport:
    """What a load did: nothing where `is_changed` is false, and `files` is empty then.

    Attributes:
        rows_changed: Rows that are new or differ, by table.
        rows_removed: Rows that no file holds any more and that are gone, by table.
        kept_by: The tables that keep all rows of before, since these files of theirs are refused.
    """

    version: str
    is_changed: bool
    files: tuple[FileReport, ...] = ()
    rows_changed: dict[str, int] = field(default_factory=dict)
    rows_removed: dict[str, int] = field(default_factory=dict)
    kept_by: dict[str, list[str]] = field(default_factory=dict)


class Tally:
    """Counts a file's rows, and keeps the first of each reason."""

    def __init__(self) -> None:
        self.rows_loaded = 0
        self.rows_rejected = 0
        self._counts: Counter[str] = Counter()
        self._first: dict[str, RejectedRow] = {}

    @property
    def rows_read(self) -> int:
        return self.rows_loaded + self.rows_rejected

    def reject(self, row: RejectedRow) -> None:
        self.rows_rejected += 1
        self._counts[row.reason] += 1
        self._first.setdefault(row.reason, row)

    def report(
        self, file_key: str, etag: str, refused: str | None, error: RefusedFileError | None
    ) -> FileReport:
        """Give the report of the file; a refused one has loaded nothing."""
        return FileReport(
            file_key,
            etag,
            self.rows_read,
            0 if refused else self.rows_loaded,
            dict(self._counts),
            refused,
            error.explanation if error else self._explain_rows(),
        )

    def _explain_rows(self) -> dict[str, Any]:
        rejected = {
            reason: Rejected(self._counts[reason], row.line_number, row.value or row.raw_line)
            for reason, row in self._first.items()
        }
        wanted = {reason: row.wanted for reason, row in self._first.items()}
        return explain_rows(self.rows_read, rejected, wanted) if rejected else {}


def say_empty(table: str, files: Iterable[FileReport], rows_removed: int) -> str:
    """Say in one line that a load leaves a table empty, why no file fills it, what to deliver."""
    state = "would lose all its rows" if rows_removed else "is empty"
    why = [_say_why(file) for file in files][:SHOWN_FILES]
    advice = f"deliver data/{table}/*.csv"
    return f"table {table} {state} and no file would fill it: {'; '.join([*why, advice])}"


def _say_why(file: FileReport) -> str:
    lines = describe(file.file_key, file.refused, file.explanation)
    if not file.refused and not file.rows_rejected:
        lines = [f"{file.file_key} holds no row"]
    return "; ".join(line.strip() for line in lines)


def describe_files(
    report: Mapping[str, Any], place: str, call: str = "make quarantine"
) -> list[str]:
    """Describe the files that were refused, and the rejected rows of the others, from JSON.

    Args:
        place, call: Where the rejected rows lie, and the verb that shows them.
    """
    lines = []
    for file in report["files"]:
        if file["refused"] or file["rows_rejected"]:
            explanation = file.get("explanation", {})
            lines += describe(
                file["file_key"], file["refused"], explanation, place=place, call=call
            )
    return lines


def describe_rows(report: Mapping[str, Any]) -> list[str]:
    """Describe what became of rows that people would not expect, from a report as JSON."""
    lines = []
    for file in report["files"]:
        key = file["file_key"]
        for taker, rows in file.get("rows_replaced", {}).items():
            lines.append(
                f"{rows:,} rows of {key} were replaced by rows of other tracks from {taker}: "
                "number ids over all files"
            )
        if file.get("rows_renumbered"):
            lines.append(
                f"{file['rows_renumbered']:,} ids of table songs are another track's since {key}: "
                "its ids were given anew"
            )
    for table, keys in report.get("kept_by", {}).items():
        lines.append(
            f"all rows of {table} that were loaded before stay, while a file is refused: "
            f"{', '.join(keys)}"
        )
    for table, rows in report.get("rows_removed", {}).items():
        if rows:
            lines.append(f"{rows:,} rows of {table} are in no file any more and were removed")
    return lines
