"""Prove that every play counts exactly once: commits, lake, streams and hourly_kpis agree."""

import argparse
import sys

from commands.console import print_rows, say
from commands.environment import add_place, open_place, place_verb
from maintenance.reconciliation import Reconciliation, reconcile


@place_verb
def main(argv: list[str]) -> int:
    """Print the plays of each place; 1 where they differ, 2 for a user's mistake."""
    parser = argparse.ArgumentParser(prog="make reconcile", description=__doc__)
    add_place(parser)
    return print_reconciliation(reconcile(open_place(parser.parse_args(argv))))


def print_reconciliation(found: Reconciliation) -> int:
    if found.places:
        rows = [(place, f"{plays:,}", extent) for place, plays, extent in found.places]
        print_rows(("place", "plays", "in"), rows)
    for fault in found.faults:
        say(f"differs: {fault}")
    if not found.faults:
        print(f"commit {found.commit}: every play is there exactly once")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
