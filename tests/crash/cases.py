"""Which cases there are: all of the matrix, and as many random ones as one likes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.crash.comparison import Snapshot, find_difference, find_fault, take_snapshot
from tests.crash.scenarios import SCENARIOS, Scenario
from tests.crash.server_kills import SERVERS, ServerKill
from tests.crash.survival import RECOVERIES, nothing, run_scenario
from tests.crash.watch import Kill, Watch
from tests.pipeline_world import World

MOMENTS = ("before", "after")
MAX_DELAY = 0.05  # seconds; a step takes some tenths
SECOND_KILLS = 0.3


@dataclass(frozen=True)
class Record:
    """What a scenario does when nobody is killed."""

    writes: tuple[str, ...]
    requests: int
    snapshot: Snapshot


@dataclass(frozen=True)
class Case:
    """One scenario and what is killed in it: the worker at a write, or a server at a request."""

    scenario: Scenario
    recovery: str
    kills: tuple[Kill, ...] = ()
    server: str = ""
    request: int = 0
    delay: float = 0
    at_once: bool = True

    def describe(self, record: Record) -> str:
        if self.server:
            back = "back at once" if self.at_once else "back after the failure"
            return f"{self.scenario.name}: {self.server} at request {self.request}, {back}"
        kinds = [f"{moment} write {write}" for write, moment in self.kills]
        first = record.writes[self.kills[0].write - 1]
        return f"{self.scenario.name}: worker {', then '.join(kinds)} ({first}), {self.recovery}"


@dataclass
class Records:
    """What each scenario does unkilled, found out once.

    Attributes:
        make_jobs: gives a killed run other jobs than the plain ones.
    """

    make_world: Callable[[], World]
    make_jobs: Callable[[World], Any] | None = None
    found: dict[str, Record] = field(default_factory=dict)

    def of(self, scenario: Scenario) -> Record:
        if scenario.name not in self.found:
            self.found[scenario.name] = self._record(scenario)
        return self.found[scenario.name]

    def find_broken(self, case: Case) -> str | None:
        """Carry a case out; give the first difference from the unkilled world, or its own fault."""
        expected, world = self.of(case.scenario), self.make_world()
        watch, jobs = self._prepare(world, case.scenario)
        mend = nothing
        if case.server:
            strike = ServerKill(world.stack, case.server, case.delay, case.at_once)
            watch.strike_at(case.request, strike)
            mend = strike.mend
        run_scenario(
            world,
            watch,
            case.scenario,
            kills=case.kills,
            recovery=case.recovery,
            mend=mend,
            jobs=jobs,
        )
        return find_difference(expected.snapshot, take_snapshot(world)) or find_fault(world)

    def _prepare(self, world: World, scenario: Scenario) -> tuple[Watch, Any]:
        watch = Watch(world)
        scenario.prepare(world)
        return watch, self.make_jobs(world) if self.make_jobs else None

    def _record(self, scenario: Scenario) -> Record:
        """Carry a scenario out unkilled; its tables are what the reference says, if it can say."""
        world = self.make_world()
        watch, jobs = self._prepare(world, scenario)
        run_scenario(world, watch, scenario, jobs=jobs)
        if scenario.is_plain:
            world.assert_tables()
        assert find_fault(world) is None
        return Record(tuple(watch.writes), watch.requests, take_snapshot(world))


def list_matrix(records: Mapping[str, Record]) -> Iterator[Case]:
    """List every write of every scenario, killed before and after it."""
    number = 0
    for name, found in records.items():
        for write in range(1, len(found.writes) + 1):
            for moment in MOMENTS:
                recovery = RECOVERIES[number % len(RECOVERIES)]
                yield Case(SCENARIOS[name], recovery, (Kill(write, moment),))
                number += 1
            number += 1  # so that each kind meets each recovery somewhere


def draw_case(random: Random, records: Records) -> Case:
    """Draw a case: who is killed and when, and who goes on."""
    scenario = random.choice(tuple(SCENARIOS.values()))
    found, recovery = records.of(scenario), random.choice(RECOVERIES)
    if random.random() < 0.5:
        kills = [Kill(random.randint(1, len(found.writes)), random.choice(MOMENTS))]
        if random.random() < SECOND_KILLS:
            kills.append(Kill(random.randint(1, len(found.writes)), random.choice(MOMENTS)))
        return Case(scenario, recovery, tuple(kills))
    return Case(
        scenario,
        recovery,
        server=random.choice(SERVERS),
        request=random.randint(1, found.requests),
        delay=random.random() * MAX_DELAY,
        at_once=random.random() < 0.5,
    )
