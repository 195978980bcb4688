"""Random courses of runs, crashes and replaced files, and what must hold at the end of each."""

from collections import Counter
from collections.abc import Iterator
from random import Random

from tests.model.protocol import compact, run
from tests.model.systems import LEASE, Effects, Guard, World

KINDS = ("plays",) * 8 + ("metadata", "rebuild")
CLEAN_RUNS = 30


class Schedule:
    """One course: at most two runs at once, and whatever was given up before."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.live: list[Effects] = []
        self.runs = 0

    def play(self) -> None:
        """Let chance rule, then end all that is left, then run in peace until nothing is to do."""
        for file in "ab":
            self.world.deliver(file)
        for _ in range(self.world.rng.randint(40, 180)):
            self.world.now += 1
            self._step(self.world.rng.random())
        for effects in self.live + self.world.zombies:
            self._finish(effects)
        for number in range(CLEAN_RUNS):
            self.world.now += LEASE + 1
            self._finish(run(self.world, f"end{number}", "plays"))

    def _step(self, chance: float) -> None:
        world = self.world
        if chance < 0.04:
            world.deliver(world.rng.choice("abcd"))
        elif chance < 0.10 and len(self.live) < 2:
            self._start_run()
        elif chance < 0.12 and world.has(Guard.COMMIT_NAMES):
            self.live.append(compact(world))
        elif chance < 0.15 and self.live:
            self._stop_one()
        elif chance < 0.17:
            world.now += LEASE
            world.log.append("a lease passes")
        elif self.live or world.zombies:
            self._go_on(world.rng.choice(self.live + world.zombies))

    def _start_run(self) -> None:
        """Start a run; some are an earlier one, cleared: the same id once more."""
        rng = self.world.rng
        is_cleared = self.runs > 0 and rng.random() < 0.3
        self.runs += not is_cleared
        number = rng.randint(1, self.runs) if is_cleared else self.runs
        self.live.append(run(self.world, f"run{number}", rng.choice(KINDS)))

    def _stop_one(self) -> None:
        is_dead = self.world.rng.random() < 0.6
        effects = self.live.pop(self.world.rng.randrange(len(self.live)))
        self.world.log.append("one dies" if is_dead else "one sleeps")
        self.world.zombies += [] if is_dead else [effects]

    def _go_on(self, effects: Effects) -> None:
        try:
            self.world.log.append(next(effects))
        except StopIteration:
            (self.live if effects in self.live else self.world.zombies).remove(effects)

    def _finish(self, effects: Effects) -> None:
        for line in effects:
            self.world.now += 1
            self.world.log.append(line)


def play(seed: str, without: Guard | None = None) -> World:
    """Play one schedule: the same seed gives the same one."""
    world = World(Random(seed), without)
    Schedule(world).play()
    return world


def find_faults(world: World) -> Iterator[str]:
    """List what is lost, doubled, invented, or not accounted for."""
    lake, counts = Counter(world.read_lake()), Counter(hour for hour, _ in world.streams)
    whole = [each.plays for each in world.data.values() if not each.is_to_be_refused]
    wanted = {play for plays in whole for play in plays} | world.accepted & world.delivered
    if set(lake) != world.streams:
        yield f"lake and streams differ: {set(lake) ^ world.streams}"
    if max(lake.values(), default=1) > 1:
        yield f"twice in the lake: {[play for play, count in lake.items() if count > 1]}"
    if world.streams != wanted:
        yield f"lost or invented: {world.streams ^ wanted}"
    if counts != Counter(world.hours):
        yield f"hours are {world.hours}, not {dict(counts)}"
    if counts != world.genres:
        yield f"totals are {dict(world.genres)}, not {dict(counts)}"
    if sum(sum(commit.values()) for commit in world.commits.values()) != len(world.streams):
        yield "the commits' accounts do not add up to streams"
    left = {file: item.status for file, item in world.ledger.items()}
    if not set(left.values()) <= {"PROCESSED", "REJECTED"}:
        yield f"not settled: {left}"
