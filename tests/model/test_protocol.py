"""No course of runs, crashes and replaced files breaks the protocol; without a guard one does.

Each call plays the same schedules; `python -m tests.model` plays as many as are asked for.
"""

import re
from pathlib import Path

import pytest

from tests.model.schedules import find_faults, play
from tests.model.systems import Guard

PROMISE = Path(__file__).resolve().parents[2] / "docs" / "promise.md"
SCHEDULES = 3_000


def test_no_schedule_breaks_the_promise() -> None:
    for number in range(SCHEDULES):
        world = play(f"1-{number}")

        assert list(find_faults(world)) == [], "\n".join(world.log[-90:])


@pytest.mark.parametrize("guard", Guard)
def test_without_a_guard_some_schedule_breaks_it(guard: Guard) -> None:
    worlds = (play(f"1-{number}", without=guard) for number in range(SCHEDULES))

    assert any(any(find_faults(world)) for world in worlds)


def test_the_guards_are_those_that_the_promise_names() -> None:
    named = re.findall(r"^- \*\*(.+?)\*\*", PROMISE.read_text(), flags=re.MULTILINE)

    assert sorted(named) == sorted(Guard)


@pytest.mark.parametrize(
    "event",
    [
        r"one dies",
        r"redoes what a dead run left",
        r"gives attempt \d+ up",
        r"loses sight of its batch",
        r"the batch of .* is overtaken",
        r"puts lake object \d+-all",
        r"deliver . v3",
        r"is commit 4$",
    ],
)
def test_the_schedules_hold_what_can_go_wrong(event: str) -> None:
    logs = (line for number in range(100) for line in play(f"1-{number}").log)

    assert any(re.search(event, line) for line in logs)
