"""Derive totals, KPIs and the warehouse's plays anew from the lake: a run of the DAG does it."""

import argparse
import json
import signal
import sys
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from commands import run
from commands.console import CommandError
from commands.environment import add_place, is_local, open_settings, place_verb
from commands.stack.describe import DEFAULT_STATE
from conf import places
from conf.settings import Settings
from dags.systems import connections

DAG = "music_streaming_etl"
PARAMETERS = {"rebuild": True}
THERE_ALREADY = 409  # a retry of the client finds what its first try began


@place_verb
def main(argv: list[str]) -> int:
    """Run it on the stand-in to its end, or begin it in an environment."""
    parser = argparse.ArgumentParser(prog="make rebuild", description=__doc__)
    add_place(parser)
    args = parser.parse_args(argv)
    if not is_local(args):
        settings = open_settings(args.environment)
        client = connections.open_session(settings.region).client("mwaa")
        print_begun(settings, begin_run(client, settings, datetime.now(UTC)))
        return 0
    state = str(args.state or DEFAULT_STATE)
    return run.main(["--state", state, "--conf", json.dumps(PARAMETERS)])


def begin_run(client: Any, settings: Settings, now: datetime) -> str:
    """Ask the environment's Airflow for a run that rebuilds, and give its id.

    Raises:
        CommandError: Airflow refuses it.
    """
    run_id = f"rebuild__{now.isoformat()}"
    body = {"dag_run_id": run_id, "logical_date": None, "conf": PARAMETERS}
    try:
        client.invoke_rest_api(
            Name=settings.mwaa_environment,
            Path=f"/dags/{DAG}/dagRuns",
            Method="POST",
            Body=body,
        )
    except ClientError as error:
        status = error.response.get("RestApiStatusCode")
        if status is None:
            raise
        if status != THERE_ALREADY:
            answer = json.dumps(error.response.get("RestApiResponse"))
            raise CommandError(
                f"Airflow of {settings.mwaa_environment} refuses the run with {status}: {answer}: "
                f"see that the DAG {DAG} is there and that your role may start it"
            ) from error
    return run_id


def print_begun(settings: Settings, run_id: str) -> None:
    """Say what was begun and where one sees how it goes; it takes its time."""
    report = places.report_key(places.run_name(run_id), "html")
    print(f"begun: run {run_id} of {DAG} in the environment {settings.mwaa_environment}")
    print(
        f"how it goes: Airflow's page of {settings.mwaa_environment}, in the console of MWAA in "
        f"{settings.region}; a DAG that is paused begins it when it goes on"
    )
    print(f"its report, at its end: s3://{settings.data_bucket}/{report}")


if __name__ == "__main__":
    # make passes it on: no job is to be left behind then, as at Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
