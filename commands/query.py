"""Ask the warehouse by SQL, through the Redshift Data API: the answer on stdout, nothing else.

Only WRITE=1 lets a statement change something.
"""

import argparse
import json
import logging
import os
import signal
import sys

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from commands.console import CommandError, print_rows, say
from commands.environment import add_place, open_place, place_verb
from dags.systems.warehouse import Rows, Statement

FORMATS = ("table", "csv", "json")
CHANGING = (exp.Into, exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.DDL)
ASKING = ("EXPLAIN", "SHOW")
WRITE_ADVICE = "to send it all the same, give WRITE=1 too"


@place_verb
def main(argv: list[str]) -> int:
    """Run the statement and print its rows; a user's mistake is told in one line."""
    parser = argparse.ArgumentParser(prog="make query", description=__doc__)
    # By the environment, not as an argument: a shell would read SQL's quotes once more.
    parser.add_argument("--sql", default=os.environ.get("SQL", ""), help="else $SQL")
    parser.add_argument(
        "--format", default=os.environ.get("FORMAT") or "table", help="else $FORMAT"
    )
    add_place(parser)
    args = parser.parse_args(argv)
    if not args.sql.strip():
        raise CommandError('there is no statement: make query SQL="SELECT …"')
    if args.format not in FORMATS:
        raise CommandError(f"FORMAT is one of {', '.join(FORMATS)}, got {args.format!r}")
    if os.environ.get("WRITE") != "1":
        check_only_asks(args.sql)
    rows = open_place(args).warehouse.query(Statement(args.sql))
    print_answer(rows, args.format)
    return 0


def check_only_asks(sql: str) -> None:
    """Refuse a statement that could change something.

    Raises:
        CommandError: It is no SELECT and the like, or cannot be read.
    """
    # sqlglot warns of each statement that it does not know, and goes on.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        trees = [tree for tree in sqlglot.parse(sql, read="redshift") if tree is not None]
    except SqlglotError as error:
        reason = " ".join(str(error).split())
        raise CommandError(f"the statement cannot be read: {reason}; {WRITE_ADVICE}") from error
    for tree in trees:
        if not only_asks(tree):
            raise CommandError(f"this is no SELECT, and could change something: {WRITE_ADVICE}")


def only_asks(tree: exp.Expr) -> bool:
    if isinstance(tree, exp.Command):
        return str(tree.this).upper() in ASKING
    return isinstance(tree, exp.Query) and tree.find(*CHANGING) is None


def print_answer(answer: Rows, form: str) -> None:
    """Print rows as a table, as CSV (a null is an empty field) or as JSON lines in a list.

    What has no answer prints none: how many rows it changed stands on stderr.
    """
    if not answer.columns:
        changed = "" if answer.changed is None else f": {answer.changed:,} rows changed"
        say(f"done{changed}")
    elif form == "json":
        records = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        print(json.dumps(records, indent=1, ensure_ascii=False))
    elif form == "csv":
        for row in (answer.columns, *answer.rows):
            print(",".join(csv_field(value) for value in row), end="\n")
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
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` has read enough: no error
    sys.exit(main(sys.argv[1:]))
