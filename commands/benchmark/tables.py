"""The tables of `make bench`: which data, which engines, and what each is a ratio to."""

import contextlib
import functools
import io
import itertools
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from commands.benchmark import history, peers, report
from commands.benchmark.compare import check_same_numbers
from commands.benchmark.measured import measure
from commands.benchmark.metadata import write_metadata
from commands.benchmark.rounds import Name, Run, SomeRun, run_rounds, say
from commands.benchmark.s3 import running_store
from commands.benchmark.spark import SparkEngine, SparkRun, Workload, run_local
from commands.sample_data import plays as sample

DAYS = 30
WARM_UP_PLAYS = 100_000
GROWTH = (1_000_000, 5_000_000, 20_000_000, 60_000_000)
PEERS_PLAYS = 20_000_000  # of three times as many pandas fills a machine's memory
HISTORY_DAYS = (1, 30, 365)
ROWS_PER_FILE = 100
SMALL_FILES_PLAYS = 1_000_000  # some 10,000 files
# Options of the sample, by the shape that they give it.
SHAPES = {"nine tenths on one day": "--skewed", "sparse user ids": "--sparse-ids"}


def growth_sizes(most: int) -> list[int]:
    """Give the sizes up to the one asked for, and this one."""
    return [*(plays for plays in GROWTH if plays < most), most]


@dataclass(frozen=True)
class Bench:
    """Where it is measured, which ways of running the jobs, and how often each."""

    work: Path
    engines: Sequence[SparkEngine]
    rounds: int

    def warm_up(self) -> None:
        """Run the jobs once over little: the archive of Spark's classes is there from then on."""
        workload = self.make_data(WARM_UP_PLAYS)
        for engine in self.engines:
            say(f"warming up: {engine.name}")
            run_local(engine, workload, self.work / "out" / engine.name)

    def compare_peers(self, plays: int) -> None:
        """Print the jobs beside pandas, DuckDB and Polars, which must come to the same numbers."""
        workload, case = self.make_data(plays), f"{plays:,} plays"
        engines: dict[Name, Callable[[], Run]] = {**self.of_spark({case: workload}, run_local)}
        for peer in peers.PEERS:
            out = self.work / "out" / peer
            engines[case, peer] = functools.partial(run_peer, peer, workload.data, out)
        runs = self.measure(engines)
        title = f"{case} of {DAYS} days, starts counted"
        report.print_peers(title, {engine: taken for (_, engine), taken in runs.items()})
        print("\nall came to the same numbers in every round")

    def measure_growth(self, sizes: Sequence[int]) -> None:
        """Print how the jobs grow with the plays of one run."""
        cases = {f"{plays:,} plays": self.make_data(plays) for plays in sizes}
        bases = {case: base for base, case in itertools.pairwise(cases)}
        runs = self.measure(self.of_spark(cases, run_local))
        report.print_cases("Growth with the plays of one run", runs, bases)

    def measure_history(self) -> None:
        """Print what the same day costs after days of history, over S3."""
        with running_store(self.work / "s3") as store:
            cases = {}
            for days in HISTORY_DAYS:
                say(f"{days} days of history into S3")
                lake, data = history.make_history(self.work, days)
                uri = store.upload(data, "data")
                lake_uri = store.upload(lake, f"lake-{days}")
                commit = history.COMMIT
                case = "1 day" if days == 1 else f"{days} days"
                cases[case] = Workload(data, uri, lake_uri, commit)
            runs = self.measure(self.of_spark(cases, store.run))
        first, *others = cases
        title = f"{history.PLAYS_PER_DAY:,} new plays on days of history, over S3"
        report.print_cases(title, runs, dict.fromkeys(others, first))

    def measure_shapes(self, plays: int) -> None:
        """Print what odd shapes cost as a ratio to as many plain plays."""
        plain, few = f"{plays:,} plays", min(plays, SMALL_FILES_PLAYS)
        cases = {plain: self.make_data(plays)}
        cases |= {shape: self.make_data(plays, option) for shape, option in SHAPES.items()}
        cases[f"{few:,} plays"] = self.make_data(few)
        small = self.make_data(few, "--rows-per-file", str(ROWS_PER_FILE))
        files = sum(1 for _ in small.data.glob("streams/**/*.csv"))
        in_files = f"{files:,} files of {ROWS_PER_FILE} rows"
        cases[in_files] = small
        bases = dict.fromkeys(SHAPES, plain) | {in_files: f"{few:,} plays"}
        runs = self.measure(self.of_spark(cases, run_local))
        report.print_cases("Odd shapes of as many plays", runs, bases)

    def of_spark(
        self,
        cases: Mapping[str, Workload],
        run: Callable[[SparkEngine, Workload, Path], SparkRun],
    ) -> dict[Name, Callable[[], SparkRun]]:
        """Give what runs each case by each way of running the jobs, in a folder of its own."""
        return {
            (case, engine.name): functools.partial(
                run, engine, workload, self.work / "out" / re.sub(r"\W", "-", case) / engine.name
            )
            for case, workload in cases.items()
            for engine in self.engines
        }

    def measure(self, engines: Mapping[Name, Callable[[], SomeRun]]) -> dict[Name, list[SomeRun]]:
        runs = run_rounds(self.rounds, engines, check_cases)
        shutil.rmtree(self.work / "out")
        return runs

    def make_data(self, plays: int, *options: str) -> Workload:
        """Make sample data once; its metadata as Parquet, as extract_metadata writes it."""
        data = self.work / "".join((f"data-{plays}", *options))
        if not (data / "done").exists():
            shutil.rmtree(data, ignore_errors=True)
            say(f"making {plays:,} plays of {DAYS} days in {data}")
            sizes = ["--plays", str(plays), "--days", str(DAYS)]
            with contextlib.redirect_stderr(io.StringIO()):  # a line for each day
                sample.main([*sizes, *options, "--out", str(data)])
            write_metadata(data, data / "metadata")
            (data / "done").touch()
        return Workload(data, f"file:{data}", f"file:{self.work}/no-lake", commit=0)


def check_cases(runs: Mapping[Name, Run]) -> None:
    """Check that all engines of each case came to the same numbers.

    Raises:
        CommandError: They did not.
    """
    for case in dict.fromkeys(case for case, _ in runs):
        check_same_numbers({engine: run.output for (of, engine), run in runs.items() if of == case})


def run_peer(peer: str, data: Path, out: Path) -> Run:
    """Run a peer as a process of its own."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "commands.benchmark.peers", peer, str(data), str(out)]
    taken = measure(command, env=dict(os.environ), log=out.with_suffix(".log"))
    return Run({peer: taken}, out)
