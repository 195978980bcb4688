"""Engines measured in turns: rounds, medians and what is between the least and the most."""

import os
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from commands import console
from commands.benchmark.measured import Measurement

Name = tuple[str, str]  # of what is measured: the case, and the engine that runs it


@dataclass(frozen=True)
class Run:
    """What one engine took once, by the parts of its work, and the folder of its output."""

    parts: Mapping[str, Measurement]
    output: Path

    @property
    def total(self) -> Measurement:
        first, *others = self.parts.values()
        return sum(others, start=first)


SomeRun = TypeVar("SomeRun", bound=Run)


@dataclass(frozen=True)
class Spread:
    """The median of some rounds' values, and their least and most."""

    median: float
    least: float
    most: float


def spread(values: Iterable[float]) -> Spread:
    known = list(values)
    return Spread(statistics.median(known), min(known), max(known))


def ratio(runs: Sequence[Run], bases: Sequence[Run], of: Callable[[Measurement], float]) -> Spread:
    """Divide round by round: what slows a whole round down slows both."""
    pairs = zip(runs, bases, strict=True)
    return spread(of(run.total) / of(base.total) for run, base in pairs)


def run_rounds(
    rounds: int,
    engines: Mapping[Name, Callable[[], SomeRun]],
    check: Callable[[Mapping[Name, SomeRun]], None],
) -> dict[Name, list[SomeRun]]:
    """Run all once a round and check the round's output.

    Every second round goes backwards: whatever one leaves to the next, as a warm or a full page
    cache, is not always left to the same.
    """
    runs: dict[Name, list[SomeRun]] = {name: [] for name in engines}
    for number in range(rounds):
        for name in list(engines)[:: -1 if number % 2 else 1]:
            case, engine = name
            load = os.getloadavg()[0]
            say(f"round {number + 1} of {rounds}: {case}, {engine} (load {load:.1f})")
            runs[name].append(engines[name]())
        check({name: taken[-1] for name, taken in runs.items()})
    return runs


def say(message: str) -> None:
    console.say(f"bench: {message}")
