"""A file that is replaced at the worst instants: no version is committed that nobody claimed."""

from collections.abc import Callable, Sequence

import pytest

from dags.protocol.errors import ReplacedError
from dags.systems.bucket import Bucket
from dags.systems.warehouse import Statement, Warehouse
from tests import reference
from tests.faults.interleaved_lives import assert_counted_once
from tests.faults.troubled_runs import assert_whole, deliver, life_before
from tests.flow_deliveries import FIRST, SECOND, SONGS, THIRD
from tests.pipeline_life import Life
from tests.pipeline_world import World, etag_of


def before_the_job(world: World, life: Life, patch: pytest.MonkeyPatch) -> None:
    world.deliver("b.csv", *THIRD)
    life.run_jobs()


def between_two_reads(world: World, life: Life, patch: pytest.MonkeyPatch) -> None:
    """Read a.csv as it was claimed, then b.csv as it is by then."""
    read = Bucket.read
    replaced: list[str] = []

    def read_and_replace(bucket: Bucket, key: str) -> bytes | None:
        content = read(bucket, key)
        if key.endswith("/a.csv") and not replaced:
            replaced.append(world.deliver("b.csv", *THIRD))
        return content

    with patch.context() as own:
        own.setattr(Bucket, "read", read_and_replace)
        life.run_jobs()
    assert replaced == ["data/streams/b.csv"]


def after_the_job(world: World, life: Life, patch: pytest.MonkeyPatch) -> None:
    life.run_jobs()
    world.deliver("b.csv", *THIRD)


@pytest.mark.parametrize(
    "replace",
    [
        between_two_reads,
        pytest.param(before_the_job, marks=pytest.mark.slow),
        pytest.param(after_the_job, marks=pytest.mark.slow),
    ],
)
def test_a_file_that_is_replaced_before_the_load_is_the_next_runs(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    replace: Callable[[World, Life, pytest.MonkeyPatch], None],
) -> None:
    deliver(world)
    life = world.life("daily")
    life.load_metadata()
    life.extract()

    replace(world, life, monkeypatch)
    with pytest.raises(ReplacedError, match="1 claimed files were replaced.*b.csv"):
        life.load()
    assert world.state() == (0, None)
    assert life.release() == 2
    assert world.run("next") == "committed"

    assert_counted_once(world)


def at_the_batch(world: World, life: Life, patch: pytest.MonkeyPatch) -> None:
    """Replace it after the last look at its ETag."""
    run_batch = Warehouse.run_batch

    def replace_and_run(warehouse: Warehouse, statements: Sequence[Statement]) -> None:
        world.deliver("b.csv", *THIRD)
        run_batch(warehouse, statements)

    with patch.context() as own:
        own.setattr(Warehouse, "run_batch", replace_and_run)
        life.load()


def after_the_commit(world: World, life: Life, patch: pytest.MonkeyPatch) -> None:
    life.load()
    world.deliver("b.csv", *THIRD)


@pytest.mark.parametrize(
    "replace", [after_the_commit, pytest.param(at_the_batch, marks=pytest.mark.slow)]
)
def test_a_file_that_is_replaced_after_the_last_look_is_taken_again(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    replace: Callable[[World, Life, pytest.MonkeyPatch], None],
) -> None:
    keys = deliver(world)
    life = life_before(world, "load")

    replace(world, life, monkeypatch)
    life.publish()
    life.mark()
    assert world.run("next") == "committed"

    # All versions that there ever were.
    assert_whole(world, *keys)
    assert world.state()[0] == 2


def let_a_second_pass(world: World, key: str) -> None:
    """Write until S3 dates an object another second than this one: it dates by seconds."""
    found = world.bucket.head(key)
    assert found is not None
    dated = found.last_modified
    while dated == found.last_modified:
        world.bucket.put("a-clock", b"now")
        now = world.bucket.head("a-clock")
        assert now is not None
        dated = now.last_modified


def test_a_file_that_was_another_one_while_it_was_read_is_read_again(world: World) -> None:
    world.deliver_metadata(SONGS)
    key = world.deliver("a.csv", *FIRST)
    life = world.life("daily")
    life.load_metadata()
    life.extract()
    world.deliver("a.csv", *SECOND)
    life.run_jobs()
    # The vendor's mistake is taken back: the ETag is that of the claim, the second another.
    let_a_second_pass(world, key)
    world.deliver("a.csv", *FIRST)

    try:
        life.load()
        life.publish()
        life.mark()
    except ReplacedError:
        life.release()
    world.run("next")

    content, _ = world.versions[key][-1]
    claimed = world.pipeline.ledger.read([key])[key]
    assert claimed["etag"] == etag_of(content)
    there = reference.validate({key: world.versions[key][-1]}).accepted.keys()
    loaded = {(row[0], row[1]) for row in world.tables()["streams"]}
    assert loaded >= {(user, track) for user, track, _ in there}
