"""The cases of the whole flow over real S3, PostgreSQL, DynamoDB and the Data API.

The jobs are the plain-Python ones, which share no code with Spark's: see `tests/plain_jobs.py`.
"""

import pytest

from tests.flow_cases import CASES, Case
from tests.flow_deliveries import FIRST, SONGS
from tests.pipeline_world import USERS, World


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_flow(world: World, case: Case) -> None:
    case(world)


def test_metadata_that_a_run_lets_in_reaches_redshift(world: World) -> None:
    world.deliver_metadata(SONGS, "1,Ann,30,X,2020-01-01", *["x,,,,"] * 20)
    world.bucket.put("data/users/a.csv", f"{USERS}\n2,Bo,,,\n".encode())
    world.deliver("a.csv", *FIRST)
    world.run("first")
    assert [row[0] for row in world.tables()["users"]] == [2]

    assert world.run("lets in", max_rejected_share=1) == "committed"

    assert sorted(row[0] for row in world.tables()["users"]) == [1, 2]
    assert world.run("next") == "nothing to do"


def test_there_are_cases() -> None:
    assert len(CASES) > 15
