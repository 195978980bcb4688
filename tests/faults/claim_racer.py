"""One of many processes that claim the same files at once."""

import random
from typing import Any

import boto3

from dags.systems.ledger import Claimant, Ledger

LEASE_SECONDS = 60
BEGIN = 1_700_000_000


def race(
    number: int,
    client: dict[str, Any],
    table: str,
    keys: list[str],
    rounds: int,
    barrier: Any,
    results: Any,
) -> None:
    """Claim all keys once a round, each round after the leases of the last one; tell who lost.

    The answer of each round: (round, own run, holder of each key that was lost by its key).
    """
    ledger = Ledger(boto3.client("dynamodb", **client), table)
    chance = random.Random(number)
    run = f"run-{number}"
    for done in range(rounds):
        now = BEGIN + done * (LEASE_SECONDS + 1)
        claimant = Claimant(run, f"{run}-life-{done}", now, now + LEASE_SECONDS)
        chance.shuffle(keys)
        barrier.wait()
        lost = {}
        for key in keys:
            holder = ledger.claim(key, "a-bucket", "an-etag", 1, claimant, by_name=False)
            if holder is not None:
                lost[key] = (holder["run_id"], holder["claim_id"], holder["status"])
        results.put((done, run, lost))
