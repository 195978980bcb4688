"""Ask the warehouse by SQL, through the Redshift Data API: the answer on stdout, nothing else."""

import argparse
import json
import os
import sys
from pathlib import Path

from commands.errors import CommandError
from commands.kpi_report import print_rows
from commands.local_aws import MISTAKES, bring_up
from commands.local_stack import DEFAULT_STATE, describe_stack
from commands.seed_local_aws import open_warehouse
from dags.systems.warehouse import Rows, Statement

FORMATS = ("table", "csv", "json")


def main(argv: list[str]) -> int:
    """Run the statement and print its rows; a user's mistake is told in one line."""
    parser = argparse.ArgumentParser(prog="make query", description=__doc__)
    # By the environment, not as an argument: a shell would read SQL's quotes once more.
    parser.add_argument("--sql", default=os.environ.get("SQL", ""), help="else $SQL")
    parser.add_argument(
        "--format", default=os.environ.get("FORMAT") or "table", help="else $FORMAT"
    )
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE)
    args = parser.parse_args(argv)
    try:
        if not args.sql.strip():
            raise CommandError('there is no statement: make query SQL="SELECT …"')
        if args.format not in FORMATS:
            raise CommandError(f"FORMAT is one of {', '.join(FORMATS)}, got {args.format!r}")
        stack, settings = describe_stack(args.state)
        if not all(line.is_running for line in stack.status()):
            bring_up(stack, settings)
        rows = open_warehouse(stack, settings).query(Statement(args.sql))
    except MISTAKES as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print_answer(rows, args.format)
    return 0


def print_answer(answer: Rows, form: str) -> None:
    """Print rows as a table, as CSV (a null is an empty field) or as JSON lines in a list."""
    if form == "json":
        records = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        print(json.dumps(records, indent=1, ensure_ascii=False))
    elif form == "csv":
        for row in (answer.columns, *answer.rows):
            print(",".join(csv_field(value) for value in row), end="\r\n")
    else:
        print_rows(answer.columns, [[table_cell(value) for value in row] for row in answer.rows])
        noun = "row" if len(answer.rows) == 1 else "rows"
        print(f"({len(answer.rows)} {noun})")


def csv_field(value: object) -> str:
    """Write a value for CSV: a null as nothing, an empty text as two quotes."""
    if value is None:
        return ""
    text = table_cell(value)
    needs_quotes = text == "" or any(character in text for character in ',"\r\n')
    return '"' + text.replace('"', '""') + '"' if needs_quotes else text


def table_cell(value: object) -> str:
    """Write a value as SQL shows it."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
