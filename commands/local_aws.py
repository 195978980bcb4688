"""Start, stop and show the stand-in for AWS."""

import argparse
import shlex
import sys
from pathlib import Path

from commands.console import CommandError, print_rows, verb
from commands.stack.bring_up import MISTAKES, bring_up
from commands.stack.describe import DEFAULT_STATE, describe_stack
from conf.settings import Settings
from localaws.stack import Stack


@verb(*MISTAKES)
def main(argv: list[str]) -> int:
    """Carry out a verb; a user's mistake is told in one line."""
    parser = argparse.ArgumentParser(prog="make up|down|status|env", description=__doc__)
    parser.add_argument("verb", choices=("up", "down", "status", "env"))
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE)
    parser.add_argument("--port", action="append", default=[], help="of up: s3=8333, and so on")
    args = parser.parse_args(argv)
    stack, settings = describe_stack(args.state, read_ports(args.port))
    if args.verb == "up":
        bring_up(stack, settings)
    elif args.verb == "down":
        stack.down()
    elif args.verb == "status":
        return show_status(stack)
    else:
        print_environment(stack, settings)
    return 0


def read_ports(words: list[str]) -> dict[str, int]:
    """Read ports that are asked for.

    Raises:
        CommandError: One is no `service=number`.
    """
    ports = {}
    for word in words:
        service, _, number = word.partition("=")
        if not number.isdecimal():
            raise CommandError(f"{word!r} is no port: write PORTS='s3=8333 endpoint=4566'")
        ports[service] = int(number)
    return ports


def show_status(stack: Stack) -> int:
    """Print a line for each service; 1 if one of them is down."""
    status = stack.status()
    words = {True: "running", False: "down"}
    rows = [(s.service, words[s.is_running], str(s.pid or ""), s.address or "") for s in status]
    print_rows(("service", "state", "pid", "address"), rows)
    return 0 if all(line.is_running for line in status) else 1


def print_environment(stack: Stack, settings: Settings) -> None:
    """Print the exports that lead boto3 and the AWS CLI to this stack, and nothing else."""
    exports = stack.environment() | {"REDSHIFT_IAM_ROLE": settings.copy_role}
    for name, value in exports.items():
        print(f"export {name}={shlex.quote(value)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
