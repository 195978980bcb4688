"""What must be there when a long life ends: tables, ledger, lake and staging."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from conf.settings import Settings
from maintenance.compaction import compact
from tests import reference
from tests.end_to_end.spark_run_helpers import Rows
from tests.long_life.life_of_days import LongLife
from tests.long_life.readers import KEEP_DAYS
from tests.pipeline_world import World, etag_of
from tests.plain_jobs import instant

KEPT_TOTALS = 7


def assert_a_whole_life(
    life: LongLife, settings: Settings, jobs_of: Callable[[LongLife], Any]
) -> None:
    """Live a life, compute all its days anew, and compare everything that is there then."""
    life.live()
    life.backfill_all()
    life.staging.look()

    life.staging.assert_that_old_folders_are_gone()
    keep_counted_versions(life.world)
    life.world.assert_tables()
    life.catalogue.assert_tables()
    assert_ledger(life)
    assert_compacted_lake(life)
    life.world.assert_tables()
    assert_one_run_gives_the_same(life, settings, jobs_of)


def keep_counted_versions(world: World) -> None:
    """Forget the versions that were replaced before any run committed them.

    The yardstick is one run over every version that a run committed and those there now.
    """
    world.versions = world.counted_versions()


def assert_ledger(life: LongLife) -> None:
    """Each delivered key has one item, which tells of its last version."""
    items = life.ledger_items()
    assert items.keys() == life.world.versions.keys()
    for key, versions in life.world.versions.items():
        done = reference.validate({key: versions[-1]})
        found = items[key]
        status, error = found["status"]["S"], found["error"]["S"]
        if key in done.refused:
            reason = error.partition(":")[0]
            assert (key, status, reason) == (key, "REJECTED", done.refused[key])
            continue
        expected = done.files[key]
        assert (key, status, error) == (key, "PROCESSED", "")
        numbers = {name: int(found[name]["N"]) for name in ("rows_read", "rows_accepted")}
        rejected = {reason: int(n["N"]) for reason, n in found["rows_rejected"]["M"].items()}
        assert numbers["rows_read"] == expected["rows_read"]
        assert rejected == expected["rows_rejected"]
        plays = numbers["rows_accepted"] + int(found["rows_duplicate"]["N"])
        assert plays + sum(rejected.values()) == numbers["rows_read"]
        assert found["etag"]["S"] == etag_of(versions[-1][0])


def assert_compacted_lake(life: LongLife) -> None:
    """Of each day one object stays, once what it superseded is old enough; seven totals do."""
    world = life.world
    life.clock.move_to(life.today + timedelta(days=1), 2)
    compact(world.pipeline, KEEP_DAYS)
    life.clock.move_to(life.today + timedelta(days=2 + KEEP_DAYS), 2)
    done = compact(world.pipeline, KEEP_DAYS)
    assert (done.days, done.kept) == (0, 0)
    keys = [found.key for found in world.bucket.list_objects("lake/streams/")]
    days = {moment.date() for _, _, moment in world.tables()["streams"]}
    assert [key.split("/")[2] for key in keys] == [f"listen_date={day}" for day in sorted(days)]
    commit, _ = world.state()
    totals = {found.key.split("/")[2] for found in world.bucket.list_objects("lake/track_plays/")}
    kept = range(max(commit - KEPT_TOTALS, 0) + 1, commit + 1)
    assert totals == {f"commit={number:010d}" for number in kept}


def assert_one_run_gives_the_same(
    life: LongLife, settings: Settings, jobs_of: Callable[[LongLife], Any]
) -> None:
    """Deliver all versions, each under a name of its own, to one run of a second world."""
    tables = life.world.tables()
    second = LongLife(World(life.world.stack, settings), seed=0, days=0)
    second.world.jobs = jobs_of(second)
    second.catalogue.songs, second.catalogue.users = life.catalogue.songs, life.catalogue.users
    second.catalogue.deliver()
    for key, versions in life.world.versions.items():
        for number, (content, written) in enumerate(versions):
            second.clock.move_to_instant(instant(written))
            name = key.removeprefix("data/streams/").replace("/", "-")
            second.world.deliver_bytes(f"data/streams/{number}-{name}", content)
    second.clock.move_to(life.today + timedelta(days=1), 2)

    assert second.world.run("all at once") == "committed"

    assert_same_tables(tables, second.world.tables())


def assert_same_tables(tables: dict[str, Rows], others: dict[str, Rows]) -> None:
    """Compare all five tables whole; a number of another order of adding is the same."""
    assert tables.keys() == others.keys()
    for name, rows in tables.items():
        wanted = sorted(others[name], key=_key_of)
        assert len(rows) == len(wanted) > 0
        for row, other in zip(sorted(rows, key=_key_of), wanted, strict=True):
            near = [pytest.approx(v, rel=1e-9) if isinstance(v, float) else v for v in other]
            assert list(row) == near


def _key_of(row: tuple[Any, ...]) -> str:
    # The three keyed columns of streams are its first; of all else the first one is the key.
    return repr(row[:1] if any(isinstance(value, float) for value in row) else row[:3])
