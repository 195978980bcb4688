"""How a day's run goes: well, not at all, or to some point where it dies."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from dags.protocol.errors import ReplacedError
from dags.steps import extract_streaming
from dags.systems.warehouse import WarehouseError
from tests.long_life.readers import is_published
from tests.pipeline_deaths import DeathError, catch_batch, die_at_copy
from tests.pipeline_life import Life

if TYPE_CHECKING:
    from tests.long_life.life_of_days import LongLife

Course = Callable[["LongLife", str], None]


def goes_well(life: "LongLife", run_id: str) -> None:
    outcome = life.world.run(run_id)

    assert outcome in ("committed", "nothing to do")
    if outcome == "committed":
        life.send_zombies()


def does_not_take_place(life: "LongLife", run_id: str) -> None:
    """The scheduler is down."""


def dies_before_its_claim_is_written(life: "LongLife", run_id: str) -> None:
    """It holds its files, and nothing but `wanted.json` says so."""
    run = life.world.life(run_id)
    run.load_metadata()

    def die(*_: object) -> None:
        raise DeathError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extract_streaming, "write_claim", die)
        try:
            assert not run.extract()
        except DeathError:
            life.note(f"{run_id} held files without a claim")


def dies_after_its_claim(life: "LongLife", run_id: str) -> None:
    """Nobody gives its files back: their lease ends."""
    run = life.world.life(run_id)
    run.load_metadata()
    run.extract()


def fails_after_its_jobs(life: "LongLife", run_id: str) -> None:
    if run := work(life, run_id):
        run.release()


def loses_a_batch_that_comes_too_late(life: "LongLife", run_id: str) -> None:
    """Its plan is written and its transaction is a zombie: it comes after another run's."""
    if run := work(life, run_id):
        with pytest.MonkeyPatch.context() as patch:
            life.zombies.append(catch_batch(run, patch))
        run.release()


def loses_a_batch_that_commits(life: "LongLife", run_id: str) -> None:
    """Its files are given back, and then its transaction commits all the same."""
    if run := work(life, run_id):
        with pytest.MonkeyPatch.context() as patch:
            execute = catch_batch(run, patch)
        run.release()
        execute()
        life.note_unpublished(run.claim)


def dies_after_its_commit(life: "LongLife", run_id: str) -> None:
    if run := work(life, run_id):
        run.load()
        life.note_unpublished(run.claim)


def dies_while_it_publishes(life: "LongLife", run_id: str) -> None:
    if run := work(life, run_id):
        run.load()
        with pytest.MonkeyPatch.context() as patch:
            die_at_copy(patch, life.chance.randint(0, 2))
            try:
                run.publish()
            except DeathError:
                life.note_unpublished(run.claim)
        run.release()


def dies_before_the_ledger(life: "LongLife", run_id: str) -> None:
    """Its commit is published, and its files are given back: the next run reads them again."""
    if run := work(life, run_id):
        run.load()
        run.publish()
        run.release()


def finds_a_file_replaced(life: "LongLife", run_id: str) -> None:
    """Its jobs may have read either version: it gives up, and the next run takes the new one."""
    if run := work(life, run_id):
        claim = json.loads(life.world.bucket.require(f"staging/claim={run.claim}/claim.json"))
        plain = [f["file_key"] for f in claim["files"] if not f["file_key"].endswith(".gz")]
        if plain:
            life.deliveries.change(life.today, life.chance.choice(plain))
            with pytest.raises(ReplacedError):
                run.load()
        run.release()


def is_compacted_before_it_publishes(life: "LongLife", run_id: str) -> None:
    """The compaction publishes what it finds committed; the run finds that done."""
    if run := work(life, run_id):
        run.load()
        life.compact()
        assert is_published(life.world)
        run.publish()
        run.mark()


def is_cleared(life: "LongLife", run_id: str) -> None:
    goes_well(life, run_id)
    goes_well(life, run_id)


def follows_a_dry_run(life: "LongLife", run_id: str) -> None:
    if is_published(life.world):
        before = life.world.tables(), life.world.state(), life.ledger_items()
        assert life.world.run(f"{run_id} dry", dry_run=True) in ("dry run", "nothing to do")
        assert (life.world.tables(), life.world.state(), life.ledger_items()) == before
    goes_well(life, run_id)


def is_a_rebuild(life: "LongLife", run_id: str) -> None:
    assert life.world.run(f"{run_id} rebuild", rebuild=True) == "committed"
    life.send_zombies()


def takes_named_files_again(life: "LongLife", run_id: str) -> None:
    keys = sorted(life.ledger_items())
    if keys:
        named = life.chance.sample(keys, min(2, len(keys)))
        assert life.world.run(f"{run_id} again", files=named) == "committed"
        life.send_zombies()


MISHAPS: tuple[Course, ...] = (
    does_not_take_place,
    dies_before_its_claim_is_written,
    dies_after_its_claim,
    fails_after_its_jobs,
    loses_a_batch_that_comes_too_late,
    loses_a_batch_that_commits,
    dies_after_its_commit,
    dies_while_it_publishes,
    dies_before_the_ledger,
    finds_a_file_replaced,
    is_compacted_before_it_publishes,
    is_cleared,
    follows_a_dry_run,
    takes_named_files_again,
)


def work(life: "LongLife", run_id: str) -> Life | None:
    """Bring a run to the end of its jobs, None where it has nothing to do."""
    run = life.world.life(run_id)
    run.load_metadata()
    if not run.extract():
        return None
    run.run_jobs()
    return run


def send(batch: Callable[[], None]) -> None:
    """Execute a zombie's batch, which must find that it was overtaken."""
    with pytest.raises(WarehouseError, match="overtaken"):
        batch()
