"""Lives of runs whose steps are called in a random order, as crashed, slow and cleared runs do."""

import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from unittest import mock

from dags.protocol.errors import OvertakenError, ReplacedError
from dags.systems.warehouse import Statement, Warehouse, WarehouseError
from tests import reference
from tests.pipeline_deaths import DeathError
from tests.pipeline_life import STEPS, Life
from tests.pipeline_world import World

# What may be called once more, and from where the life goes on then.
AGAIN = ("extract", "run_jobs", "load", "publish", "mark")
NAMES = tuple(f"{letter}.csv" for letter in "abcdefgh")
LIVES = 3
ACTIONS = 12
LOST_SHARE = 0.5


@dataclass
class Player:
    """A life, the step that is its next one, and how often its jobs were tried."""

    life: Life
    next_step: int = 0
    attempts: int = 0
    is_over: bool = False
    # The claim and the try of its jobs that were committed.
    committed: tuple[str, int] | None = None

    @property
    def plan(self) -> tuple[str, int]:
        return self.life.claim, self.attempts


@dataclass
class Game:
    """A world and the lives in it; a seed gives the same game again, but for the claims' names."""

    world: World
    chance: random.Random
    players: list[Player] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    batches: list[Sequence[Statement]] = field(default_factory=list)
    delivered: int = 0

    def play(self) -> None:
        for number in range(LIVES):
            self.deliver()
            run = f"run {self.chance.randrange(LIVES - 1)}" if number else "run 0"
            self.begin_life(run, rebuild=number > 0 and self.chance.random() < 0.15)
            # Most begin on the same commit: of these one may load.
            for _ in range(self.chance.choice((0, 3, 3))):
                self.call(self.players[-1])
            if self.chance.random() < 0.5:
                self.expire()
        actions = {self.advance: 10, self.again: 2, self.release: 1, self.clear: 1}
        actions |= {self.expire: 1, self.deliver: 1, self.execute_late: 2}
        for _ in range(ACTIONS):
            (act,) = self.chance.choices(list(actions), list(actions.values()))
            act()

    def begin_life(self, run: str, *, rebuild: bool = False) -> None:
        self.say(f"{run} begins, rebuild={rebuild}")
        self.runs.append(run)
        self.players.append(Player(self.world.life(run, rebuild=rebuild)))

    def advance(self) -> None:
        """Call a life's next step, whether it was released or overtaken or not."""
        living = [player for player in self.players if not player.is_over]
        if living:
            self.call(self.chance.choice(living))

    def again(self) -> None:
        """Call a life's last step, or one before it, again."""
        begun = [player for player in self.players if player.next_step > 1 and player.life.claim]
        if begun:
            player = self.chance.choice(begun)
            player.next_step = self.chance.randrange(1, player.next_step)
            player.is_over = False
            self.call(player)

    def call(self, player: Player) -> None:
        """Call the next step; the errors that the promise knows end a life, others the test."""
        step = STEPS[player.next_step]
        self.say(f"{self.players.index(player)}: {step}")
        try:
            is_going_on = self.carry_out(player, step)
        except (OvertakenError, ReplacedError) as error:
            if step not in ("extract", "load") or player.committed == player.plan:
                raise
            self.say(f"   {type(error).__name__}")
            is_going_on = False
        if is_going_on:
            player.next_step += 1
        player.is_over = not is_going_on or player.next_step == len(STEPS)

    def carry_out(self, player: Player, step: str) -> bool:
        if step == "run_jobs":
            player.attempts += 1
            player.life.run_jobs(player.attempts)
            return True
        if step == "load":
            return self.load(player)
        return getattr(player.life, step)() is not False

    def load(self, player: Player) -> bool:
        """Load, or lose sight of the batch, which then waits to be executed; tell which."""
        caught: list[Sequence[Statement]] = []

        def lose(_: Warehouse, statements: Sequence[Statement]) -> None:
            caught.append(statements)
            raise DeathError

        with contextlib.ExitStack() as fate:
            if self.chance.random() < LOST_SHARE:
                fate.enter_context(contextlib.suppress(DeathError))
                fate.enter_context(mock.patch.object(Warehouse, "run_batch", lose))
            player.life.load()
            player.committed = player.plan
        self.batches += caught
        return not caught

    def execute_late(self) -> None:
        """Let the warehouse come to a batch that nobody waits for any more."""
        if self.batches:
            self.say("a lost batch is executed")
            batch = self.batches.pop(self.chance.randrange(len(self.batches)))
            with contextlib.suppress(WarehouseError):
                self.world.pipeline.warehouse.run_batch(batch)

    def release(self) -> None:
        run = self.chance.choice(self.runs)
        self.say(f"{run} is released")
        self.world.life(run).release()

    def clear(self) -> None:
        """Begin one more life of a run; the one before it may go on as a zombie."""
        if len(self.players) < 2 * LIVES:
            self.begin_life(self.chance.choice(self.runs))

    def expire(self) -> None:
        self.say("leases end")
        self.world.ahead += timedelta(minutes=self.world.settings.lease_minutes + 1)

    def deliver(self) -> None:
        """Put a file that is new or takes another's place; no content comes twice."""
        self.delivered += 1
        name = self.chance.choice(NAMES)
        self.say(f"{name} is delivered")
        plays = {self.a_play() for _ in range(3)} | {f"{self.delivered},own,2024-06-01 09:00:00"}
        if self.delivered % 2:
            # Hours of its own: what they lack, no count of an hour would show.
            plays = {f"{self.delivered},dusk,2024-06-02 {self.delivered:02}:00:00"}
        self.world.deliver(name, *sorted(plays))

    def a_play(self) -> str:
        user, track = self.chance.randrange(4), self.chance.choice(("dawn", "dusk", "lost"))
        return f"{user + 1},{track},2024-06-01 {self.chance.choice((10, 11))}:00:00"

    def say(self, what: str) -> None:
        """Leave the course of the game for whoever reads of its failure."""
        print(what)

    def end(self) -> None:
        """Give everything back; what one more run then makes is what must be there."""
        while self.batches:
            self.execute_late()
        for run in sorted(set(self.runs)):
            self.world.life(run).release()
        self.world.run("the last")


def assert_counted_once(world: World) -> None:
    """Compare all with the plays of the versions that were committed and of those there now."""
    world.assert_tables(plays_of_versions(world))
    assert world.versions
    assert {world.status(key) for key in world.versions} == {"PROCESSED"}
    assert world.run("nothing is left") == "nothing to do"


def plays_of_versions(world: World) -> set[reference.Play]:
    plays: set[reference.Play] = set()
    for key, versions in world.counted_versions().items():
        for version in versions:
            plays |= reference.validate({key: version}).accepted.keys()
    return plays
