"""Any order of the steps of several lives ends with every play counted once."""

import random

import pytest

from tests.faults.interleaved_lives import Game, assert_counted_once
from tests.flow_deliveries import SONGS
from tests.pipeline_world import World

QUICK_SEEDS = 2
SEEDS = 17


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(seed, marks=() if seed < QUICK_SEEDS else pytest.mark.slow)
        for seed in range(SEEDS)
    ],
)
def test_lives_whose_steps_come_in_any_order_count_each_play_once(world: World, seed: int) -> None:
    world.deliver_metadata(SONGS)
    game = Game(world, random.Random(seed))

    game.play()
    game.end()

    assert_counted_once(world)
