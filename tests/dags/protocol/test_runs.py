"""The cases of the whole flow over real S3, PostgreSQL, DynamoDB and the Data API.

The jobs are the plain-Python ones, which share no code with Spark's: see `tests/plain_jobs.py`.
"""

from datetime import timedelta

import pytest

from tests import reference
from tests.flow_cases import CASES, Case
from tests.flow_deliveries import FIRST, SONGS
from tests.pipeline_world import USERS, World

YEAR_2100 = 130 * 366 * reference.DAY


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_flow(world: World, case: Case) -> None:
    case(world)


PLAY = b"1,dawn,2024-06-01 10:06:00+02:00"
WHOLE = b"user_id,track_id,listen_time\n" + PLAY + b"\n67890,dusk,2024-06-01 09:00:00"


@pytest.mark.parametrize("cut", [-2, -19, -23, -26])
@pytest.mark.parametrize("order", ["cut, whole", "whole, cut, whole"])
def test_a_file_read_while_it_grows_brings_its_own_plays_and_no_other(
    world: World, cut: int, order: str
) -> None:
    world.deliver_metadata(SONGS)
    for number, part in enumerate(order.split(", ")):
        content = WHOLE[:cut] if part == "cut" else WHOLE + b"\n"
        world.deliver_bytes("data/streams/a.csv", content)
        world.run(f"{number}")

    world.assert_tables(reference.validate({"a.csv": (WHOLE, YEAR_2100)}).accepted)


def test_a_file_at_rest_without_an_end_is_taken_whole(world: World) -> None:
    world.deliver_metadata(SONGS)
    world.deliver_bytes("data/streams/a.csv", WHOLE)
    world.run("fresh")
    world.assert_tables([])

    world.ahead += timedelta(minutes=10)
    assert world.run("at rest") == "committed"

    world.assert_tables(reference.validate({"a.csv": (WHOLE, YEAR_2100)}).accepted)


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
