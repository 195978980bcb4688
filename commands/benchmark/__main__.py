"""Measure the jobs against pandas, DuckDB and Polars, their growth, and odd shapes of data."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from commands.benchmark import report
from commands.benchmark.spark import spark_engines
from commands.benchmark.tables import DAYS, GROWTH, PEERS_PLAYS, Bench, growth_sizes
from commands.console import verb
from localaws.errors import LocalAwsError

TABLES: dict[str, Callable[[Bench, int], None]] = {
    "peers": lambda bench, plays: bench.compare_peers(min(plays, PEERS_PLAYS)),
    "growth": lambda bench, plays: bench.measure_growth(growth_sizes(plays)),
    "history": lambda bench, _: bench.measure_history(),
    "shapes": lambda bench, plays: bench.measure_shapes(min(plays, PEERS_PLAYS)),
}


def parse_args(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--plays", type=int, default=GROWTH[-1], help="the most of any table")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run")
    parser.add_argument("--against", type=Path, help="another checkout of this repository")
    parser.add_argument("--native", action="store_true", help="measure it with Comet too")
    parser.add_argument("--only", choices=TABLES, help="one table alone")
    parser.add_argument("--work", type=Path, default=Path(".local/bench"), help="takes many GB")
    args = parser.parse_args(argv)
    least = 10 * DAYS
    if args.rounds < 1 or args.plays < least:
        found = f"got ROUNDS={args.rounds} PLAYS={args.plays}"
        parser.error(f"needs a round and {least} plays: {found}")
    return args


@verb(LocalAwsError)
def main(argv: list[str]) -> int:
    args = parse_args(argv)
    engines = spark_engines(args.against, is_native=args.native)
    bench = Bench(args.work.absolute(), engines, args.rounds)
    report.print_machine(args.rounds, args.against)
    bench.warm_up()
    for name, table in TABLES.items():
        if args.only in (None, name):
            table(bench, args.plays)
            sys.stdout.flush()  # an hour may lie between two tables
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
