"""Calls of `make spark-run` on a small folder, and what their OUT must hold."""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests import reference, reference_kpis

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "sample"
TABLES = ("users", "songs", "streams", "genre_kpis", "hourly_kpis")
A_MODIFICATION = datetime(2024, 6, 10, tzinfo=UTC).timestamp()
CALL_SECONDS = 400
# The songs rows of the sample that break a rule; one more lacks its id.
BROKEN_SONGS = ("28", "29", "30", "")

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Outcome:
    """What a call printed and what OUT held after it."""

    stdout: str
    stderr: str
    tables: dict[str, Rows]
    quarantine: Rows
    accounting: dict[str, Any]


def copy_sample(data: Path, *streams: str) -> Path:
    """Copy the sample with these stream files, all where none is named, as of one old instant."""
    for kind in ("users", "songs"):
        shutil.copytree(SAMPLE / kind, data / kind)
    if streams:
        (data / "streams").mkdir()
        for name in streams:
            (data / "streams" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(SAMPLE / "streams" / name, data / "streams" / name)
    else:
        shutil.copytree(SAMPLE / "streams", data / "streams")
    for path in data.rglob("*"):
        if path.is_file():
            set_modification(path)
    return data


def set_modification(path: Path, instant: float = A_MODIFICATION) -> None:
    os.utime(path, (instant, instant))


def command(data: Path, out: Path, *more: str) -> list[str]:
    module = [sys.executable, "-m", "commands.spark_run"]
    return [*module, "--data", str(data), "--out", str(out), *more]


def call(data: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(data, out, *more),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=CALL_SECONDS,
        check=False,
    )


def call_well(data: Path, out: Path, *more: str) -> Outcome:
    """Make a call that must end well, and read what it left."""
    done = call(data, out, *more)
    assert done.returncode == 0, done.stderr
    return Outcome(
        done.stdout,
        done.stderr,
        read_tables(out),
        read_rows(out / "quarantine"),
        json.loads((out / "accounting.json").read_text()),
    )


def read_rows(folder: Path) -> Rows:
    """Read a table as any reader does: all files of its folder, which must be Parquet."""
    table = pq.read_table(folder)
    return sorted((tuple(row.values()) for row in table.to_pylist()), key=repr)


def read_tables(out: Path) -> dict[str, Rows]:
    return {table: read_rows(out / table) for table in TABLES}


def delivered(data: Path) -> dict[str, tuple[bytes, int]]:
    """Give the stream files as the reference takes them: bytes and LastModified by key."""
    paths = [path for path in (data / "streams").rglob("*") if path.is_file()]
    return {
        f"data/{path.relative_to(data).as_posix()}": (
            path.read_bytes(),
            path.stat().st_mtime_ns // 1000,
        )
        for path in paths
        if not path.name.startswith("_")
    }


def read_songs(path: Path) -> list[reference_kpis.Song]:
    """Read the good songs of the sample, in plain Python."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["id"] not in BROKEN_SONGS]
    return [
        reference_kpis.Song(
            id=int(row["id"]),
            track_id=row["track_id"],
            artists=row["artists"] or None,
            track_name=row["track_name"],
            popularity=int(row["popularity"]) if row["popularity"] else None,
            duration_ms=int(row["duration_ms"]) if row["duration_ms"] else None,
            track_genre=row["track_genre"] or None,
        )
        for row in rows
    ]


def instant(micros: int) -> datetime:
    whole, rest = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=rest)


def assert_plays_and_kpis(
    tables: dict[str, Rows], plays: Iterable[reference.Play], songs: Sequence[reference_kpis.Song]
) -> None:
    """Compare streams and both KPI tables with what the reference makes of the plays."""
    plays = list(plays)
    assert_streams(tables["streams"], plays)
    assert_rows(tables["genre_kpis"], reference_kpis.genre_kpis(plays, songs, 0.5))
    assert_rows(tables["hourly_kpis"], hours_of(plays, songs).values())


def assert_streams(rows: Rows, plays: Iterable[reference.Play]) -> None:
    assert sorted(rows) == sorted((user, track, instant(micros)) for user, track, micros in plays)


def hours_of(
    plays: Iterable[reference.Play], songs: Iterable[reference_kpis.Song]
) -> dict[int, tuple[Any, ...]]:
    """Give the rows of hourly_kpis by hours since 1970."""
    rows = reference_kpis.hourly_kpis(plays, songs)
    return {hour: (instant(hour * reference.HOUR), *rest) for hour, *rest in rows}


def assert_rows(actual: Rows, expected: Iterable[tuple[Any, ...]]) -> None:
    """Compare rows by their first column; fractions to a part in a billion."""
    found, wanted = sorted(actual), sorted(expected, key=lambda row: row[0])
    assert [row[0] for row in found] == [row[0] for row in wanted]
    for row, exact in zip(found, wanted, strict=True):
        near = [
            pytest.approx(float(value), rel=1e-9) if isinstance(value, Fraction) else value
            for value in exact
        ]
        assert list(row) == near


def processes_naming(path: Path) -> dict[int, str]:
    """Give the command lines of live processes that name a path, by process id."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(path) in line:
            found[int(folder.name)] = line
    return found


def copy_out(out: Path, target: Path) -> Path:
    """Copy a finished OUT, its links kept."""
    shutil.copytree(out, target, symlinks=True)
    return target
