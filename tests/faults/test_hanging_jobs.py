"""A Spark job that never ends: the service ends it, or its operator does; the next try succeeds."""

import contextlib
import dataclasses
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from commands.stack.bring_up import bring_up
from commands.stack.describe import describe_stack, make_client
from conf import places
from conf.settings import Settings
from dags.airflow_versions import AirflowException
from dags.spark_job import SparkJobOperator
from dags.systems.bucket import Bucket
from localaws.stack import Stack

pytestmark = pytest.mark.slow
SHORT_MINUTES = (sys.executable, "-m", "tests.faults.short_minutes")
MARK = "faults-endless-job"
ENDLESS = f"import time\nname = '{MARK}'\nwhile True:\n    time.sleep(1)\n"
DEADLINE_SECONDS = 60
CLAIM = f"{places.run_name('daily')}-0123abcd"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Settings]]:
    """A stand-in with short minutes, whose job never ends."""
    described, settings = describe_stack(tmp_path_factory.mktemp("aws"))
    stack = Stack(dataclasses.replace(described.config, endpoint_command=SHORT_MINUTES))
    with contextlib.ExitStack() as left:
        left.callback(stack.down)
        bring_up(stack, settings)
        yield stack, dataclasses.replace(settings, job_timeout_minutes=5)


@pytest.fixture
def operator(service: tuple[Stack, Settings], monkeypatch: pytest.MonkeyPatch) -> SparkJobOperator:
    stack, settings = service
    for name, text in stack.environment().items():
        monkeypatch.setenv(name, text)
    put_job(stack, settings, ENDLESS)
    return SparkJobOperator(task_id="validate_data", settings=settings)


def put_job(stack: Stack, settings: Settings, text: str) -> None:
    bucket = Bucket(make_client(stack, "s3"), settings.data_bucket)
    prefix = settings.artifacts_prefix
    bucket.put(places.job_key(prefix, "validate_data"), text.encode())
    # A zip without a file in it.
    bucket.put(places.package_key(prefix), b"PK\x05\x06" + bytes(18))


def a_context(claim: str) -> dict[str, Any]:
    """Give what Airflow hands a task's try."""
    pulled = {"claim": claim, "run_time": datetime.now(UTC).isoformat()}
    nothing = {"xcom_push": lambda **_: None, "task_id": "validate_data"}
    ti = SimpleNamespace(xcom_pull=lambda **_: pulled, **nothing)
    return {"run_id": "daily", "ti": ti, "task_instance": ti, "params": {}}


def job_states(stack: Stack, claim: str) -> list[str]:
    """Give the states of a claim's job runs, the oldest first, once none is being cancelled."""
    client = make_client(stack, "emr-serverless")
    application = client.list_applications()["applications"][0]["id"]
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        runs = client.list_job_runs(applicationId=application)["jobRuns"]
        ours = [run for run in runs if run["name"].startswith(claim)]
        states = [run["state"] for run in sorted(ours, key=lambda run: run["createdAt"])]
        if "CANCELLING" not in states or time.monotonic() > deadline:
            return states


def processes_left(stack: Stack) -> list[int]:
    """Give what of the stand-in's job runs is alive: their folders are below its state."""
    folder = str(stack.config.state / "endpoint")
    left = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            command = " ".join(process.cmdline())
            if folder in command and ("spark" in command.lower() or "java" in command):
                left.append(process.pid)
    return left


def succeeds_now(service: tuple[Stack, Settings], claim: str) -> None:
    stack, settings = service
    put_job(stack, settings, "print('done')\n")
    patient = dataclasses.replace(settings, job_timeout_minutes=60)
    again = SparkJobOperator(task_id="validate_data", settings=patient)
    output = again.execute(a_context(claim))
    assert output.endswith(f"/staging/claim={claim}/validate_data/attempt=2")


def test_a_job_that_hangs_is_ended_by_the_service(
    service: tuple[Stack, Settings], operator: SparkJobOperator
) -> None:
    stack, _ = service

    with pytest.raises(AirflowException) as caught:
        operator.execute(a_context(CLAIM))

    assert "timed out after 5 minutes" in str(caught.value)
    assert "its log: s3://" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert job_states(stack, CLAIM) == ["CANCELLED"]
    assert processes_left(stack) == []
    succeeds_now(service, CLAIM)
    assert job_states(stack, CLAIM) == ["CANCELLED", "SUCCESS"]


def test_a_job_that_its_operator_waits_for_in_vain_is_cancelled(
    service: tuple[Stack, Settings], operator: SparkJobOperator
) -> None:
    stack, _ = service
    claim = CLAIM.replace("0123abcd", "fedc9876")
    operator.waiter_max_attempts = 4

    with pytest.raises(AirflowException) as caught:
        operator.execute(a_context(claim))

    assert "Job run was cancelled" in str(caught.value)
    assert "its log: s3://" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert job_states(stack, claim) == ["CANCELLED"]
    assert processes_left(stack) == []
    succeeds_now(service, claim)
