"""Twenty processes claim the same files of one ledger at once, new ones and given up ones."""

import multiprocessing
from typing import Any

import pytest

from tests.faults.claim_racer import race
from tests.pipeline_world import World

PROCESSES = 20
KEYS = tuple(f"data/streams/{number}.csv" for number in range(40))
DEADLINE_SECONDS = 30


def claim_at_once(world: World, rounds: int) -> list[tuple[int, str, dict[str, Any]]]:
    """Let the processes race and give what each says of each round."""
    environment = world.stack.environment()
    client = {
        "endpoint_url": environment["AWS_ENDPOINT_URL_DYNAMODB"],
        "region_name": environment["AWS_REGION"],
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
    }
    # Processes of their own that share nothing with this one; boto3 is loaded once for all.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.claim_racer"])
    barrier, results = context.Barrier(PROCESSES), context.Queue()
    table = world.settings.ledger_table
    processes = [
        context.Process(
            target=race, args=(number, client, table, list(KEYS), rounds, barrier, results)
        )
        for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    said = [results.get(timeout=DEADLINE_SECONDS) for _ in range(PROCESSES * rounds)]
    for process in processes:
        process.join(DEADLINE_SECONDS)
        assert process.exitcode == 0
    return said


@pytest.mark.parametrize("rounds", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_of_twenty_processes_one_gets_a_file_and_the_others_hear_of_it(
    world: World, rounds: int
) -> None:
    said = claim_at_once(world, rounds)

    items = world.pipeline.ledger.read(KEYS)
    assert len(said) == PROCESSES * rounds
    for number in range(rounds):
        lost = {run: holders for done, run, holders in said if done == number}
        for key in KEYS:
            (winner,) = [run for run, holders in lost.items() if key not in holders]
            told = {holders[key] for holders in lost.values() if key in holders}
            assert told == {(winner, f"{winner}-life-{number}", "CLAIMED")}
            if number == rounds - 1:
                assert items[key]["run_id"] == winner
    assert {item["attempts"] for item in items.values()} == {rounds}
