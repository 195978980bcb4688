"""Users and songs of a data folder in an embedded PostgreSQL of its own."""

import contextlib
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from commands.folder_run.delivery import Delivery, hash_delivery, list_delivery
from commands.folder_run.metadata import LocalMetadata, load, open_metadata
from dags.systems.metadata import MetadataError
from localaws.postgres import PostgresServer
from tests.end_to_end.spark_run_helpers import copy_sample


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with PostgresServer(tmp_path_factory.mktemp("server") / "postgres").running() as server:
        yield server


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return copy_sample(tmp_path / "data", "special/header-only.csv")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


@pytest.fixture(autouse=True)
def _empty_database(request: pytest.FixtureRequest) -> None:
    if "server" not in request.fixturenames:
        return
    server = request.getfixturevalue("server")
    with contextlib.closing(psycopg2.connect(**server.dsn("postgres"))) as connection:
        connection.autocommit = True
        connection.cursor().execute("DROP DATABASE IF EXISTS metadata")


def count(server: PostgresServer, table: str) -> int:
    with (
        contextlib.closing(psycopg2.connect(**server.dsn("metadata"))) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def delivered(data: Path, state: Path) -> Delivery:
    return hash_delivery(list_delivery(data), state)


def load_folder(server: PostgresServer, state: Path, data: Path) -> LocalMetadata:
    return load(server, state, delivered(data, state))


def test_the_sample_is_loaded_and_its_broken_rows_are_quarantined(
    server: PostgresServer, state: Path, data: Path
) -> None:
    metadata = load_folder(server, state, data)

    assert (count(server, "users"), count(server, "songs")) == (152, 28)
    songs, users = metadata.report.files
    assert (songs.rows_read, songs.rows_loaded, songs.refused) == (32, 28, None)
    assert (users.rows_read, users.rows_loaded, users.refused) == (157, 153, None)
    with gzip.open(state / "metadata-quarantine.jsonl.gz") as file:
        reasons = [json.loads(line)["reason"] for line in file]
    assert len(reasons) == 8
    assert metadata.quarantine == state / "metadata-quarantine.jsonl.gz"


def test_a_job_is_told_how_to_reach_it_but_not_the_password(
    server: PostgresServer, state: Path, data: Path
) -> None:
    metadata = load_folder(server, state, data)

    options = dict(zip(metadata.arguments[::2], metadata.arguments[1::2], strict=True))
    assert options == {
        "--jdbc-url": server.jdbc_url("metadata"),
        "--jdbc-user": "postgres",
        "--ssl-mode": "disable",
    }
    assert metadata.password == server.password
    assert metadata.password not in " ".join(metadata.arguments)


def test_loading_again_changes_nothing_and_keeps_the_quarantine(
    server: PostgresServer, state: Path, data: Path
) -> None:
    first = load_folder(server, state, data)
    quarantine = first.quarantine.read_bytes()

    second = load_folder(server, state, data)

    assert second.version == first.version
    assert not second.report.is_changed
    assert second.quarantine.read_bytes() == quarantine


def test_a_file_written_anew_is_loaded_and_is_another_version(
    server: PostgresServer, state: Path, data: Path
) -> None:
    first = load_folder(server, state, data)
    with (data / "users" / "users.csv").open("a") as file:
        file.write("200,New Listener,20,Arvenia,2024-01-01\n")

    second = load_folder(server, state, data)

    assert second.version != first.version
    assert count(server, "users") == 153


def test_a_file_without_a_column_is_refused_and_its_old_rows_stay(
    server: PostgresServer, state: Path, data: Path
) -> None:
    load_folder(server, state, data)
    users = data / "users" / "users.csv"
    users.write_text(users.read_text().replace("user_country", "country", 1))

    metadata = load_folder(server, state, data)

    refused = {file.file_key: file.refused for file in metadata.report.files}
    assert refused == {"data/songs/songs.csv": None, "data/users/users.csv": "columns"}
    assert count(server, "users") == 152


@pytest.mark.parametrize("kind", ["users", "songs"])
def test_no_file_and_an_empty_table_is_an_error_that_says_what_to_deliver(
    server: PostgresServer, state: Path, data: Path, kind: str
) -> None:
    (data / kind / f"{kind}.csv").unlink()

    with pytest.raises(MetadataError, match=rf"table {kind} is empty .* deliver data/{kind}/\*"):
        load_folder(server, state, data)


def test_a_folder_that_holds_no_users_any_more_is_an_error_and_all_stays(
    server: PostgresServer, state: Path, data: Path
) -> None:
    load_folder(server, state, data)
    (data / "users" / "users.csv").unlink()

    with pytest.raises(MetadataError, match="table users would lose all its rows"):
        load_folder(server, state, data)

    assert count(server, "users") == 152


def test_the_database_lives_below_the_state_and_ends_with_the_block(
    state: Path, data: Path
) -> None:
    with open_metadata(state, delivered(data, state)) as metadata:
        server = PostgresServer(state / "postgres")
        was_running = server.is_running()

    assert was_running
    assert not server.is_running()
    assert metadata.version


def test_the_database_ends_when_the_load_fails(state: Path, data: Path) -> None:
    (data / "users" / "users.csv").unlink()

    with pytest.raises(MetadataError), open_metadata(state, delivered(data, state)):
        pass

    assert not PostgresServer(state / "postgres").is_running()
