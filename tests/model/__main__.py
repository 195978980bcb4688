"""Play many schedules of the protocol: `python -m tests.model --rounds 150000 --seed 7`."""

import argparse
import sys

from tests.model.schedules import find_faults, play
from tests.model.systems import Guard


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", type=Guard, choices=list(Guard), help="a guard to take out")
    args = parser.parse_args(argv)
    broken = 0
    for number in range(args.rounds):
        world = play(f"{args.seed}-{number}", args.without)
        faults = list(find_faults(world))
        broken += bool(faults)
        if faults and broken == 1:
            print("\n".join([*world.log[-90:], f"schedule {args.seed}-{number}:", *faults]))
    print(f"{args.rounds} schedules, {broken} broken")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
