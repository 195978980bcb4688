"""A world that ages: the product's own bounds, but a look-back that a short life outgrows."""

from dataclasses import replace

import pytest

from conf.settings import Settings, load_settings
from localaws.stack import Stack
from tests.pipeline_world import World


@pytest.fixture
def aging_settings() -> Settings:
    """`local` lists all folders of all days; here those of the last days, as on AWS."""
    return replace(load_settings("local"), listing_lookback_days=5, staging_days=14)


@pytest.fixture
def aging_world(pipeline_stack: Stack, aging_settings: Settings) -> World:
    return World(pipeline_stack, aging_settings)
