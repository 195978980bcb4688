"""`make spark-run` up to its jobs: usage told in one line."""

import errno
import os
from argparse import Namespace
from pathlib import Path

import pytest

from commands import spark_run
from commands.folder_run import jobs
from commands.spark import java, native
from tests.commands.small_delivery import deliver


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return deliver(tmp_path / "data")


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


def test_a_machine_that_cannot_run_natively_is_one_line_and_makes_no_out(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(native.platform, "system", lambda: "Darwin")
    words = ["--data", str(data), "--out", str(tmp_path / "out"), "--native"]

    assert spark_run.main(words) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: Comet runs on Linux alone")
    assert not (tmp_path / "out").exists()


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


@pytest.mark.parametrize("share", ["1.1", "-0.1", "nan", "a tenth", ""])
def test_what_is_no_share_is_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], share: str
) -> None:
    words = ["--data", str(data), "--out", str(tmp_path / "out"), f"--max-rejected-share={share}"]

    assert spark_run.main(words) == 2

    expected = f"error: MAX_REJECTED_SHARE is a share of 0 … 1, got {share!r}\n"
    assert capsys.readouterr().err == expected


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


@pytest.mark.parametrize(("name", "has_own_scratch"), [("out", True), ("a, b", False)])
def test_a_job_has_its_scratch_files_below_out_unless_a_comma_parts_the_path(
    tmp_path: Path, name: str, has_own_scratch: bool
) -> None:
    staging = tmp_path / name / "staging"

    path = jobs.write_settings(staging, {"spark.driver.memory": "1g"})

    lines = path.read_text().splitlines()
    assert ("spark.local.dir " in path.read_text()) == has_own_scratch
    assert "spark.driver.memory 1g" in lines
    assert path.parent == staging
