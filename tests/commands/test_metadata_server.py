"""`make metadata-up` and `make metadata-down`."""

import contextlib
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from commands import metadata_server
from localaws.postgres import PostgresServer
from tests.end_to_end.spark_run_helpers import SAMPLE


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "a state"
    metadata_server.main(["down", "--state", str(tmp_path / "a state")])


def up(state: Path, data: Path = SAMPLE) -> int:
    return metadata_server.main(["up", "--data", str(data), "--state", str(state)])


def exports(text: str) -> dict[str, str]:
    words = [shlex.split(line) for line in text.splitlines()]
    assert {word[0] for word in words} == {"export"}
    return dict(word[1].split("=", 1) for word in words)


def test_up_prints_exports_that_reach_users_and_songs(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert up(state) == 0

    printed = capsys.readouterr()
    given = exports(printed.out)
    assert set(given) == {"JDBC_URL", "JDBC_USER", "JDBC_PROPERTIES"}
    properties = Path(given["JDBC_PROPERTIES"])
    settings = dict(line.split(" ", 1) for line in properties.read_text().splitlines())
    password = settings["spark.kpi.jdbc.password"].strip()
    address = given["JDBC_URL"].removeprefix("jdbc:")
    with (
        contextlib.closing(
            psycopg2.connect(address, user=given["JDBC_USER"], password=password)
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM songs)")
        assert cursor.fetchone() == (152, 28)
    assert stat.S_IMODE(properties.stat().st_mode) == 0o600
    assert password not in printed.out + printed.err
    assert settings["spark.driver.extraClassPath"].strip().endswith("/jdbc/*")


def test_down_ends_it_and_may_be_said_again(state: Path) -> None:
    up(state)
    server = PostgresServer(state / "postgres")
    was_running = server.is_running()

    codes = [metadata_server.main(["down", "--state", str(state)]) for _ in range(2)]

    assert (was_running, codes) == (True, [0, 0])
    assert not server.is_running()


def test_a_missing_folder_is_one_line_and_starts_nothing(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert up(state, tmp_path / "nowhere") == 2

    printed = capsys.readouterr()
    assert printed.err.startswith(f"error: {tmp_path}/nowhere/users is no folder: ")
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert not state.exists()
