"""The embedded PostgreSQL starts over any folder, keeps what was committed and leaves nothing."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from localaws import processes
from localaws.errors import LocalAwsError
from localaws.postgres import PostgresServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    """Give a server that is down, and remove it again with its 40 MB of data."""
    server = PostgresServer(tmp_path / "a state's folder")
    yield server
    server.stop()
    shutil.rmtree(server.state, ignore_errors=True)


@contextlib.contextmanager
def a_cursor(server: PostgresServer, database: str = "postgres") -> Iterator[Any]:
    opened = contextlib.closing(psycopg2.connect(**server.dsn(database)))
    with opened as connection, connection, connection.cursor() as cursor:
        yield cursor


def the_pid(server: PostgresServer) -> int:
    return int((server.data / "postmaster.pid").read_text().splitlines()[0])


def show(server: PostgresServer, setting: str) -> Any:
    with a_cursor(server) as cursor:
        cursor.execute("SELECT current_setting(%s)", (setting,))
        return cursor.fetchone()[0]


def test_a_started_server_answers_and_a_stopped_one_leaves_no_process(
    server: PostgresServer,
) -> None:
    server.start()
    pid = the_pid(server)
    answers = show(server, "server_encoding")
    is_up = server.is_running()

    server.stop()

    assert (answers, is_up) == ("UTF8", True)
    assert not server.is_running()
    assert "postgres" not in processes.command_of(pid)


def test_it_listens_on_the_loopback_only_in_utc_with_byte_order(server: PostgresServer) -> None:
    server.start()

    names = ["listen_addresses", "unix_socket_directories", "TimeZone"]
    settings = [show(server, name) for name in (*names, "password_encryption", "fsync")]
    with a_cursor(server) as cursor:
        cursor.execute("SELECT datcollate FROM pg_database WHERE datname = 'postgres'")
        collation = cursor.fetchone()[0]

    assert settings == ["127.0.0.1", "", "UTC", "scram-sha-256", "on"]
    assert collation == "C"


def test_starting_twice_and_stopping_twice_change_nothing(server: PostgresServer) -> None:
    server.start()
    first = (the_pid(server), server.port, server.password)

    server.start()

    assert (the_pid(server), server.port, server.password) == first
    server.stop()
    server.stop()


def test_stopping_what_never_started_makes_no_folder(tmp_path: Path) -> None:
    PostgresServer(tmp_path / "state").stop()

    assert not (tmp_path / "state").exists()


def test_after_kill_9_committed_rows_are_there_and_open_transactions_gone(
    server: PostgresServer,
) -> None:
    server.start()
    with a_cursor(server) as cursor:
        cursor.execute("CREATE TABLE plays (id INTEGER)")
        cursor.execute("INSERT INTO plays VALUES (1)")
    with contextlib.closing(psycopg2.connect(**server.dsn("postgres"))) as unfinished:
        unfinished.cursor().execute("INSERT INTO plays VALUES (2)")
        os.kill(the_pid(server), signal.SIGKILL)

        server.start()

    with a_cursor(server) as cursor:
        cursor.execute("SELECT id FROM plays")
        assert cursor.fetchall() == [(1,)]


def test_two_servers_run_side_by_side(server: PostgresServer, tmp_path: Path) -> None:
    server.start()

    with PostgresServer(tmp_path / "other").running() as other:
        server.create_database("metadata")
        other.create_database("metadata")
        ports = {server.port, other.port}

    assert len(ports) == 2
    assert server.is_running()


def test_a_server_is_one_however_many_start_it_at_once(server: PostgresServer) -> None:
    failures: list[Exception] = []

    def start() -> None:
        try:
            PostgresServer(server.state).start()
        except LocalAwsError as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert show(server, "data_directory") == str(server.data)


def test_a_database_is_made_once(server: PostgresServer) -> None:
    server.start()

    server.create_database("metadata")
    server.create_database("metadata")

    assert server.jdbc_url("metadata") == (
        f"jdbc:postgresql://127.0.0.1:{server.port}/metadata?sslmode=disable"
    )
    with a_cursor(server, "metadata") as cursor:
        cursor.execute("SELECT current_database()")
        assert cursor.fetchone() == ("metadata",)


def test_state_and_password_are_closed_to_others(server: PostgresServer) -> None:
    server.start()

    modes = {
        name: stat.S_IMODE((server.state / name).stat().st_mode)
        for name in (".", "data", "password", "port", "postgres.log")
    }

    assert modes == {
        ".": 0o700,
        "data": 0o700,
        "password": 0o600,
        "port": 0o600,
        "postgres.log": 0o600,
    }


def test_a_wrong_password_is_refused(server: PostgresServer) -> None:
    server.start()

    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(**server.dsn("postgres") | {"password": "wrong"})


@pytest.mark.parametrize("text", ["garbage", "", "99999"])
def test_a_garbage_port_file_is_replaced(server: PostgresServer, text: str) -> None:
    server.start()
    server.stop()
    (server.state / "port").write_text(text)

    server.start()

    assert int(show(server, "port")) == server.port


def test_a_port_taken_by_somebody_else_is_given_up(server: PostgresServer) -> None:
    server.start()
    server.stop()
    with socket.create_server(("127.0.0.1", server.port)) as somebody:
        server.start()

        assert server.port != somebody.getsockname()[1]
    assert int(show(server, "port")) == server.port


def test_a_relative_state_folder_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server = PostgresServer(Path("state"))
    with server.running():
        monkeypatch.chdir("/")

        assert server.is_running()
        assert (tmp_path / "state" / "data").is_dir()


def test_a_killed_initdb_leaves_no_half_made_data(server: PostgresServer) -> None:
    half_made = server.state / "data.new-killed"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")

    server.start()

    assert server.is_running()
    assert not half_made.exists()


def test_a_process_that_took_over_the_pid_is_neither_the_server_nor_stopped(
    server: PostgresServer,
) -> None:
    server.data.mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (server.data / "postmaster.pid").write_text(f"{stranger.pid}\n{server.data}\n")

        server.stop()

        assert not server.is_running()
        assert stranger.poll() is None
        stranger.kill()


def test_a_port_before_the_first_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LocalAwsError, match="has no port yet: start it"):
        PostgresServer(tmp_path).dsn("metadata")
