"""The check that all engines came to the same numbers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from commands.console import CommandError

RELATIVE_TOLERANCE = 1e-9
KEYS = {"genre_kpis": "track_genre", "hourly_kpis": "hour"}
Rows = dict[object, dict[str, object]]


@dataclass(frozen=True)
class Numbers:
    """What an engine counted, and its KPI tables by their keys."""

    counts: dict[str, int]
    tables: dict[str, Rows]


def check_same_numbers(outputs: Mapping[str, Path]) -> None:
    """Compare each engine's output with the first one's.

    Raises:
        CommandError: Some number differs.
    """
    (first, folder), *others = outputs.items()
    expected = read_numbers(folder)
    for engine, other in others:
        compare(first, expected, engine, read_numbers(other))


def read_numbers(folder: Path) -> Numbers:
    """Read what the jobs or a peer left in a folder."""
    peers_counts = folder / "counts.json"
    if peers_counts.exists():
        paths = {table: folder / f"{table}.parquet" for table in KEYS}
        counts = json.loads(peers_counts.read_text())
    else:
        paths = {table: folder / "kpis" / table for table in KEYS}
        accounting = json.loads((folder / "validated" / "accounting.json").read_text())
        counts = sum_accounting(accounting)
    return Numbers(counts, {table: read_rows(paths[table], key) for table, key in KEYS.items()})


def sum_accounting(accounting: dict[str, dict[str, dict[str, int]]]) -> dict[str, int]:
    files = accounting["files"].values()
    accepted = sum(rows["rows_accepted"] for rows in files)
    return {
        "rows_read": sum(rows["rows_read"] for rows in files),
        "rows_valid": accepted + sum(rows["rows_duplicate"] for rows in files),
        "rows_accepted": accepted,
    }


def read_rows(path: Path, key: str) -> Rows:
    """Read a KPI table by its key; an hour without its zone, which not all write."""
    table: pa.Table = pq.read_table(path, partitioning=None)
    if key == "hour":
        position = table.column_names.index("hour")
        hours = table["hour"].cast(pa.timestamp("us"))
        table = table.set_column(position, "hour", hours)
    return {row[key]: row for row in table.to_pylist()}


def compare(first: str, expected: Numbers, engine: str, found: Numbers) -> None:
    if found.counts != expected.counts:
        raise CommandError(f"{engine} counted {found.counts}, {first} {expected.counts}")
    for table, ours in expected.tables.items():
        theirs = found.tables[table]
        name = f"{table} of {engine}"
        if ours.keys() != theirs.keys():
            raise CommandError(f"{name}: {len(theirs)} rows, {first} has {len(ours)}")
        for key, row in ours.items():
            for column, value in row.items():
                other = theirs[key][column]
                if not is_same(value, other):
                    raise CommandError(
                        f"{name}: {column} of {key} is {other}, {first} says {value}"
                    )


def is_same(value: object, other: object) -> bool:
    if isinstance(value, float) and isinstance(other, float):
        return abs(value - other) <= RELATIVE_TOLERANCE * max(abs(value), abs(other))
    return value == other
