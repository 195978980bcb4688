"""The stand-in, once for all worlds of a folder of tests, and a fresh world for each test."""

from collections.abc import Iterator

import pytest

from commands.stack.bring_up import bring_up
from commands.stack.describe import describe_stack
from conf.settings import load_settings
from localaws.stack import Stack
from tests.pipeline_world import World


@pytest.fixture(scope="session")
def pipeline_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack, settings = describe_stack(tmp_path_factory.mktemp("aws"))
    try:
        bring_up(stack, settings)
        yield stack
    finally:
        stack.down()


@pytest.fixture
def world(pipeline_stack: Stack) -> World:
    return World(pipeline_stack, load_settings("local"))
