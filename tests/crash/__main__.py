"""make crash-test: kill runs everywhere, and see that nothing is lost and nothing counts twice."""

import argparse
import contextlib
import logging
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from pyspark.sql import SparkSession

from commands.stack.bring_up import bring_up
from commands.stack.describe import describe_stack
from conf.settings import load_settings
from dags.systems import bucket
from localaws.stack import Stack
from tests.conftest import start_session
from tests.crash import airflow_runs, cases
from tests.crash.cases import Records
from tests.crash.scenarios import SCENARIOS
from tests.pipeline_world import World
from tests.warm_spark import SparkJobs, reach_s3

CASE_SECONDS = 900
# Every so many random cases are killed under Airflow, the others step by step.
AIRFLOW_EVERY = 10
START = re.compile(r"(r?)([1-9][0-9]{0,5})")


class CaseTimeoutError(Exception):
    """A case does not end."""


class Crashes:
    """The cases over one stand-in: those of the matrix with plain jobs, random ones with Spark."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self.stack, self.seed = stack, seed
        self.failed: list[str] = []
        self.count, self.current = 0, "1"

    def plain_world(self) -> World:
        return World(self.stack, load_settings("local"))

    def run_matrix(self, first: int) -> None:
        records = Records(self.plain_world)
        for scenario in SCENARIOS.values():
            records.of(scenario)
        matrix = list(cases.list_matrix(records.found))
        for number, case in enumerate(matrix[first - 1 :], start=first):
            label = f"{number}/{len(matrix)} {case.describe(records.of(case.scenario))}"
            self.carry_out(str(number), label, partial(records.find_broken, case))

    def run_random(self, spark: SparkSession, first: int, runs: int) -> None:
        records = Records(self.plain_world, lambda world: SparkJobs(spark, world))
        for number in range(first, first + runs):
            random = Random(f"{self.seed} {number}")
            if number % AIRFLOW_EVERY == 0:
                self._run_under_airflow(number, random)
                continue
            case = cases.draw_case(random, records)
            label = f"r{number} {case.describe(records.of(case.scenario))}"
            self.carry_out(f"r{number}", label, partial(records.find_broken, case))

    def carry_out(self, start: str, label: str, find: Callable[[], str | None]) -> None:
        """Carry out a case within its time and print what came of it."""
        began = time.monotonic()
        self.count, self.current = self.count + 1, start
        try:
            with time_limit(CASE_SECONDS):
                broken = find()
        except Exception as error:  # noqa: BLE001
            broken = f"{type(error).__name__}: {error}"
        told = "ok" if broken is None else f"BROKEN: {broken[:500]}"
        print(f"{label}: {told} ({time.monotonic() - began:.1f} s)", flush=True)
        if broken is not None:
            again = f"make crash-test SEED={self.seed} FROM={start} RUNS=1"
            self.failed.append(f"{label}: {broken[:500]}; again: {again}")

    def _run_under_airflow(self, number: int, random: Random) -> None:
        told: list[str] = []

        def find() -> str | None:
            kills, fault = airflow_runs.survive(self.plain_world(), random)
            told.extend(kills)
            return fault

        self.carry_out(f"r{number}", f"r{number} Airflow", find)
        for line in told:
            print(f"    {line}", flush=True)


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise CaseTimeoutError(f"it has not ended in {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def stopped(spark: SparkSession) -> Iterator[SparkSession]:
    try:
        yield spark
    finally:
        spark.stop()


def parse_args(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make crash-test", description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".local/crash-test"))
    parser.add_argument("--runs", type=int, default=20, help="random cases after the matrix")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="start", default="1", help="a case, as printed: 17 or r17")
    args = parser.parse_args(argv)
    if not START.fullmatch(args.start):
        parser.error("FROM is a case's number as it is printed: 17, or r17 of the random ones")
    return args


def main(argv: list[str]) -> int:
    """Run the cases from one on; 1 where a world came out different."""
    args = parse_args(argv)
    is_random, number = START.fullmatch(args.start).groups()  # type: ignore[union-attr]
    # One request at a time: the n-th write is the same one in each run.
    bucket.PARALLEL_CALLS = 1
    logging.disable(logging.CRITICAL)
    stack, settings = describe_stack(args.state)
    crashes, began = Crashes(stack, args.seed), time.monotonic()
    try:
        stack.down()  # a killed call's
        shutil.rmtree(args.state, ignore_errors=True)
        bring_up(stack, settings)
        if not is_random:
            crashes.run_matrix(int(number))
        if args.runs:
            with stopped(start_session()) as spark:
                reach_s3(spark, stack)
                crashes.run_random(spark, int(number) if is_random else 1, args.runs)
    except KeyboardInterrupt:
        print(f"stopped: FROM={crashes.current} goes on from the case that it was at")
        return 130
    finally:
        stack.down()
    print(f"{crashes.count} cases, {len(crashes.failed)} broken, {time.monotonic() - began:.0f} s")
    print("\n".join(crashes.failed), end="\n" if crashes.failed else "")
    return 1 if crashes.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
