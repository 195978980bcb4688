"""Disks that are full: S3's, the worker's temporary folder, the warehouse's."""

import contextlib
import errno
import io
import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commands.stack.bring_up import bring_up
from commands.stack.describe import describe_stack
from conf.settings import load_settings
from dags.steps import load_metadata_to_rds
from dags.systems.bucket import BucketError
from dags.systems.metadata import MetadataError
from dags.systems.warehouse import WarehouseError
from tests.faults.mounted import fill, small_disk
from tests.faults.troubled_runs import assert_whole, deliver, fail_at, go_on, life_before
from tests.flow_deliveries import FIRST, SONGS
from tests.pipeline_world import World

NOBODY = 65534
PLAYS = tuple(f"{user},dawn,2024-06-01 10:00:00" for user in range(1, 5001))


@pytest.mark.slow
def test_a_run_that_fills_s3_fails_and_the_next_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time", NoWait)
    stack, _ = describe_stack(tmp_path / "aws")
    with small_disk(tmp_path / "aws" / "s3", "64m") as disk, contextlib.ExitStack() as left:
        left.callback(stack.down)
        bring_up(stack, load_settings("local"))
        world = World(stack, load_settings("local"))
        first = deliver(world)
        assert world.run("before") == "committed"
        # So many that their plan is longer than the rest of any block that is begun.
        late = [world.deliver(f"late-{number}.csv", *FIRST) for number in range(40)]
        life = life_before(world, "load")

        ballast = fill(disk)
        fail_at(life, "load", BucketError, "PutObject")
        assert life.release() == len(late)
        with pytest.raises(BucketError, match="PutObject"):
            world.run("full")
        assert (world.state()[0], {world.status(key) for key in late}) == (1, {"FAILED"})
        ballast.unlink()

        assert world.run("next") == "committed"
        assert_whole(world, *first, *late)
        assert world.state()[0] == 2


class NoWait:
    """Instead of the time, for who waits with it."""

    @staticmethod
    def sleep(seconds: float) -> None:
        """Be back at once."""


class FullFile(io.BytesIO):
    """A file on a full disk."""

    def write(self, content: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def full_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The quarantine goes to a file sooner, and no file can be written."""
    with monkeypatch.context() as patch:
        patch.setattr(load_metadata_to_rds, "KEPT_IN_MEMORY", 1 << 12)
        patch.setattr(tempfile, "TemporaryFile", lambda *_, **__: FullFile())
        yield patch


def deliver_bad_songs(world: World) -> None:
    """Put many good rows and bad ones that do not pack well, so that the quarantine is large."""
    world.deliver_metadata(SONGS)
    good = (world.bucket.read("data/songs/songs.csv") or b"").decode()
    width = len(good.splitlines()[0].split(","))
    chance = random.Random(7)
    digits = [chance.randbytes(400).hex() for _ in range(19)]
    lines = "".join(f"no number {text}{',' * (width - 1)}\n" for text in digits)
    world.bucket.put("data/songs/songs.csv", f"{good}{lines}".encode())


def test_a_quarantine_that_does_not_fit_the_temporary_folder_loads_nothing(
    world: World, full_temporary_folder: pytest.MonkeyPatch
) -> None:
    keys = [world.deliver("a.csv", *FIRST)]
    deliver_bad_songs(world)
    life = world.life("daily")

    fail_at(life, "load_metadata", MetadataError, "the worker's disk is full")
    assert list(world.bucket.list_objects("quarantine/")) == []
    full_temporary_folder.undo()
    go_on(life, "load_metadata")

    assert_whole(world, *keys)
    (found,) = world.bucket.list_objects("quarantine/metadata/")
    assert found.size > 1 << 12


@pytest.fixture
def small_warehouse(world: World, tmp_path: Path) -> Iterator[Path]:
    """The temporary tables of a batch lie on a small disk."""
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    database = world.settings.warehouse_database
    with small_disk(folder, "256k"):
        space = folder / "space"
        space.mkdir()
        for path in (folder, space):
            owner = (world.stack.config.state / "postgres" / "data").stat()
            os.chown(path, owner.st_uid, owner.st_gid)
        world.execute("postgres", f"CREATE TABLESPACE small LOCATION '{space}'")
        # Whoever may not make tables in it uses the default one, without a word.
        world.execute("postgres", "GRANT CREATE ON TABLESPACE small TO PUBLIC")
        world.execute("postgres", f"ALTER DATABASE {database} SET temp_tablespaces = 'small'")
        yield folder
        world.execute("postgres", f"ALTER DATABASE {database} RESET temp_tablespaces")
        world.execute("postgres", "DROP TABLESPACE small")
        # Else a server that is killed later looks for the folder when it recovers.
        world.execute("postgres", "CHECKPOINT")
    folder.rmdir()


@pytest.mark.slow
def test_a_copy_into_a_full_warehouse_fails_and_its_retry_commits(
    world: World, small_warehouse: Path
) -> None:
    world.deliver_metadata(SONGS)
    key = world.deliver("a.csv", *PLAYS)
    life = life_before(world, "load")

    fail_at(life, "load", WarehouseError, "COPY of streams failed", "No space left on device")
    assert world.state() == (0, None)
    database = world.settings.warehouse_database
    world.execute("postgres", f"ALTER DATABASE {database} RESET temp_tablespaces")
    go_on(life, "load")

    assert_whole(world, key)
