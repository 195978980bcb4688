"""A small delivery, and a life of a run that is brought to a step, through it, and to its end."""

import pytest

from dags.protocol.errors import FinalError
from tests.flow_deliveries import FIRST, SECOND, SONGS
from tests.pipeline_life import STEPS, Life
from tests.pipeline_world import World

BEFORE = {
    "load_metadata": (),
    "extract": ("load_metadata",),
    "load": ("load_metadata", "extract", "run_jobs"),
    "publish": ("load_metadata", "extract", "run_jobs", "load"),
    "mark": ("load_metadata", "extract", "run_jobs", "load", "publish"),
    # Of a run that failed at its load.
    "release": ("load_metadata", "extract", "run_jobs"),
}
ALL_STEPS = (*STEPS, "release")


def deliver(world: World) -> tuple[str, str]:
    """Put the metadata and two files; give the files' keys."""
    world.deliver_metadata(SONGS)
    return world.deliver("a.csv", *FIRST), world.deliver("b.csv", *SECOND)


def life_before(world: World, step: str, run_id: str = "daily") -> Life:
    life = world.life(run_id)
    for name in BEFORE[step]:
        getattr(life, name)()
    return life


def go_on(life: Life, step: str) -> None:
    """Call a step again, as Airflow does, and all that follow it."""
    for name in ALL_STEPS[ALL_STEPS.index(step) :]:
        getattr(life, name)()


def assert_whole(world: World, *keys: str) -> None:
    world.assert_tables()
    assert keys
    assert {world.status(key) for key in keys} == {"PROCESSED"}


def assert_clear(error: BaseException, *words: str) -> None:
    """See that Airflow would try the task again, and that people read one line of these words."""
    message = str(error)
    assert not isinstance(error, FinalError)
    assert "\n" not in message.strip(), message
    assert "Traceback" not in message
    for word in words:
        assert word in message


def fail_at(life: Life, step: str, error: type[BaseException], *words: str) -> None:
    """Call a step that ends with a clear error."""
    with pytest.raises(error) as caught:
        getattr(life, step)()
    assert_clear(caught.value, *words)
