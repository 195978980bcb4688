"""Ask the warehouse the five queries that show what a run has made of the deliveries."""

import argparse
import sys
from pathlib import Path

from commands.local_aws import MISTAKES, bring_up
from commands.local_stack import DEFAULT_STATE, describe_stack
from commands.query import print_answer
from commands.run_summary import KPI_QUERIES
from commands.seed_local_aws import open_warehouse
from dags.systems.warehouse import Statement

QUERIES = (
    *KPI_QUERIES.values(),
    "SELECT * FROM users LIMIT 5",
    "SELECT * FROM songs LIMIT 5",
    "SELECT * FROM streams LIMIT 5",
)


def main(argv: list[str]) -> int:
    """Print each query with its rows; a user's mistake is told in one line."""
    parser = argparse.ArgumentParser(prog="make validate", description=__doc__)
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE)
    args = parser.parse_args(argv)
    try:
        stack, settings = describe_stack(args.state)
        if not all(line.is_running for line in stack.status()):
            bring_up(stack, settings)
        warehouse = open_warehouse(stack, settings)
        for sql in QUERIES:
            answer = warehouse.query(Statement(sql))
            print(f"{sql};")
            print_answer(answer, "table")
            print()
    except MISTAKES as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
