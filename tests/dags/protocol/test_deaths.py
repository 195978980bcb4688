"""Runs that die, sleep or are cleared at the worst moments: what follows is as if they had not."""

from datetime import timedelta
from typing import Any

import pytest

from dags.protocol.errors import OvertakenError, ReplacedError
from dags.steps import extract_streaming
from dags.systems.warehouse import WarehouseError
from tests.flow_deliveries import DAWN, DUSK, FIRST, SECOND, SONGS, THIRD
from tests.pipeline_deaths import DeathError, begin_life, catch_batch, die_at_copy
from tests.pipeline_world import World


@pytest.fixture
def loaded(world: World) -> World:
    """A world with metadata and one file, nothing run yet."""
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)
    return world


def test_a_run_that_dies_between_its_claims_and_claim_json_gives_them_back(
    loaded: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise DeathError

    life = loaded.life("dies")
    life.load_metadata()
    with monkeypatch.context() as patch:
        patch.setattr(extract_streaming, "write_claim", die)
        with pytest.raises(DeathError):
            life.extract()
    assert loaded.status("data/streams/a.csv") == "CLAIMED"

    assert life.release() == 1

    assert loaded.status("data/streams/a.csv") == "FAILED"
    assert loaded.run("next") == "committed"
    loaded.assert_tables()


def test_a_commit_is_published_though_its_run_died_and_its_file_is_gone(loaded: World) -> None:
    life = begin_life(loaded, "dies")
    life.load()
    loaded.bucket.delete(["data/streams/a.csv"])

    loaded.run("next")

    loaded.assert_tables()
    assert loaded.status("data/streams/a.csv") == "PROCESSED"


def test_a_publication_that_died_is_finished_by_a_run_with_nothing_but_metadata(
    loaded: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded.deliver("b.csv", *THIRD)
    life = begin_life(loaded, "dies")
    life.load()
    with monkeypatch.context() as patch:
        die_at_copy(patch, 1)
        with pytest.raises(DeathError):
            life.publish()
    life.release()
    loaded.deliver_metadata((DAWN._replace(duration_ms=1_000), DUSK))

    assert loaded.run("next") == "committed"

    loaded.assert_tables()
    assert loaded.state()[0] == 2


def test_the_batch_of_a_cleared_life_runs_after_its_second_life_began(
    loaded: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = begin_life(loaded, "cleared")
    execute = catch_batch(first, monkeypatch)
    second = begin_life(loaded, "cleared")

    execute()
    with pytest.raises(OvertakenError, match="overtaken by commit 1"):
        second.load()
    second.release()

    assert loaded.run("next") in ("committed", "nothing to do")
    loaded.assert_tables()


def test_an_attempt_that_was_given_up_writes_on_and_changes_nothing(loaded: World) -> None:
    life = loaded.life("daily")
    life.load_metadata()
    life.extract()
    zombie = loaded.jobs.validate_in_parts(life.claim, 1)
    next(zombie)()

    life.run_jobs(attempt=2)
    for write in zombie:
        write()
    life.load()
    life.publish()
    life.mark()

    loaded.assert_tables()
    assert "attempt=2" in loaded.report("daily")["quarantine"]


def test_the_batch_of_a_failed_run_is_refused_after_a_later_run_committed(
    loaded: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = begin_life(loaded, "failed")
    execute = catch_batch(failed, monkeypatch)
    failed.release()
    loaded.deliver("b.csv", *SECOND)
    loaded.run("later")

    with pytest.raises(WarehouseError, match="overtaken: another run committed first"):
        execute()

    loaded.assert_tables()
    assert loaded.state()[0] == 1


def test_of_two_runs_over_one_file_and_hour_one_commits(loaded: World) -> None:
    slow = begin_life(loaded, "slow")
    loaded.ahead = timedelta(minutes=loaded.settings.lease_minutes + 1)
    loaded.deliver("b.csv", *SECOND)
    fast = begin_life(loaded, "fast")

    fast.load()
    with pytest.raises(OvertakenError):
        slow.load()
    slow.release()
    fast.publish()
    fast.mark()

    assert loaded.run("next") == "nothing to do"
    loaded.assert_tables()
    assert loaded.status("data/streams/a.csv") == "PROCESSED"


def test_a_run_is_not_given_what_another_live_run_holds(loaded: World) -> None:
    begin_life(loaded, "live")
    loaded.deliver("b.csv", *SECOND)

    loaded.run("other")

    assert list(loaded.report("other")["files"]) == ["data/streams/b.csv"]
    (metric,) = loaded.told.metrics
    assert (metric["MetricName"], metric["Value"]) == ("HeldFiles", 1)
    assert "Dimensions" not in metric


def test_a_file_that_is_replaced_while_it_is_read_is_taken_by_the_next_run(loaded: World) -> None:
    life = begin_life(loaded, "daily")
    loaded.deliver("a.csv", *SECOND)

    with pytest.raises(ReplacedError, match="1 claimed files were replaced"):
        life.load()
    life.release()
    loaded.run("next")

    loaded.assert_tables({play for play in loaded.plays() if play in plays_of(loaded, -1)})


def plays_of(world: World, version: int) -> set[Any]:
    """Give the plays of one version of the file: a replaced one was never committed."""
    from tests import reference

    key = "data/streams/a.csv"
    return set(reference.validate({key: world.versions[key][version]}).accepted)


def test_a_late_mark_leaves_a_new_version_to_the_run_that_claimed_it(loaded: World) -> None:
    late = begin_life(loaded, "late")
    late.load()
    late.publish()
    key = loaded.deliver("a.csv", *SECOND)
    heir = begin_life(loaded, "heir")

    late.mark()
    heir.release()

    assert loaded.status(key) == "FAILED"
    loaded.run("next")
    loaded.assert_tables()


def test_a_retry_that_finds_its_own_plan_goes_on(loaded: World) -> None:
    life = begin_life(loaded, "daily")
    key = life.load()

    assert life.load() == key

    life.publish()
    life.publish()
    life.mark()
    life.mark()
    loaded.assert_tables()
    assert loaded.state()[0] == 1


def test_a_retry_goes_on_though_the_next_run_has_built_on_its_commit(loaded: World) -> None:
    life = begin_life(loaded, "daily")
    key = life.load()
    loaded.deliver("b.csv", *SECOND)
    loaded.run("next")

    assert life.load() == key

    life.publish()
    life.mark()
    loaded.assert_tables()
    assert loaded.state()[0] == 2


@pytest.mark.parametrize("step", ["publish", "mark"])
def test_a_run_that_dies_after_its_commit_is_redone_by_the_next(loaded: World, step: str) -> None:
    life = begin_life(loaded, "dies")
    life.load()
    if step == "mark":
        life.publish()
    life.release()

    loaded.run("next")
    loaded.run("after")

    loaded.assert_tables()
    assert loaded.status("data/streams/a.csv") == "PROCESSED"
