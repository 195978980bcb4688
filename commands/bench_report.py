"""The tables of `make bench`, and the check that all came to the same numbers."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from commands.bench_spark import SparkRun
from commands.errors import CommandError
from commands.kpi_report import print_rows
from commands.measured import Measurement

RELATIVE_TOLERANCE = 1e-9
KEYS = {"genre_kpis": "track_genre", "hourly_kpis": "hour"}


def print_peers(plays: int, spark: SparkRun, peers: Mapping[str, Measurement]) -> None:
    """Print wall, CPU, memory and ratios of the jobs and their peers, and Spark's plan."""
    header = ("work", "wall s", "start s", "cpu s", "peak GB", *(f"/ {peer}" for peer in peers))
    rows = []
    for job, taken in spark.jobs.items():
        rows.append((f"  {job}", *figures(taken, spark.start_seconds[job]), *[""] * len(peers)))
    measured = {"spark": spark.total, **peers}
    for name, taken in measured.items():
        start = sum(spark.start_seconds.values()) if name == "spark" else None
        ratios = [f"{taken.wall_seconds / peer.wall_seconds:.2f}" for peer in peers.values()]
        rows.append((name, *figures(taken, start), *ratios))
    print(f"\n{plays:,} plays, {count_cores()} cores, starts counted")
    print_rows(header, rows)
    print_plan(spark)


def figures(taken: Measurement, start: float | None) -> tuple[str, str, str, str]:
    return (
        f"{taken.wall_seconds:.1f}",
        "" if start is None else f"{start:.1f}",
        f"{taken.cpu_seconds:.1f}",
        f"{taken.peak_bytes / 1e9:.1f}",
    )


def count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def print_plan(spark: SparkRun) -> None:
    """Print the shuffles and spills that Spark recorded."""
    for job, written in spark.shuffles.items():
        sizes = ", ".join(f"{size / 1e6:.0f}" for size in written if size > 500_000)
        print(f"{job}: {len(written)} shuffles; MB of those above 0.5 MB: {sizes or 'none'}")
    print(f"spilled to disk: {spark.spilled_bytes:,} bytes")


def print_growth(runs: Mapping[int, SparkRun]) -> None:
    print("\ngrowth with the plays of one run")
    header = ("plays", "wall s", "start s", "cpu s", "peak GB", "times the row above")
    print_runs(header, {f"{plays:,}": run for plays, run in runs.items()})


def print_history(runs: Mapping[int, SparkRun]) -> None:
    print("\na day of 200,000 plays after days of history")
    header = ("days before", "wall s", "start s", "cpu s", "peak GB", "times the row above")
    print_runs(header, {str(days): run for days, run in runs.items()})
    first, *_, last = runs.values()
    ratio = last.total.wall_seconds / first.total.wall_seconds
    print(f"the last is {ratio:.2f} times the first")


def print_runs(header: tuple[str, ...], runs: Mapping[str, SparkRun]) -> None:
    rows, previous = [], None
    for name, run in runs.items():
        wall = run.total.wall_seconds
        ratio = "" if previous is None else f"{wall / previous:.2f}"
        rows.append((name, *figures(run.total, sum(run.start_seconds.values())), ratio))
        previous = wall
    print_rows(header, rows)


def check_same_numbers(spark: Path, peers: Mapping[str, Path]) -> None:
    """Check that the jobs and their peers counted and computed the same.

    Raises:
        CommandError: Some number differs.
    """
    accounting = json.loads((spark / "validated" / "accounting.json").read_text())
    files = accounting["files"].values()
    accepted = sum(rows["rows_accepted"] for rows in files)
    counted = {
        "rows_read": sum(rows["rows_read"] for rows in files),
        "rows_valid": accepted + sum(rows["rows_duplicate"] for rows in files),
        "rows_accepted": accepted,
    }
    for peer, folder in peers.items():
        found = json.loads((folder / "counts.json").read_text())
        if found != counted:
            raise CommandError(f"{peer} counted {found}, the jobs {counted}")
        for table, key in KEYS.items():
            ours = read_rows(spark / "kpis" / table, key)
            theirs = read_rows(folder / f"{table}.parquet", key)
            compare(f"{table} of {peer}", ours, theirs)
    print(f"all come to the same numbers: {counted}")


def read_rows(path: Path, key: str) -> dict[object, dict[str, object]]:
    """Read a KPI table by its key; an hour without its zone, which not all write."""
    table: pa.Table = pq.read_table(path, partitioning=None)
    if key == "hour":
        position = table.column_names.index("hour")
        hours = table["hour"].cast(pa.timestamp("us"))
        table = table.set_column(position, "hour", hours)
    return {row[key]: row for row in table.to_pylist()}


def compare(
    name: str, ours: dict[object, dict[str, object]], theirs: dict[object, dict[str, object]]
) -> None:
    if ours.keys() != theirs.keys():
        raise CommandError(f"{name}: {len(theirs)} rows, the jobs have {len(ours)}")
    for key, row in ours.items():
        for column, value in row.items():
            other = theirs[key][column]
            if not is_same(value, other):
                raise CommandError(f"{name}: {column} of {key} is {other}, the jobs say {value}")


def is_same(value: object, other: object) -> bool:
    if isinstance(value, float) and isinstance(other, float):
        return abs(value - other) <= RELATIVE_TOLERANCE * max(abs(value), abs(other))
    return value == other
