"""Start, stop and show an AWS on this machine."""

import argparse
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from localaws import spark_programs
from localaws.errors import LocalAwsError
from localaws.stack import ServiceStatus, Stack, StackConfig
from localaws.stack_state import ACCOUNT_ID

STATE = Path(".localaws")
COPY_ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/copy"
SERVES = {
    "s3": "S3",
    "postgres": "PostgreSQL",
    "dynamodb": "DynamoDB",
    "endpoint": "EMR Serverless, Redshift Data API, Secrets Manager, SNS, STS, CloudWatch",
}


def main(argv: Sequence[str]) -> int:
    """Carry out a verb; 1 if a service is down, 2 after a mistake, which is told in one line."""
    args = read_arguments(argv)
    try:
        if args.verb == "up":
            return bring_up(args)
        stack = Stack(stack_config(args.state))
        if args.verb == "status":
            return show_status(stack.status())
        if args.verb == "env":
            for name, value in stack.environment().items():
                print(f"export {name}={shlex.quote(value)}")
        else:
            stack.down()
    except LocalAwsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def read_arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m localaws", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="up|down|status|env")
    up = verbs.add_parser("up", help="start what does not run, and say where it listens")
    others = {
        "down": "stop all of it; its state stays",
        "status": "show what runs and where; 1 if something is down",
        "env": "print the exports that lead boto3 and the AWS CLI to it",
    }
    for verb in (up, *(verbs.add_parser(name, help=text) for name, text in others.items())):
        verb.add_argument("--state", type=Path, default=STATE, help="its folder: %(default)s")
    add = up.add_argument
    add("--bucket", default="local", help="a bucket that is there then: %(default)s")
    add("--database", dest="databases", action="append", help="of PostgreSQL and Redshift: dev")
    add("--workgroup", default="default", help="of Redshift Serverless: %(default)s")
    add("--copy-role", default=COPY_ROLE, help="the role that COPY may name: %(default)s")
    add("--region", default="eu-west-1", help="of a fresh state: %(default)s")
    add("--port", dest="ports", type=read_port, action="append", default=[], help="s3=8333 …")
    add("--cache", type=Path, help="keeps DynamoDB's program: ~/.cache/localaws")
    add("--spark-submit", type=Path, help="for EMR: this environment's, else PATH's")
    add("--java-home", type=Path, help="for EMR: JAVA_HOME, else that of PATH's java")
    add("--jars", type=Path, help="for EMR: a folder with the S3A jars, if Spark has none")
    return parser.parse_args(argv)


def read_port(word: str) -> tuple[str, int]:
    """Read a port that is asked for, as argparse wants it."""
    service, _, number = word.partition("=")
    if not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{word!r} is no port: write s3=8333")
    return service, int(number)


def stack_config(state: Path) -> StackConfig:
    """Describe a stack for the verbs that start nothing."""
    spark = spark_programs.spark_config(None, None, None)
    return StackConfig(state, cache_folder(os.environ), "local", (), {}, (), spark)


def cache_folder(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "localaws"


def bring_up(args: argparse.Namespace) -> int:
    """Start what does not run, and print where all of it listens."""
    spark_submit = spark_programs.find_spark_submit(args.spark_submit, os.environ)
    java_home = spark_programs.find_java_home(args.java_home, os.environ)
    databases = args.databases or ["dev"]
    stack = Stack(
        StackConfig(
            state=args.state,
            cache=args.cache or cache_folder(os.environ),
            bucket=args.bucket,
            databases=databases,
            workgroups={args.workgroup: databases},
            copy_roles=(args.copy_role,),
            spark=spark_programs.spark_config(spark_submit, java_home, args.jars),
            region=args.region,
            ports=dict(args.ports),
        )
    )
    print(f"starting a local AWS in {stack.config.state} ...", flush=True)
    stack.up()
    code = show_status(stack.status())
    print(f"bucket {args.bucket}; workgroup {args.workgroup}, databases {', '.join(databases)}")
    if spark_submit and java_home:
        print(f"job runs of EMR Serverless: {spark_submit}, Java in {java_home}")
    else:
        lacks = "Java" if spark_submit else "spark-submit"
        print(f"job runs of EMR Serverless read FAILED: no {lacks} here: see --help of up")
    return code


def show_status(status: Sequence[ServiceStatus]) -> int:
    """Print a line for each service; 1 if one of them is down."""
    for line in status:
        state = f"running, pid {line.pid}" if line.is_running else "down"
        print(f"{line.service:8}  {state:18}  {line.address or '-':30}  {SERVES[line.service]}")
    return 0 if all(line.is_running for line in status) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
