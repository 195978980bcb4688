"""How a run of a world dies, or loses sight of what it sent."""

from collections.abc import Callable, Sequence

import pytest

from dags.systems.bucket import Bucket
from dags.systems.warehouse import Statement, Warehouse
from tests.pipeline_life import Life
from tests.pipeline_world import World


class DeathError(Exception):
    """The worker is gone."""


def begin_life(world: World, run_id: str) -> Life:
    """Bring a run to the end of its jobs."""
    life = world.life(run_id)
    life.load_metadata()
    assert life.extract()
    life.run_jobs()
    return life


def catch_batch(life: Life, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let a life lose sight of its batch: it fails, and the batch waits to be executed."""
    caught: list[Sequence[Statement]] = []

    def lose(_: Warehouse, statements: Sequence[Statement]) -> None:
        caught.append(statements)
        raise DeathError

    with monkeypatch.context() as patch:
        patch.setattr(Warehouse, "run_batch", lose)
        with pytest.raises(DeathError):
            life.load()
    (statements,) = caught
    return lambda: life.world.pipeline.warehouse.run_batch(statements)


def die_at_copy(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let the worker die at its n-th copy within the bucket."""
    copy, done = Bucket.copy, []

    def die(bucket: Bucket, source: str, target: str) -> None:
        if len(done) == number:
            raise DeathError
        done.append(source)
        copy(bucket, source, target)

    monkeypatch.setattr(Bucket, "copy", die)
