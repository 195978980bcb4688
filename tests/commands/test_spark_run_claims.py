"""What `make spark-run` claims, what may not change meanwhile, and what it notes."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commands.console import CommandError
from commands.folder_run import claimed_files, jobs
from commands.folder_run.content_hashes import sign
from commands.folder_run.delivery import DeliveredFile, Delivery
from commands.folder_run.snapshot import Snapshot
from conf.rules import judged_by

RULES = judged_by(0.1, 20, "")


def a_delivered_file(path: Path, **changed: Any) -> DeliveredFile:
    status = path.stat()
    described = {
        "file_key": f"data/streams/{path.name}",
        "path": path,
        "signature": sign(status),
        "etag": "its hash",
        "size": status.st_size,
        "last_modified": datetime(2024, 6, 10, tzinfo=UTC),
    }
    return DeliveredFile(**(described | changed))


def test_new_and_changed_files_are_claimed_and_refused_ones_when_they_change(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.csv").write_text("x")
    file = a_delivered_file(tmp_path / "a.csv")
    delivery = Delivery((), (), (file,), ())

    def claimed(**ledger: Any) -> tuple[DeliveredFile, ...]:
        entries = {file.file_key: ledger} if ledger else {}
        snapshot = Snapshot(1, tmp_path, "version", entries)
        return tuple(claimed_files.claim_files(delivery, snapshot, RULES))

    assert claimed() == (file,)
    assert claimed(etag="older", status="PROCESSED") == (file,)
    assert claimed(etag="older", status="REJECTED", judged_by=RULES) == (file,)
    assert claimed(etag=file.etag, status="PROCESSED") == ()
    assert claimed(etag=file.etag, status="PROCESSED", judged_by="older") == ()
    assert claimed(etag=file.etag, status="REJECTED", judged_by=RULES) == ()
    assert claimed(etag=file.etag, status="REJECTED", judged_by="older") == (file,)
    assert claimed(etag=file.etag, status="REJECTED") == (file,)


def test_the_claim_names_commit_files_and_instants(tmp_path: Path) -> None:
    (tmp_path / "a b.csv").write_text("x")
    file = a_delivered_file(tmp_path / "a b.csv")
    snapshot = Snapshot(41, tmp_path, "version", {})

    claim = jobs.write_claim(tmp_path / "staging", [file], snapshot, "newer", RULES)

    assert json.loads((tmp_path / "staging" / "claim.json").read_text()) == claim
    assert claim["claim"].startswith(f"{claim['run']}-")
    assert (claim["commit"], claim["metadata_version"], claim["backfill_dates"]) == (
        41, "newer", []
    )  # fmt: skip
    assert claim["judged_by"] == RULES
    assert claim["files"] == [
        {
            "file_key": "data/streams/a b.csv",
            "uri": f"file:{tmp_path}/a b.csv",
            "etag": file.etag,
            "size": 1,
            "last_modified": "2024-06-10T00:00:00+00:00",
        }
    ]


@pytest.mark.parametrize("change", ["none", "replaced", "removed"])
def test_a_file_that_changes_while_it_is_read_stops_the_call(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x")
    claimed = [a_delivered_file(path)]
    if change == "replaced":
        os.utime(path, ns=(0, 1))
    elif change == "removed":
        path.unlink()

    if change == "none":
        claimed_files.check_unchanged(claimed)
    else:
        with pytest.raises(CommandError, match=f"a.csv was {change} while it was read"):
            claimed_files.check_unchanged(claimed)


def test_the_ledger_notes_what_was_refused(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x")
    files = [a_delivered_file(tmp_path / name, etag=name) for name in ("a.csv", "b.csv")]
    accounting = {"files": {}, "refused": {"data/streams/b.csv": "empty"}}
    (tmp_path / "accounting.json").write_text(json.dumps(accounting))

    assert claimed_files.note_files(files, tmp_path, RULES) == {
        "data/streams/a.csv": {"etag": "a.csv", "status": "PROCESSED", "judged_by": RULES},
        "data/streams/b.csv": {"etag": "b.csv", "status": "REJECTED", "judged_by": RULES},
    }
