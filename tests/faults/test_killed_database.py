"""PostgreSQL killed under a load: RDS while metadata streams in, the warehouse amid its batch."""

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import Any, BinaryIO

import psutil
import psycopg2
import psycopg2.extensions
import pytest

from dags.metadata import load
from dags.systems import metadata
from dags.systems.bucket import Bucket
from dags.systems.metadata import MetadataError
from dags.systems.warehouse import WarehouseError
from tests.faults.troubled_runs import assert_whole, deliver, fail_at, go_on, life_before
from tests.flow_deliveries import SONGS
from tests.pipeline_world import World

PEOPLE = tuple(f"{number},Name Nr {number},30,X,2020-01-01" for number in range(1, 401))
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@pytest.fixture(autouse=True)
def _up_again(world: World) -> Iterator[None]:
    """Whatever fails here, the next test finds a server."""
    yield
    world.stack.up()


def kill_postgres(world: World) -> None:
    """Kill the postmaster, then its children: alone they would go on until they wait."""
    (pid,) = [line.pid for line in world.stack.status() if line.service == "postgres"]
    family = psutil.Process(pid).children(recursive=True)
    os.kill(pid or 0, signal.SIGKILL)
    for child in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


class Stream:
    """A file whose reader's database is killed before its n-th chunk."""

    def __init__(self, world: World, stream: BinaryIO, number: int) -> None:
        self.world, self.stream, self.left = world, stream, number

    def read(self, size: int) -> bytes:
        self.left -= 1
        if self.left == 0:
            kill_postgres(self.world)
        return self.stream.read(size)

    def close(self) -> None:
        self.stream.close()


def kill_at_chunk(world: World, patch: pytest.MonkeyPatch, number: int) -> list[Stream]:
    """Let the first chunks of users.csv be copied, and then the server die."""
    opener, opened = Bucket.open, []

    def open_stream(bucket: Bucket, key: str, etag: str) -> Any:
        stream = opener(bucket, key, etag)
        if "/users/" not in key:
            return stream
        opened.append(Stream(world, stream, number))
        return opened[-1]

    patch.setattr(metadata, "COPY_ROWS", 20)
    patch.setattr(load, "CHUNK_BYTES", 1 << 10)
    patch.setattr(Bucket, "open", open_stream)
    return opened


@pytest.mark.parametrize("chunk", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_rds_that_dies_while_metadata_is_copied_is_loaded_whole_by_the_retry(
    world: World, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    keys = deliver(world)
    world.deliver_metadata(SONGS, *PEOPLE)
    life = world.life("daily")

    with monkeypatch.context() as patch:
        opened = kill_at_chunk(world, patch, chunk)
        with pytest.raises(MetadataError) as caught:
            life.load_metadata()
    assert [stream.left <= 0 for stream in opened] == [True]
    assert "nothing is changed" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "Name Nr" not in str(caught.value)
    fail_at(life, "load_metadata", MetadataError, "cannot open the metadata database")

    world.stack.up()
    go_on(life, "load_metadata")

    assert_whole(world, *keys)
    assert len(world.tables()["users"]) == len(PEOPLE)


class Unheard(psycopg2.extensions.connection):
    """A connection whose server commits and dies before it can say so."""

    def commit(self) -> None:
        super().commit()
        raise psycopg2.OperationalError("server closed the connection unexpectedly")


def test_a_commit_that_nobody_heard_of_is_not_told_as_no_change(world: World) -> None:
    dsn = world.stack.postgres.dsn(world.settings.metadata_database)

    with (
        contextlib.closing(metadata.connect(dsn | {"connection_factory": Unheard})) as connection,
        pytest.raises(MetadataError) as caught,
        metadata.transaction(connection),
    ):
        connection.cursor().execute("INSERT INTO metadata_version VALUES (DEFAULT, 'heard')")

    with contextlib.closing(metadata.connect(dsn)) as connection:
        assert metadata.read_version(connection) == "heard"
    assert "nothing is changed" not in str(caught.value)


@pytest.mark.slow
def test_a_load_whose_server_went_away_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(world)
    world.deliver_metadata(SONGS, *PEOPLE)
    kill_at_chunk(world, monkeypatch, 5)

    with pytest.raises(MetadataError) as caught:
        world.life("daily").load_metadata()

    assert "connection already closed" not in str(caught.value)


@pytest.mark.slow
def test_rds_that_dies_before_its_version_is_read_is_told_in_one_line(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(world)
    life = life_before(world, "extract")
    read = metadata.read_version

    def kill_and_read(connection: Any) -> str | None:
        kill_postgres(world)
        return read(connection)

    monkeypatch.setattr(metadata, "read_version", kill_and_read)
    fail_at(life, "extract", MetadataError)


def kill_when_waiting(world: World, lock: str) -> Iterator[list[str]]:
    """Hold a lock; kill the server as soon as the batch waits for it."""
    dsn = world.stack.postgres.dsn(world.settings.warehouse_database)
    holder, watcher = psycopg2.connect(**dsn), psycopg2.connect(**dsn)
    watcher.autocommit = True
    holder.cursor().execute(lock)
    kills: list[str] = []

    def look(**_: Any) -> None:
        if kills:
            return
        with watcher.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone() != (0,):
                kills.append("postgres")
                kill_postgres(world)

    events = world.pipeline.warehouse.client.meta.events
    events.register("before-send.redshift-data.DescribeStatement", look)
    yield kills
    events.unregister("before-send.redshift-data.DescribeStatement", look)
    holder.close()
    watcher.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    "lock",
    [
        # All COPYs are done by then.
        "LOCK TABLE songs IN SHARE ROW EXCLUSIVE MODE",
        "UPDATE etl_state SET plan = plan",
    ],
)
def test_a_warehouse_that_dies_amid_a_batch_commits_once_at_the_retry(
    world: World, lock: str
) -> None:
    keys = deliver(world)
    life = life_before(world, "load")

    with contextlib.contextmanager(kill_when_waiting)(world, lock) as kills:
        fail_at(life, "load", WarehouseError, "Redshift refused statement")
    assert kills == ["postgres"]
    world.stack.up()
    assert world.state() == (0, None)
    go_on(life, "load")

    assert_whole(world, *keys)
    assert world.state()[0] == 1
