"""What `make spark-run` prints at its end: accounting, refusals and the top of both KPI tables."""

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from commands.console import print_rows
from commands.folder_run.metadata import LocalMetadata
from conf.explanations import describe
from conf.settings import load_settings
from conf.unknown_plays import TRACKS, USERS, describe_unknown
from dags.metadata.report import describe_files, describe_rows
from maintenance.parquet_tables import count_rows, read_table
from spark_jobs import schemas

SHOWN_ROWS = 5
SHOWN_FILES = 40
MAX_WIDTH = 40


def print_report(out: Path, metadata: LocalMetadata) -> None:
    """Print what a call did and what OUT now holds."""
    accounting = json.loads((out / "accounting.json").read_text())
    call = f"make quarantine OUT={shlex.quote(str(out))}"
    print_metadata(asdict(metadata.report), str(metadata.quarantine), call)
    print_files(accounting, whole="accounting.json")
    print_explained(accounting, str(out / "quarantine"), call, whole="accounting.json")
    genres = read_table(out / "genre_kpis", schemas.GENRE_KPIS)
    print_table(
        "genre_kpis", genres.sort_by([("listen_count", "descending"), ("track_genre", "ascending")])
    )
    hours = read_table(out / "hourly_kpis", schemas.HOURLY_KPIS)
    print_table(
        "hourly_kpis", hours.sort_by([("total_plays", "descending"), ("hour", "ascending")])
    )
    print(f"\n{out} holds")
    for table in schemas.TABLES:
        rows = count_rows(sorted((out / table).glob("*.parquet")))
        print(f"  {table:12} {rows:>12,} rows")


def print_metadata(report: Mapping[str, Any], place: str, call: str) -> None:
    """Print what was refused or rejected of users and songs, and what became of their rows."""
    for line in describe_files(report, place, call):
        print(line)
    for line in describe_rows(report):
        print(f"warning: {line}")


def print_files(accounting: dict[str, Any], *, whole: str) -> None:
    """Print each file's accounting, of many some with rejected rows, and the sum.

    `whole` names what holds all of them.
    """
    files = accounting["files"]
    shown = files if len(files) <= SHOWN_FILES else {
        key: rows for key, rows in files.items() if rows["rows_rejected"]
    }  # fmt: skip
    columns = ("rows_read", "rows_accepted", "rows_duplicate")
    if shown:
        print()
        print_rows(
            ("file", *columns, "rows_rejected"),
            [
                (key, *(f"{rows[c]:,}" for c in columns), describe_reasons(rows["rows_rejected"]))
                for key, rows in list(shown.items())[:SHOWN_FILES]
            ],
        )
    if len(files) > SHOWN_FILES:
        print(f"\n{whole} holds all files; here are only some with rejected rows")
    sums = {column: sum(rows[column] for rows in files.values()) for column in columns}
    rejected = sum(sum(rows["rows_rejected"].values()) for rows in files.values())
    print(
        f"\n{len(files):,} files: {sums['rows_read']:,} rows read = "
        f"{sums['rows_accepted']:,} accepted + {sums['rows_duplicate']:,} duplicate + "
        f"{rejected:,} rejected"
    )
    print_unknown(accounting)


def print_explained(accounting: Mapping[str, Any], place: str, call: str, *, whole: str) -> None:
    """Print why files were refused and rows rejected, and what to do; of many files some.

    Args:
        place: Where the rejected rows lie; `call` shows them, `whole` explains all files.
    """
    refused, explained = accounting["refused"], accounting.get("explained", {})
    keys = [*refused, *(key for key in explained if key not in refused)]
    for key in keys[:SHOWN_FILES]:
        lines = describe(key, refused.get(key), explained.get(key, {}), place=place, call=call)
        print("\n".join(lines))
    if len(keys) > SHOWN_FILES:
        print(f"{whole} explains {len(keys) - SHOWN_FILES:,} more files")


def print_unknown(accounting: dict[str, Any]) -> None:
    """Print how many plays are of unknown tracks and users, and the files that have too many."""
    unknown = accounting.get("unknown") or {"files": {}}
    if unknown["files"]:
        tracks, users = unknown[TRACKS], unknown[USERS]
        print(
            f"{tracks:,} plays of unknown tracks, {users:,} of unknown users: they count in hours"
        )
    share = load_settings("local", os.environ).max_unknown_share
    lines = describe_unknown(accounting["files"], unknown, share)
    for line in lines[:SHOWN_FILES]:
        print(f"WARNING: {line}")
    if len(lines) > SHOWN_FILES:
        print(f"WARNING: and {len(lines) - SHOWN_FILES:,} more such lines")


def describe_reasons(reasons: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in sorted(reasons.items()))


def print_table(name: str, table: Any) -> None:
    """Print the first rows of a table."""
    print(f"\n{name}, top {SHOWN_ROWS} of {table.num_rows:,}")
    top = table.slice(0, SHOWN_ROWS).to_pylist()
    print_rows(table.column_names, [[cut(show(value)) for value in row.values()] for row in top])


def show(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "hour") else str(value)


def cut(text: str) -> str:
    return text if len(text) <= MAX_WIDTH else text[: MAX_WIDTH - 1] + "…"
