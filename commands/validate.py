"""Ask the warehouse the five queries that show what a run has made of the deliveries."""

import argparse
import sys

from commands.airflow_run.summary import KPI_QUERIES
from commands.environment import add_place, open_place, place_verb
from commands.query import print_answer
from dags.systems.warehouse import Statement

QUERIES = (
    *KPI_QUERIES.values(),
    "SELECT * FROM users LIMIT 5",
    "SELECT * FROM songs LIMIT 5",
    "SELECT * FROM streams LIMIT 5",
)


@place_verb
def main(argv: list[str]) -> int:
    """Print each query with its rows; a user's mistake is told in one line."""
    parser = argparse.ArgumentParser(prog="make validate", description=__doc__)
    add_place(parser)
    args = parser.parse_args(argv)
    warehouse = open_place(args).warehouse
    for sql in QUERIES:
        answer = warehouse.query(Statement(sql))
        print(f"{sql};")
        print_answer(answer, "table")
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
