"""Put the plays of each day of the lake into one object; drop what that supersedes, days later."""

import argparse
import sys

from commands.console import CommandError
from commands.environment import add_place, open_place, place_verb
from maintenance.compaction import compact

KEEP_DAYS_HELP = (
    "days that superseded objects stay for readers that listed them before. 0 drops them at "
    "once: no run may be going on then, and nobody may be reading the lake"
)


@place_verb
def main(argv: list[str]) -> int:
    """Compact the lake and print what was done."""
    parser = argparse.ArgumentParser(prog="make compact", description=__doc__)
    add_place(parser)
    parser.add_argument("--keep-days", default="7", help=KEEP_DAYS_HELP)
    args = parser.parse_args(argv)
    if not args.keep_days.isdecimal():
        raise CommandError(f"KEEP_DAYS is a whole number of days, got {args.keep_days!r}")
    done = compact(open_place(args), int(args.keep_days))
    print(
        f"compacted up to commit {done.commit}: {done.objects:,} objects of {done.days:,} days "
        f"into one a day; of the superseded objects {done.dropped:,} dropped, {done.kept:,} kept "
        "for readers"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
