"""Build the folder of the next commit: this call's output beside what stays from the last."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from commands.folder_run.snapshot import Snapshot
from maintenance.parquet_tables import arrow_schema, merge_hours, read_table, write_table
from spark_jobs import schemas


def build_commit(staging: Path, snapshot: Snapshot, claim: dict[str, Any]) -> Path:
    """Give a folder that holds the whole tables, the lake and this call's accounting.

    Files that stay are linked, not copied. Without output of the jobs the tables stay as they
    are and the accounting is that of a call which read nothing.
    """
    built = staging / "commit"
    built.mkdir()
    number = snapshot.number + 1
    has_run = (staging / "transform_kpis" / "hourly_kpis" / "_files.json").exists()
    link_plays(snapshot.folder / "lake", built)
    if has_run:
        add_plays(staging / "validate_data" / "streams", built, number)
        totals = built / "lake" / "track_plays" / f"commit={number:010d}"
        # Totals of no play are told from lost ones by a file without rows.
        take_files(staging / "transform_kpis" / "track_plays", totals, may_be_empty=False)
        take_files(staging / "transform_kpis" / "genre_kpis", built / "genre_kpis")
        take_files(staging / "quarantine", built / "quarantine")
        for table in ("users", "songs"):
            take_files(staging / "extract_metadata" / table, built / table)
        accounting = read_accounting(staging)
        computed = staging / "transform_kpis" / "hourly_kpis"
    else:
        last = snapshot.folder / "lake" / "track_plays" / f"commit={number - 1:010d}"
        link_all(last, built / "lake" / "track_plays" / f"commit={number:010d}")
        for table in ("users", "songs", "genre_kpis"):
            link_all(snapshot.folder / table, built / table)
        (built / "quarantine").mkdir()
        accounting = {"run": claim["run"], "files": {}, "refused": {}}
        computed = staging / "no-hours"
    text = json.dumps(accounting, indent=1, sort_keys=True, ensure_ascii=False)
    (built / "accounting.json").write_text(text)
    (built / "streams").mkdir(exist_ok=True)
    previous = read_table(snapshot.folder / "hourly_kpis", schemas.HOURLY_KPIS)
    hours = merge_hours(previous, read_table(computed, schemas.HOURLY_KPIS))
    write_table(hours, built / "hourly_kpis")
    for name, schema in (*schemas.TABLES.items(), ("quarantine", schemas.QUARANTINE)):
        if not any((built / name).iterdir()):
            write_table(arrow_schema(schema).empty_table(), built / name)
    return built


def read_accounting(staging: Path) -> dict[str, Any]:
    """Read what became of the files, and of whose plays no song or user is known."""
    accounting: dict[str, Any] = json.loads(
        (staging / "validate_data" / "accounting.json").read_text()
    )
    unknown = json.loads((staging / "transform_kpis" / "unknown.json").read_text())
    accounting.pop("touched_days", None)  # for transform_kpis alone
    return accounting | {"unknown": unknown}


def link_plays(lake: Path, built: Path) -> None:
    """Link all published plays: into the lake, by day, and into the table."""
    for day in sorted((lake / "streams").glob("listen_date=*")):
        for path in day.iterdir():
            link(path, built / "lake" / "streams" / day.name / path.name)
            link(path, built / "streams" / table_name(day.name, path.name))


def add_plays(dataset: Path, built: Path, number: int) -> None:
    """Add the new plays, under names that carry the commit's number and count by day."""
    counts: dict[str, int] = {}
    for file in list_dataset(dataset):
        day = Path(file).parent.name
        name = f"{number:010d}-{counts.setdefault(day, 0)}.parquet"
        counts[day] += 1
        link(dataset / file, built / "lake" / "streams" / day / name)
        link(dataset / file, built / "streams" / table_name(day, name))


def table_name(day: str, name: str) -> str:
    return f"{day.removeprefix('listen_date=')}-{name}"


def take_files(dataset: Path, folder: Path, *, may_be_empty: bool = True) -> None:
    """Take the files that a dataset's `_files.json` names, numbered; those without rows not.

    Args:
        may_be_empty: Else one file stays where none has a row.
    """
    folder.mkdir(parents=True)
    files = list_dataset(dataset) or ([] if may_be_empty else list_files(dataset)[:1])
    for position, file in enumerate(files):
        link(dataset / file, folder / f"part-{position:05d}.parquet")


def list_dataset(dataset: Path) -> list[str]:
    """List the Parquet files with rows of a finished dataset, as its `_files.json` does."""
    return list_files(dataset, least_rows=1)


def list_files(dataset: Path, least_rows: int = 0) -> list[str]:
    listing = json.loads((dataset / "_files.json").read_text())
    return [file["path"] for file in listing["files"] if file["rows"] >= least_rows]


def link_all(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for path in sorted(source.glob("*.parquet")):
        link(path, target / path.name)


def link(source: Path, target: Path) -> None:
    """Link a file, or copy it where the file system has no hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
