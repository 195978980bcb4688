"""A refused file is taken again once it would be judged by other rules."""

from dataclasses import replace
from typing import Any

import pytest

from dags.protocol.wanted import write_wanted
from dags.systems.ledger import Ledger
from tests.dags.beginning_run import BeginningRun


@pytest.fixture
def run(ledger: Ledger) -> BeginningRun:
    return BeginningRun(ledger)


@pytest.mark.parametrize("other", [{"max_rejected_share": 0.2}, {"min_rejected_rows": 21}])
def test_a_refused_file_is_judged_again_by_other_rules_and_a_processed_one_is_not(
    run: BeginningRun, ledger: Ledger, other: dict[str, Any]
) -> None:
    refused, done = run.deliver("a.csv", "b.csv")
    run.finish(refused, "REJECTED")
    run.finish(done)
    later = BeginningRun(ledger, **other)
    assert later.deliver("a.csv", "b.csv") == [refused, done]

    claim = later.begin()

    assert claim is not None
    assert [file.file_key for file in claim.files] == [refused]
    assert claim.judged_by == later.pipeline.settings.judged_by
    later.mark(refused, "REJECTED")
    assert later.begin("next") is None


def test_a_refused_file_of_an_old_folder_is_judged_again_as_long_as_it_is_noted(
    ledger: Ledger,
) -> None:
    run = BeginningRun(ledger, listing_lookback_days=45)
    (key,) = run.deliver("2020/02/03/a.csv")
    write_wanted(run.pipeline.bucket, "older-1", [key])
    run.finish(key, "REJECTED")
    assert run.begin() is None

    run.pipeline = replace(
        run.pipeline, settings=replace(run.pipeline.settings, max_rejected_share=0.2)
    )

    assert run.keys() == [key]


def test_a_share_that_one_run_was_asked_for_is_no_other_rule(run: BeginningRun) -> None:
    (key,) = run.deliver("a.csv")

    claim = run.begin("asked", files=[key], max_rejected_share=0.9)

    assert claim is not None
    assert claim.judged_by == run.pipeline.settings.judged_by
    run.mark(key, "REJECTED")
    assert run.begin("daily") is None
