"""A stand-in that a test may kill, fresh worlds over it, and what each scenario writes."""

from collections.abc import Iterator

import pytest

from conf.settings import load_settings
from dags.systems import bucket
from localaws.stack import Stack
from tests.crash.cases import Records
from tests.crash.scenarios import SCENARIOS
from tests.pipeline_world import World


@pytest.fixture(scope="session")
def one_at_a_time() -> Iterator[None]:
    """One request at a time: the n-th write is the same one in each run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bucket, "PARALLEL_CALLS", 1)
        yield


@pytest.fixture(scope="session")
def records(pipeline_stack: Stack, one_at_a_time: None) -> Records:
    """Give what scenarios write: each is carried out when it is first asked for."""
    return Records(lambda: World(pipeline_stack, load_settings("local")))


@pytest.fixture(scope="session")
def all_records(records: Records) -> Records:
    for scenario in SCENARIOS.values():
        records.of(scenario)
    return records
