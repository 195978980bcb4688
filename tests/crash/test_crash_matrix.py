"""A fixed set of the matrix: each kind of write killed before and after it, once."""

from collections.abc import Iterable, Mapping
from random import Random

import pytest

from tests.crash.cases import MOMENTS, Case, Record, Records, draw_case, list_matrix
from tests.crash.comparison import find_difference
from tests.crash.scenarios import SCENARIOS
from tests.crash.server_kills import SERVERS

SEEDS = range(1, 7)
# Where most would be lost or doubled; the others go with make test-slow.
WORST = (
    "rds commit",
    "dynamodb UpdateItem SET bucket_name = :bucket_name",
    "redshift-data BatchExecuteStatement the commit",
    "s3 CopyObject lake/streams/listen_date=*/*-*.parquet",
    "s3 PutObject lake/commits/*.json",
)


def choose_cases(records: Mapping[str, Record]) -> dict[tuple[str, str], Case]:
    """Choose the first case of each kind of write and each moment."""
    chosen: dict[tuple[str, str], Case] = {}
    for case in list_matrix(records):
        (kill,) = case.kills
        kind = records[case.scenario.name].writes[kill.write - 1]
        chosen.setdefault((kind, kill.moment), case)
    return chosen


def find_all_broken(records: Records, cases: Iterable[Case]) -> list[str]:
    """Carry cases out, each in a world of its own, and tell of those that came out different."""
    broken = []
    for case in cases:
        found = records.find_broken(case)
        if found:
            broken.append(f"{case.describe(records.of(case.scenario))}: {found}")
    return broken


def test_no_kill_at_the_worst_writes_makes_a_difference(records: Records) -> None:
    cases = choose_cases({"first run": records.of(SCENARIOS["first run"])})
    worst = [cases[kind, moment] for kind in WORST for moment in MOMENTS]

    assert find_all_broken(records, worst) == []


@pytest.mark.slow
def test_no_kill_at_any_kind_of_write_makes_a_difference(all_records: Records) -> None:
    cases = choose_cases(all_records.found)
    others = [case for (kind, _), case in cases.items() if kind not in WORST]

    assert len(others) > 60
    assert find_all_broken(all_records, others) == []


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_that_dies_in_a_run_makes_no_difference(records: Records, server: str) -> None:
    scenario = SCENARIOS["first run"]
    half = records.of(scenario).requests // 2
    case = Case(scenario, "retry", server=server, request=half, delay=0.0, at_once=True)

    assert find_all_broken(records, [case]) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_no_random_kill_makes_a_difference(records: Records, seed: int) -> None:
    case = draw_case(Random(f"ci {seed}"), records)

    assert find_all_broken(records, [case]) == []


def test_a_case_is_drawn_alike_for_a_seed(records: Records) -> None:
    first, again, other = (draw_case(Random(seed), records) for seed in ("1 7", "1 7", "2 7"))

    assert first == again
    assert first != other


@pytest.mark.parametrize("place", ["streams", "lake", "ledger", "quarantine"])
def test_a_world_that_lost_a_row_is_told_from_a_whole_one(records: Records, place: str) -> None:
    """The comparison itself: without this, a case might pass for what it does not see."""
    whole = records.of(SCENARIOS["first run"]).snapshot
    poorer = whole | {place: whole[place][1:]}

    assert find_difference(whole, whole) is None
    assert find_difference(whole, poorer) == f"{place}: missing {whole[place][:1]}, too many []"
    assert find_difference(poorer, whole) == f"{place}: missing [], too many {whole[place][:1]}"
