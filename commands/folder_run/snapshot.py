"""The folder OUT of `make spark-run`: whole tables, switched from commit to commit at once.

`OUT/.state/commits/<number>` holds everything as of one commit: the tables, the lake, the
ledger. `OUT/.state/current` is a link to the present one, and `OUT/streams` and its like are
links through it. So one rename publishes a commit, and a killed call publishes nothing.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TextIO

import pyarrow.parquet

from commands.console import CommandError
from localaws.processes import try_lock
from maintenance.parquet_tables import arrow_schema
from spark_jobs import schemas

STATE = ".state"
CURRENT = "current"
SHOWN = (*schemas.TABLES, "quarantine", "accounting.json")
KEPT_COMMITS = 2  # a reader may still be in the last one
ROOM_BYTES = 64 * 1024


@dataclass(frozen=True)
class Snapshot:
    """The state of OUT at a commit; number 0 stands for an empty one without a folder."""

    number: int
    folder: Path
    metadata_version: str | None
    ledger: dict[str, dict[str, Any]]

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def days(self) -> list[date]:
        """List the days that have a play."""
        folders = (self.lake / "streams").glob("listen_date=*")
        return [date.fromisoformat(folder.name.partition("=")[2]) for folder in folders]


@contextlib.contextmanager
def open_output(out: Path) -> Iterator[Snapshot]:
    """Lock OUT for this call, clear what killed calls left, and give its present snapshot.

    Raises:
        CommandError: OUT holds something else, has other schemas, or another call works on it.
        OSError: OUT cannot be written, or its disk is full.
    """
    check_output(out)
    state = out / STATE
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        if not try_lock(lock.fileno()):
            raise CommandError(f"another spark-run works on {out}: wait for it to end")
        snapshot = read_snapshot(out)
        check_schemas(snapshot)
        check_room(lock)
        shutil.rmtree(state / "staging", ignore_errors=True)
        remove_old_commits(state, snapshot.number)
        yield snapshot


def check_output(out: Path) -> None:
    """Refuse a folder that holds what `make spark-run` has not written."""
    if os.path.lexists(out) and not out.is_dir():
        raise CommandError(f"{out} is no folder: name another OUT")
    if out.is_dir() and any(out.iterdir()) and not (out / STATE).is_dir():
        raise CommandError(f"{out} holds other files: name an empty or a new folder as OUT")
    for name in SHOWN:
        shown = out / name
        if os.path.lexists(shown) and not shown.is_symlink():
            raise CommandError(f"{shown} was not written by make spark-run: move it away")


def check_room(lock: TextIO) -> None:
    """Fail here where the disk is full: PostgreSQL would fail without saying why."""
    lock.write(" " * ROOM_BYTES)
    lock.flush()
    lock.truncate(0)


def read_snapshot(out: Path) -> Snapshot:
    current = out / STATE / CURRENT
    if not current.is_symlink():
        return Snapshot(0, out / STATE / "commits" / f"{0:010d}", None, {})
    folder = current.resolve()
    state = json.loads((folder / "state.json").read_text())
    return Snapshot(state["commit"], folder, state["metadata_version"], state["ledger"])


def check_schemas(snapshot: Snapshot) -> None:
    """Refuse tables that another version of this project wrote with other columns."""
    for table, schema in schemas.TABLES.items():
        for path in sorted((snapshot.folder / table).glob("*.parquet")):
            try:
                found = describe(pyarrow.parquet.read_schema(path))
            except pyarrow.ArrowInvalid as error:
                raise CommandError(f"{path} is damaged: name a new OUT") from error
            expected = describe(arrow_schema(schema))
            if found != expected:
                raise CommandError(
                    f"{table} in OUT holds ({found}), expected ({expected}): name a new OUT"
                )


def describe(schema: pyarrow.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema)


def publish(out: Path, snapshot: Snapshot, built: Path) -> None:
    """Make a built commit folder the present one: one rename, which readers see at once."""
    state = out / STATE
    final = state / "commits" / f"{snapshot.number:010d}"
    final.parent.mkdir(exist_ok=True)
    document = {
        "commit": snapshot.number,
        "metadata_version": snapshot.metadata_version,
        "ledger": snapshot.ledger,
    }
    (built / "state.json").write_text(json.dumps(document, indent=1, sort_keys=True))
    built.rename(final)
    for name in SHOWN:
        if not (out / name).is_symlink():
            (out / name).symlink_to(Path(STATE, CURRENT, name))
    link = state / f"{CURRENT}.new"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("commits", final.name))
    link.replace(state / CURRENT)
    remove_old_commits(state, snapshot.number)


def remove_old_commits(state: Path, number: int) -> None:
    """Remove the commits that no reader is expected in any more; files live on in later ones."""
    for folder in (state / "commits").glob("*"):
        if not folder.name.isdigit() or not number - KEPT_COMMITS < int(folder.name) <= number:
            shutil.rmtree(folder, ignore_errors=True)
