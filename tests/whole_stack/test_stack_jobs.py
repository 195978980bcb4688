"""Job runs and statements over the whole stack: large objects by S3A, and the endpoint killed."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from commands.airflow_run.artifacts import pack
from commands.stack.describe import make_client
from localaws.stack import Stack
from tests.whole_stack.conftest import BUCKET
from tests.whole_stack.test_operators import ENDLESS_SQL

DEADLINE_SECONDS = 120.0
PARAMETERS = "--conf spark.driver.cores=1 --conf spark.driver.memory=2g"
# Written in parts of 5 MB, in one object; read back by Spark itself.
LARGE = """
import sys
from pyspark.sql import SparkSession, functions as F
spark = SparkSession.builder.getOrCreate()
text = F.sha1(F.col("id").cast("string")).alias("text")
rows = spark.range(1_500_000, numPartitions=1).select("id", text)
rows.write.parquet(sys.argv[1])
# An archive lies where the driver works, and where the executors do.
assert open("ours/text").read() == "packed"
read = lambda _: open("ours/text").read()
assert spark.sparkContext.parallelize([0], 1).map(read).collect() == ["packed"]
found = spark.read.parquet(sys.argv[1]).agg(F.count("*"), F.countDistinct("text")).first()
assert tuple(found) == (1_500_000, 1_500_000), found
"""


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def start_job(
    stack: Stack, job: str, *arguments: str, parameters: str = PARAMETERS
) -> dict[str, str]:
    """Start a job run and give what identifies it."""
    client = make_client(stack, "emr-serverless")
    application = client.list_applications()["applications"][0]["id"]
    started = client.start_job_run(
        applicationId=application,
        executionRoleArn="arn:aws:iam::123456789012:role/music-streaming-job",
        jobDriver={
            "sparkSubmit": {
                "entryPoint": f"s3://{BUCKET}/jobs/{job}",
                "entryPointArguments": list(arguments),
                "sparkSubmitParameters": parameters,
            }
        },
    )
    return {"applicationId": application, "jobRunId": started["jobRunId"]}


def job_run(stack: Stack, job: dict[str, str]) -> Any:
    return make_client(stack, "emr-serverless").get_job_run(**job)["jobRun"]


@pytest.mark.slow
def test_an_object_larger_than_a_part_is_written_and_read_through_s3a(stack: Stack) -> None:
    s3 = make_client(stack, "s3")
    s3.put_object(Bucket=BUCKET, Key="jobs/large.py", Body=LARGE.encode())
    s3.put_object(Bucket=BUCKET, Key="jobs/packed.zip", Body=pack({"text": b"packed"}))

    archives = f" --archives s3://{BUCKET}/jobs/packed.zip#ours"
    job = start_job(stack, "large.py", f"s3://{BUCKET}/large", parameters=PARAMETERS + archives)
    wait_until(lambda: job_run(stack, job)["state"] in ("SUCCESS", "FAILED"))

    assert job_run(stack, job)["state"] == "SUCCESS", job_run(stack, job)["stateDetails"]
    objects = s3.list_objects_v2(Bucket=BUCKET, Prefix="large/")["Contents"]
    (large,) = [entry for entry in objects if entry["Size"] > 5 << 20]
    assert int(large["ETag"].strip('"').partition("-")[2]) > 1  # the number of its parts


def test_what_a_killed_endpoint_cut_off_reads_failed_and_no_job_is_left(stack: Stack) -> None:
    job = start_job(stack, "endless.py")
    redshift = make_client(stack, "redshift-data")
    place = {"WorkgroupName": "music-streaming", "Database": "warehouse"}
    statement = redshift.execute_statement(Sql=ENDLESS_SQL, **place)["Id"]
    wait_until(lambda: job_run(stack, job)["state"] == "RUNNING")
    wait_until(lambda: redshift.describe_statement(Id=statement)["Status"] == "STARTED")
    (pid,) = [line.pid for line in stack.status() if line.service == "endpoint"]
    assert pid is not None
    started = psutil.Process(pid).children(recursive=True)

    os.kill(pid, signal.SIGKILL)
    stack.up()

    assert job_run(stack, job)["state"] == "FAILED"
    assert "stopped while it ran" in job_run(stack, job)["stateDetails"]
    redshift = make_client(stack, "redshift-data")
    assert redshift.describe_statement(Id=statement)["Status"] == "FAILED"
    assert len(started) >= 1
    wait_until(lambda: not any(is_alive(process) for process in started))


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
