"""What a load made of the users and songs files, as values and in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dags.steps.metadata_rows import RefusedFileError, RejectedRow

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
        self.reasons: dict[str, dict[str, Any]] = {}

    @property
    def rejected(self) -> dict[str, int]:
        return {reason: entry["rows"] for reason, entry in self.reasons.items()}

    @property
    def rows_rejected(self) -> int:
        return sum(self.rejected.values())

    @property
    def rows_read(self) -> int:
        return self.rows_loaded + self.rows_rejected

    def reject(self, row: RejectedRow) -> None:
        entry = self.reasons.get(row.reason)
        if entry is None:
            value = row.value or row.raw_line[:400].decode("utf-8", "backslashreplace")
            entry = self.reasons[row.reason] = {"rows": 0, "line": row.line_number, "value": value}
        entry["rows"] += 1

    def report(
        self, file_key: str, etag: str, refused: str | None, error: RefusedFileError | None
    ) -> FileReport:
        """Give the report of the file; a refused one has loaded nothing."""
        return FileReport(
            file_key,
            etag,
            self.rows_read,
            0 if refused else self.rows_loaded,
            self.rejected,
            refused,
            self._explain(error),
        )

    def _explain(self, error: RefusedFileError | None) -> dict[str, Any]:
        """Give the members that apply: of a header's fault, or of the rejected rows."""
        if error and error.header:
            told = {
                "header": error.header.decode("utf-8", "backslashreplace"),
                "missing": list(error.missing),
                "repeated": list(error.repeated),
            }
            return {name: value for name, value in told.items() if value}
        if not self.reasons:
            return {}
        counts = {"rows_read": self.rows_read, "rows_rejected": self.rows_rejected}
        return {**counts, "reasons": self.reasons}


def say_empty(table: str, files: Iterable[FileReport], rows_removed: int) -> str:
    """Say that a load leaves a table empty, why no file fills it, and what to deliver."""
    why = [_say_why_unloaded(file) for file in files][:SHOWN_FILES]
    state = "would lose all its rows" if rows_removed else "is empty"
    advice = f"deliver data/{table}/*.csv"
    return f"table {table} {state} and no file would fill it: {'; '.join([*why, advice])}"


def _say_why_unloaded(file: FileReport) -> str:
    if not file.refused:
        return f"{file.file_key} holds no good row"
    lines = [f"{file.file_key} is refused: {file.refused}"]
    for name, words in (("missing", "it lacks"), ("repeated", "it has twice")):
        if file.explanation.get(name):
            lines.append(f"{words} {', '.join(file.explanation[name])}")
    return ": ".join(lines)


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
