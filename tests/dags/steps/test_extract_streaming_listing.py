"""How much of the history a run lists, and what it notes of that for the next one."""

from datetime import date
from typing import Any

import pytest

from dags.systems.ledger import Ledger
from tests.dags.beginning_run import BeginningRun
from tests.dags.plan_builders import publish_commit


def test_the_first_run_lists_the_whole_history(ledger: Ledger) -> None:
    run = BeginningRun(ledger, commit=0)
    keys = run.deliver("1999/01/01/a.csv", "2024/06/30/b.csv")

    assert run.keys() == keys


def test_a_later_run_lists_the_last_days_and_its_share_of_the_others(ledger: Ledger) -> None:
    run = BeginningRun(ledger, listing_lookback_days=45)
    _, recent = run.deliver("1999/01/01/a.csv", "2024/06/30/b.csv")

    assert run.keys() == [recent]


@pytest.mark.parametrize(
    ("params", "listed_until"),
    [
        ({}, date(2024, 7, 1)),
        ({"rebuild": True}, date(2024, 6, 28)),
        ({"from_date": "2024-06-25", "to_date": "2024-06-25"}, date(2024, 6, 28)),
        ({"files": ["data/streams/2024/06/30/a.csv"]}, date(2024, 6, 28)),
    ],
)
def test_only_a_run_that_lists_the_deliveries_says_so(
    ledger: Ledger, params: dict[str, Any], listed_until: date
) -> None:
    run = BeginningRun(ledger)
    publish_commit(run.pipeline.bucket, 6, listed_until="2024-06-28")
    run.deliver("2024/06/30/a.csv")

    claim = run.begin(**params)

    assert claim is not None
    assert claim.listed_until == listed_until


def test_where_no_run_ever_listed_the_whole_history_is_listed(ledger: Ledger) -> None:
    run = BeginningRun(ledger, listing_lookback_days=45)
    publish_commit(run.pipeline.bucket, 6, listed_until=None)
    keys = run.deliver("1999/01/01/a.csv", "2024/06/30/b.csv")

    assert run.keys() == keys
