"""A long life of a pipeline: days of deliveries, runs, deaths and compactions in one state."""

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from commands.stack.describe import make_client
from dags.systems.bucket import Bucket
from maintenance.compaction import compact
from maintenance.reconciliation import reconcile
from tests.long_life import mishaps
from tests.long_life.catalogue import Catalogue
from tests.long_life.counted_calls import CountedCalls
from tests.long_life.deliveries import Deliveries
from tests.long_life.readers import KEEP_DAYS, Reader, is_published, open_reader
from tests.long_life.simulated_time import SimulatedTime
from tests.long_life.staging_watch import StagingWatch
from tests.pipeline_world import World
from tests.plain_jobs import PlainJobs, Play

# Any day does, since time is simulated: a fixed one makes a seed tell the same story for ever.
FIRST_DAY = date(2026, 1, 5)
RECONCILED_EVERY = 5
MOST_READERS = 2


class LongLife:
    """Lives day after day; `courses` says how each day's run goes."""

    def __init__(self, world: World, seed: int, days: int) -> None:
        self.world, self.days = world, days
        self.chance = random.Random(seed)
        self.clock = SimulatedTime(world)
        self.today = FIRST_DAY
        self.clock.move_to(self.today, 0)
        self.calls = CountedCalls(world)
        self.catalogue = Catalogue(world, self.chance)
        self.deliveries = Deliveries(world, self.chance)
        self.readers: list[Reader] = []
        self.zombies: list[Callable[[], None]] = []
        self.notes: list[str] = []
        self.unpublished: list[str] = []
        self.reconciled = self.zombies_refused = self.readings = 0
        self.staging = StagingWatch(world)
        self.courses = self._draw_courses()
        self.seconds: list[float] = []
        self.calls_of_days: list[Counter[str]] = []

    def _draw_courses(self) -> list[mishaps.Course]:
        """Give most of the days a mishap's turn or two, and one day a rebuild."""
        deck = list(mishaps.MISHAPS)
        while len(deck) < self.days // 2:
            deck += mishaps.MISHAPS
        drawn = self.chance.sample(deck, self.days // 2)
        courses = [*drawn, mishaps.is_a_rebuild]
        courses += [mishaps.goes_well] * (self.days - len(courses))
        self.chance.shuffle(courses)
        return courses

    def live(self) -> None:
        """Live all days, and then as many quiet ones as it takes to list every folder once."""
        for course in self.courses:
            self._live_a_day(course, has_deliveries=True)
        for _ in range(self.world.pipeline.settings.listing_lookback_days + 1):
            self._live_a_day(mishaps.goes_well, has_deliveries=False)

    def _live_a_day(self, course: mishaps.Course, *, has_deliveries: bool) -> None:
        run_id = f"scheduled {self.today} {course.__name__}"
        if has_deliveries:
            self.clock.move_to(self.today, 1)
            self.deliveries.arrive(self.today)
            if self.chance.random() < 0.25:
                self.catalogue.correct()
        self.clock.move_to(self.today, 2)
        self.calls.take()
        started = time.perf_counter()
        course(self, run_id)
        self.seconds.append(time.perf_counter() - started)
        self.calls_of_days.append(self.calls.take())
        self.staging.look()
        self.clock.move_to(self.today, self.chance.randint(3, 22))
        self._look_after(has_deliveries=has_deliveries)
        self.today += timedelta(days=1)

    def _look_after(self, *, has_deliveries: bool) -> None:
        """Read, compact and reconcile at random moments, whatever state the run left."""
        self.readers = [each for each in self.readers if each.may_still_read(self.world)]
        is_free = len(self.readers) < MOST_READERS
        if is_free and self.chance.random() < 0.4 and (reader := open_reader(self.world)):
            self.readers.append(reader)
        if has_deliveries and self.chance.random() < 0.3:
            self.compact()
        if self.chance.random() < 1 / RECONCILED_EVERY and is_published(self.world):
            assert reconcile(self.world.pipeline).faults == ()
            self.reconciled += 1

    def compact(self) -> None:
        """Compact beside all readers: none of them notices. Those of a week ago have ended."""
        self.readers = [each for each in self.readers if each.may_still_read(self.world)]
        if not self.readers and self.chance.random() < 0.3:
            compact(self.world.pipeline, 0)
        compact(self.world.pipeline, KEEP_DAYS)
        for reader in self.readers:
            reader.assert_that_nothing_moved(self.world)
            self.readings += 1

    def send_zombies(self) -> None:
        """Let batches of dead runs arrive after another run's commit."""
        for batch in self.zombies:
            mishaps.send(batch)
            self.zombies_refused += 1
        self.zombies.clear()

    def note(self, text: str) -> None:
        self.notes.append(text)

    def note_unpublished(self, claim: str) -> None:
        """Keep a claim whose commit its run could not publish."""
        assert not is_published(self.world)
        self.unpublished.append(claim)

    def backfill_all(self) -> None:
        """Compute every hour anew, so that all of them know today's metadata."""
        self.clock.move_to(self.today, 23)  # an hour of no other commit, so no ages are equal
        days = {time_of.date() for _, _, time_of in self.world.tables()["streams"]}
        span = {"from_date": min(days).isoformat(), "to_date": max(days).isoformat()}
        assert self.world.run(f"backfill {self.today}", **span) == "committed"

    def ledger_items(self) -> dict[str, dict[str, Any]]:
        """Read the whole ledger, past the product."""
        ledger = self.world.pipeline.ledger
        pages = ledger.client.get_paginator("scan").paginate(TableName=ledger.table)
        return {item["file_key"]["S"]: item for page in pages for item in page["Items"]}

    def tell(self) -> str:
        """Say how long the days took, and what the first and the last well-gone runs called."""
        marks = statistics.quantiles(self.seconds[: self.days], n=4)
        well = [n for n, course in enumerate(self.courses) if course is mishaps.goes_well]
        told = ", ".join(f"{mark:.2f}" for mark in marks)
        calls = [f"day {n + 1}: {self.calls_of_days[n].total()}" for n in (*well[:3], *well[-3:])]
        return f"quartiles of seconds per day: {told}; calls of runs: {', '.join(calls)}"


class RememberingJobs(PlainJobs):
    """The plain jobs over a client of their own, so that the workers' calls are counted alone.

    They remember an object of the lake by its name, which never gets another content.
    """

    def __init__(self, world: World, clock: SimulatedTime) -> None:
        client = make_client(world.stack, "s3")
        clock.follow(client)
        bucket = Bucket(client, world.bucket.name)
        super().__init__(replace(world.pipeline, bucket=bucket))
        self.remembered: dict[str, list[Play]] = {}

    def _plays_of(self, key: str) -> Any:
        if key not in self.remembered:
            self.remembered[key] = list(super()._plays_of(key))
        return self.remembered[key]


def plain_jobs_of(life: LongLife) -> RememberingJobs:
    return RememberingJobs(life.world, life.clock)
