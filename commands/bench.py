"""Measure the jobs against pandas, DuckDB and Polars, and their growth, in one run."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from commands import bench_history, bench_peers, bench_report, sample
from commands.bench_metadata import write_metadata
from commands.bench_spark import SparkRun, run_spark
from commands.errors import CommandError
from commands.measured import Measurement, measure

DAYS = 30
GROWTH = (1_000_000, 5_000_000, 20_000_000)
HISTORY_DAYS = (1, 30, 365)


def parse_args(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--plays", type=int, default=GROWTH[-1], help="of the first table")
    parser.add_argument("--work", type=Path, default=Path(".local/bench"), help="takes some GB")
    parser.add_argument("--only", choices=("peers", "growth", "history"), help="one table alone")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    args = parse_args(argv)
    work = args.work.absolute()
    tables: dict[str, Callable[[], None]] = {
        "peers": lambda: compare_peers(args.plays, work),
        "growth": lambda: measure_growth([n for n in GROWTH if n <= args.plays], work),
        "history": lambda: measure_history(args.plays, work),
    }
    try:
        for name, table in tables.items():
            if args.only in (None, name):
                table()
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def make_data(plays: int, work: Path) -> Path:
    """Make the sample data once; its metadata as Parquet, as extract_metadata writes it."""
    data = work / f"data-{plays}"
    if not (data / "done").exists():
        shutil.rmtree(data, ignore_errors=True)
        say(f"making {plays:,} plays of {DAYS} days in {data}")
        sample.main(["--plays", str(plays), "--days", str(DAYS), "--out", str(data)])
        write_metadata(data, data / "metadata")
        (data / "done").touch()
    return data


def run_jobs(plays: int, work: Path) -> SparkRun:
    data = make_data(plays, work)
    say(f"the jobs over {plays:,} plays")
    return run_spark(data, data / "metadata", work / "no-lake", work / "spark", commit=0)


def compare_peers(plays: int, work: Path) -> None:
    """Print the first table, and check that all four come to the same numbers.

    Raises:
        CommandError: They do not.
    """
    data = make_data(plays, work)
    run_jobs(min(plays, GROWTH[0]), work)  # writes the class archive where there is none yet
    spark = run_jobs(plays, work)
    peers: dict[str, Measurement] = {}
    for peer in bench_peers.PEERS:
        say(f"{peer} over {plays:,} plays")
        out = work / peer
        shutil.rmtree(out, ignore_errors=True)
        command = [sys.executable, "-m", "commands.bench_peers", peer, str(data), str(out)]
        peers[peer] = measure(command, env=dict(os.environ), log=work / f"{peer}.log")
    bench_report.print_peers(plays, spark, peers)
    bench_report.check_same_numbers(spark.output, {peer: work / peer for peer in peers})


def measure_growth(sizes: list[int], work: Path) -> None:
    runs = {plays: run_jobs(plays, work) for plays in sizes}
    bench_report.print_growth(runs)


def measure_history(plays: int, work: Path) -> None:
    """Print what the same day costs after 1, 30 and 365 days of 200,000 plays each."""
    runs = {}
    days = HISTORY_DAYS if plays >= GROWTH[-1] else HISTORY_DAYS[:2]
    for count in days:
        say(f"a day after {count} days of history")
        lake, data = bench_history.make_history(work, count)
        runs[count] = run_spark(data, data / "metadata", lake, work / "spark", commit=1)
    bench_report.print_history(runs)


def say(message: str) -> None:
    print(f"bench: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
