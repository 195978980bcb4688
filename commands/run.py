"""Run the whole DAG on the stand-in for AWS: upload what is new, let Airflow run, show the KPIs."""

import argparse
import contextlib
import json
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError

from commands.airflow_run import airflow as airflow_local
from commands.airflow_run import dead_runs, summary
from commands.airflow_run.airflow import DagRun, Session
from commands.airflow_run.artifacts import put_artifacts
from commands.airflow_run.summary import Answer
from commands.airflow_run.uploads import NOTES, upload_delivery
from commands.console import CommandError, advising, say, verb
from commands.folder_run.delivery import Delivery, hash_delivery, list_delivery
from commands.folder_run.growing import leave_growing
from commands.stack.bring_up import MISTAKES, bring_up
from commands.stack.describe import DEFAULT_STATE, describe_stack, make_client
from commands.stack.seed import open_warehouse
from conf.settings import Settings
from dags.protocol.errors import FinalError
from dags.protocol.params import RunParams, read_params
from dags.systems.bucket import Bucket
from localaws import stack_state
from localaws.processes import try_lock
from localaws.stack import Stack

# A killed call's Airflow holds the lock until the kernel has ended it too.
LOCK_SECONDS = 3.0
LOCK_POLL_SECONDS = 0.1


def parse_args(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--data", type=Path, help="holds users/, songs/, streams/; else no upload")
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE)
    parser.add_argument("--conf", default="", help="the DAG run's parameters, as JSON")
    parser.add_argument("--airflow", default=airflow_local.OWN_VERSION, help="its version")
    return parser.parse_args(argv)


@verb(*MISTAKES, stopped="stopped: nothing is lost, call it again to go on")
def main(argv: list[str]) -> int:
    args = parse_args(argv)
    try:
        with advising(args.state):
            return run(args)
    except BotoCoreError as error:
        say(f"error: the local AWS does not answer: {error}: call it again")
        return 1


def run(args: argparse.Namespace) -> int:
    """Upload, run and show; give 1 where the DAG run failed.

    Dying anywhere leaves a state that the next call begins from.
    """
    started = time.monotonic()
    check_conf(args.conf)
    airflow = airflow_local.find_airflow(args.airflow, args.state)
    delivery = None if args.data is None else list_delivery(args.data)
    with alone(args.state) as lock:
        stack, settings = describe_stack(args.state)
        bring_up(stack, settings)
        bucket = Bucket(make_client(stack, "s3"), settings.data_bucket)
        prepare(stack, settings, bucket, delivery)
        environment = airflow_local.build_environment(airflow, settings, stack.environment())
        log = stack.config.state / "logs" / f"airflow-{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
        session = Session(airflow, environment, log, lock)
        dag_run = run_dag(session, stack, settings, args.conf)
        answer = Answer(bucket, open_warehouse(stack, settings), args.state)
        return tell(answer, dag_run, time.monotonic() - started)


def prepare(stack: Stack, settings: Settings, bucket: Bucket, delivery: Delivery | None) -> None:
    """Clear away what a killed run left, and put files and jobs where a run looks for them."""
    freed = dead_runs.end_dead_runs(dead_runs.open_systems(stack, settings))
    if freed:
        say(f"files of a killed run that are free again: {freed:,}")
    if delivery is not None:
        for key in delivery.ignored:
            say(f"not a delivery, left alone: {key}")
        state = stack.config.state
        hashed = hash_delivery(delivery, state)
        leave_growing(hashed.streams)
        upload_delivery(bucket, settings.data_prefix, hashed, state / NOTES)
    for key in put_artifacts(bucket, settings):
        say(f"uploaded {key}")


def run_dag(session: Session, stack: Stack, settings: Settings, conf: str) -> DagRun:
    """Run the DAG; stopped by Ctrl-C it leaves no job behind and gives its files back."""
    try:
        airflow_local.migrate(session)
        return airflow_local.run_dag(session, conf)
    except KeyboardInterrupt:
        say("stopping ...")
        dead_runs.end_dead_runs(dead_runs.open_systems(stack, settings))
        raise


def tell(answer: Answer, dag_run: DagRun, seconds: float) -> int:
    if summary.has_succeeded(dag_run):
        summary.print_summary(answer, dag_run, seconds)
        return 0
    for line in summary.describe_failure(answer, dag_run):
        say(line)
    return 1


def check_conf(conf: str) -> None:
    """Refuse parameters that the DAG does not have, or cannot take.

    Raises:
        CommandError: What is wrong, and what there is.
    """
    if not conf:
        return
    try:
        values = json.loads(conf)
    except ValueError as error:
        raise CommandError(
            f"CONF is no JSON: {error}: write CONF='{{\"rebuild\": true}}'"
        ) from error
    known = [field.name for field in fields(RunParams)]
    if not isinstance(values, dict) or not values.keys() <= set(known):
        raise CommandError(f"CONF is a JSON object of {', '.join(known)}, got {conf}")
    try:
        read_params(values)
    except FinalError as error:
        raise CommandError(f"CONF: {error}") from error


@contextlib.contextmanager
def alone(state: Path) -> Iterator[int]:
    """Hold the state's lock and give its descriptor, which Airflow's process shares.

    Raises:
        CommandError: Another call holds it.
    """
    stack_state.make_state_folder(state.absolute())
    with (state / "run.lock").open("a") as lock:
        deadline = time.monotonic() + LOCK_SECONDS
        while not try_lock(lock.fileno()):
            if time.monotonic() > deadline:
                raise CommandError(
                    f"another make run works on {state}: wait for it, or name another STATE"
                )
            time.sleep(LOCK_POLL_SECONDS)
        yield lock.fileno()


if __name__ == "__main__":
    # make passes it on: no job is to be left behind then, as at Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
