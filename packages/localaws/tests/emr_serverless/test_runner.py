"""What happens to the processes of a job run: cancelled, timed out, tried again, cut."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from localaws.endpoint.moto_services import MotoServices

from ..stack_watching import commands_of
from .emr_service import Service, a_config, serve, wait_until

# A service of its own process, which a test can kill: it starts one job run and says so.
OWN_PROCESS = """
import sys, time
from pathlib import Path
from localaws.endpoint.config import read_config
from localaws.emr_serverless.api import EmrServerless
emr = EmrServerless(read_config(Path(sys.argv[1])))
application = emr.operations["CreateApplication"](
    {"releaseLabel": "emr-spark-8.1.0", "type": "SPARK", "clientToken": "a"}
)["applicationId"]
driver = {"entryPoint": "s3://code/job.py", "entryPointArguments": sys.argv[2:]}
run = emr.operations["StartJobRun"]({
    "applicationId": application,
    "clientToken": "b",
    "executionRoleArn": "arn:aws:iam::123456789012:role/job",
    "jobDriver": {"sparkSubmit": driver},
})["jobRunId"]
print(application, run, flush=True)
time.sleep(600)
"""


def read_pid(path: Path) -> int:
    return int(wait_until(lambda: path.exists() and path.read_text(), f"{path.name} is written"))


def is_gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_a_cancelled_job_run_leaves_no_process_not_even_in_a_session_of_its_own(
    service: Service, fifo: Path, tmp_path: Path
) -> None:
    application = service.create()
    child = tmp_path / "child"
    run_id = service.start(application, f"child={child}", f"wait={fifo}")
    pid = read_pid(child)
    names = {"applicationId": application, "jobRunId": run_id}

    service.client().cancel_job_run(**names)

    assert service.wait(application, run_id)["state"] == "CANCELLED"
    assert is_gone(pid)


@pytest.mark.slow
def test_a_job_run_that_does_not_listen_is_killed(service: Service, fifo: Path) -> None:
    application = service.create()
    run_id = service.start(application, "stubborn", f"wait={fifo}")
    service.wait(application, run_id, "RUNNING")

    service.client().cancel_job_run(applicationId=application, jobRunId=run_id)

    assert service.wait(application, run_id, "CANCELLING", "CANCELLED")
    assert service.wait(application, run_id)["state"] == "CANCELLED"


def test_what_a_job_run_left_behind_ends_with_it(service: Service, tmp_path: Path) -> None:
    application = service.create()
    child = tmp_path / "child"

    run = service.wait(application, service.start(application, f"child={child}"))

    assert run["state"] == "SUCCESS"
    assert is_gone(read_pid(child))


@pytest.mark.rule(
    "A job run that is longer than executionTimeoutMinutes is cancelled",
    page="emr-serverless/latest/APIReference/API_StartJobRun.html",
    group="emr",
)
def test_a_job_run_beyond_its_timeout_is_cancelled_and_says_so(
    start_service: Callable[..., Service], fifo: Path
) -> None:
    service = start_service(minute_seconds=0.5)
    application = service.create()

    late = service.wait(
        application, service.start(application, f"wait={fifo}", executionTimeoutMinutes=1)
    )
    in_time = service.wait(application, service.start(application, executionTimeoutMinutes=60))

    assert late["state"] == "CANCELLED"
    assert late["stateDetails"] == "Job execution timed out after 1 minutes."
    assert in_time["state"] == "SUCCESS"


@pytest.mark.rule(
    "A failed batch is tried again up to maxAttempts, from the beginning",
    page="emr/latest/EMR-Serverless-UserGuide/jobs-resiliency.html",
    group="emr",
)
def test_a_failed_attempt_is_followed_by_the_next_until_one_succeeds(
    service: Service, tmp_path: Path
) -> None:
    application = service.create()
    words = ("stderr=OSError: flaky", f"once={tmp_path / 'once'}")

    run_id = service.start(application, *words, retryPolicy={"maxAttempts": 3})
    run = service.wait(application, run_id)
    attempts = service.client().list_job_run_attempts(applicationId=application, jobRunId=run_id)[
        "jobRunAttempts"
    ]

    assert run["state"] == "SUCCESS"
    assert run["attempt"] == 2
    assert [(each["attempt"], each["state"]) for each in attempts] == [
        (2, "SUCCESS"),
        (1, "FAILED"),
    ]
    first = service.get(application, run_id, attempt=1)
    assert first["state"] == "FAILED"
    assert "OSError: flaky" in first["stateDetails"]


def test_the_last_attempt_decides_and_by_default_there_is_one(service: Service) -> None:
    application = service.create()

    twice = service.wait(
        application, service.start(application, "exit=1", retryPolicy={"maxAttempts": 2})
    )
    once = service.wait(application, service.start(application, "exit=1"))

    assert (twice["state"], twice["attempt"]) == ("FAILED", 2)
    assert (once["state"], once["attempt"]) == ("FAILED", 1)


def test_a_spark_submit_that_is_not_there_fails_the_job_run(
    tmp_path: Path, moto_services: MotoServices, s3_endpoint: str
) -> None:
    config = a_config(tmp_path, port=0, s3_endpoint=s3_endpoint)
    missing = replace(config, spark=replace(config.spark, spark_submit="/missing/spark-submit"))
    service = serve(missing, moto_services, tmp_path)
    try:
        application = service.create()
        run = service.wait(application, service.start(application))
    finally:
        service.stop()

    assert run["state"] == "FAILED"
    assert "ExitCode: 1." in run["stateDetails"]
    assert "/missing/spark-submit" in run["stateDetails"]


def test_a_killed_service_takes_its_job_run_along_and_reads_failed_afterwards(
    tmp_path: Path, fifo: Path, moto_services: MotoServices, s3_endpoint: str
) -> None:
    config = a_config(tmp_path, port=1, s3_endpoint=s3_endpoint)
    written = tmp_path / "config.json"
    written.write_text(config.to_json())
    child = tmp_path / "child"
    process = subprocess.Popen(
        [sys.executable, "-c", OWN_PROCESS, str(written), f"child={child}", f"wait={fifo}"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        application, run_id = process.stdout.readline().split()
        pid = read_pid(child)
        process.kill()
    wait_until(lambda: is_gone(pid), "the job's processes end")

    service = serve(replace(config, port=0), moto_services, tmp_path)
    try:
        run = service.get(application, run_id)
        again = service.wait(application, service.start(application))
    finally:
        service.stop()

    assert run["state"] == "FAILED"
    assert run["stateDetails"] == "Job failed: the service was stopped while it ran."
    assert again["state"] == "SUCCESS"


def test_a_stopped_service_ends_its_job_runs_and_keeps_all_others(
    start_service: Callable[..., Service],
    tmp_path: Path,
    fifo: Path,
    moto_services: MotoServices,
) -> None:
    before = start_service()
    application = before.create()
    done = before.start(application)
    before.wait(application, done, "SUCCESS")
    cut = before.start(application, f"wait={fifo}")
    before.wait(application, cut, "RUNNING")
    before.stop()

    after = serve(replace(before.config, port=0), moto_services, tmp_path)
    try:
        states = [after.get(application, run_id)["state"] for run_id in (done, cut)]
    finally:
        after.stop()

    assert states == ["SUCCESS", "FAILED"]


def test_an_orphan_is_ended_by_pid_and_start_time(
    start_service: Callable[..., Service], fifo: Path, tmp_path: Path, moto_services: MotoServices
) -> None:
    """The launcher itself is stopped here, so that only the record of it is left."""
    service = start_service()
    application = service.create()
    run_id = service.start(application, f"wait={fifo}")
    service.wait(application, run_id, "RUNNING")
    launcher = wait_until(
        lambda: [
            each
            for each in psutil.Process().children()
            if any(run_id in " ".join(command) for command in commands_of([each]))
        ],
        "the launcher runs",
    )[0]
    os.kill(launcher.pid, signal.SIGSTOP)

    after = serve(replace(service.config, port=0), moto_services, tmp_path)
    try:
        assert service.wait(application, run_id)["state"] == "FAILED"
        assert is_gone(launcher.pid)
    finally:
        after.stop()
