"""Days, weeks and months of one state: late data, corrected metadata, deaths, compactions."""

import pytest

from conf.settings import Settings
from tests.long_life import mishaps
from tests.long_life.end_of_life import assert_a_whole_life
from tests.long_life.life_of_days import LongLife, plain_jobs_of
from tests.pipeline_world import World

DAYS = 60
FEW_DAYS = 10


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_few_days_end_as_one_run_over_everything(
    aging_world: World, aging_settings: Settings, seed: int
) -> None:
    life = LongLife(aging_world, seed, FEW_DAYS)
    aging_world.jobs = plain_jobs_of(life)

    assert_a_whole_life(life, aging_settings, plain_jobs_of)

    print(life.tell())


@pytest.mark.slow
def test_sixty_days_end_as_one_run_over_everything(
    aging_world: World, aging_settings: Settings
) -> None:
    life = LongLife(aging_world, seed=60, days=DAYS)
    aging_world.jobs = plain_jobs_of(life)

    assert_a_whole_life(life, aging_settings, plain_jobs_of)

    print(life.tell())
    assert {*life.courses} == {*mishaps.MISHAPS, mishaps.is_a_rebuild, mishaps.goes_well}
    # What the days were made for has happened.
    assert min(life.reconciled, life.readings, len(life.unpublished)) >= 3
    assert life.zombies_refused >= 1
    assert life.staging.removed
    assert any("without a claim" in note for note in life.notes)
