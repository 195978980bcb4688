"""The cases of the whole flow over real S3, PostgreSQL, DynamoDB and the Data API.

The jobs are the plain-Python ones, which share no code with Spark's: see `tests/plain_jobs.py`.
"""

import pytest

from tests.flow_cases import CASES, Case
from tests.pipeline_world import World


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_flow(world: World, case: Case) -> None:
    case(world)


def test_there_are_cases() -> None:
    assert len(CASES) > 15
