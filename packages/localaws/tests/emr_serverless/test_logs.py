"""Where a driver's output goes."""

import gzip
from typing import Any

import pytest

from localaws.emr_serverless.logs import describe_failure

from .emr_service import Service

PAGE = "emr/latest/EMR-Serverless-UserGuide/logging.html"


def to_s3(uri: str) -> dict[str, Any]:
    return {"monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": uri}}}


def read_log(s3: Any, key: str) -> str:
    return gzip.decompress(s3.get_object(Bucket="logs", Key=key)["Body"].read()).decode()


@pytest.mark.rule(
    "Driver logs are <logUri>/applications/<id>/jobs/<id>/SPARK_DRIVER/stdout.gz and stderr.gz",
    page=PAGE,
    group="emr",
)
def test_driver_output_goes_to_s3_compressed(service: Service, s3: Any) -> None:
    application = service.create()

    run_id = service.start(
        application, "stderr=a warning", configurationOverrides=to_s3("s3://logs/a/prefix/")
    )
    service.wait(application, run_id, "SUCCESS")

    folder = f"a/prefix/applications/{application}/jobs/{run_id}/SPARK_DRIVER"
    assert read_log(s3, f"{folder}/stderr.gz") == "a warning\n"
    assert "argument: s3://code/job.py\n" in read_log(s3, f"{folder}/stdout.gz")


@pytest.mark.rule(
    "Logs of a job run that may be tried again lie under attempts/<n>",
    page="emr/latest/EMR-Serverless-UserGuide/jobs-resiliency.html",
    group="emr",
)
def test_each_attempt_has_logs_of_its_own(service: Service, s3: Any) -> None:
    application = service.create()

    run_id = service.start(
        application,
        "stderr=again",
        "exit=1",
        retryPolicy={"maxAttempts": 2},
        configurationOverrides=to_s3("s3://logs"),
    )
    service.wait(application, run_id, "FAILED")

    folder = f"applications/{application}/jobs/{run_id}"
    for number in (1, 2):
        key = f"{folder}/attempts/{number}/SPARK_DRIVER/stderr.gz"
        assert read_log(s3, key) == "again\n"
    listed = s3.list_objects_v2(Bucket="logs", Prefix=f"{folder}/SPARK_DRIVER")
    assert listed["KeyCount"] == 0


def test_an_application_says_where_logs_go_unless_the_job_run_does(
    service: Service, s3: Any
) -> None:
    application = service.create(
        monitoringConfiguration=to_s3("s3://logs/app")["monitoringConfiguration"]
    )

    inherited = service.start(application)
    own = service.start(application, configurationOverrides=to_s3("s3://logs/own"))
    for run_id in (inherited, own):
        service.wait(application, run_id, "SUCCESS")

    assert read_log(s3, f"app/applications/{application}/jobs/{inherited}/SPARK_DRIVER/stdout.gz")
    assert read_log(s3, f"own/applications/{application}/jobs/{own}/SPARK_DRIVER/stdout.gz")


def test_logs_that_cannot_be_put_do_not_fail_a_job_run(service: Service) -> None:
    application = service.create()

    run_id = service.start(application, configurationOverrides=to_s3("s3://no-such-bucket/a"))

    assert service.wait(application, run_id)["state"] == "SUCCESS"


@pytest.mark.rule(
    "CloudWatch gets driver stdout and stderr, in /aws/emr-serverless unless a group is named",
    page=PAGE,
    group="emr",
)
def test_driver_output_goes_to_cloudwatch(service: Service) -> None:
    application = service.create()

    def overrides(**members: Any) -> dict[str, Any]:
        settings = {"enabled": True, **members}
        return {"monitoringConfiguration": {"cloudWatchLoggingConfiguration": settings}}

    by_default = service.start(application, "stderr=a line", configurationOverrides=overrides())
    named = service.start(
        application,
        "stderr=a line",
        configurationOverrides=overrides(
            logGroupName="/a/group",
            logStreamNamePrefix="prefix",
            logTypes={"SPARK_DRIVER": ["STDERR"]},
        ),
    )
    for run_id in (by_default, named):
        service.wait(application, run_id, "SUCCESS")

    client = service.client("logs")
    stream = f"/applications/{application}/jobs/{by_default}/SPARK_DRIVER/stderr"
    events = client.get_log_events(logGroupName="/aws/emr-serverless", logStreamName=stream)
    streams = client.describe_log_streams(logGroupName="/a/group")["logStreams"]
    assert [event["message"] for event in events["events"]] == ["a line"]
    assert [each["logStreamName"] for each in streams] == [
        f"prefix/applications/{application}/jobs/{named}/SPARK_DRIVER/stderr"
    ]


def test_a_failure_is_told_by_its_exceptions_the_last_first() -> None:
    stdout = (
        "reading\nTraceback (most recent call last):\n  File x\na.b.QueryException: [PATH] gone\n"
    )
    stderr = "26/11/24 16:33:03 INFO SparkContext: stopped\nCaused by: java.io.IOException: disk\n"

    details = describe_failure(1, stdout, stderr)

    assert details.endswith(
        "ExitCode: 1. Last few exceptions: a.b.QueryException: [PATH] gone\n"
        "Caused by: java.io.IOException: disk"
    )


def test_a_failure_without_an_exception_is_told_by_its_last_lines() -> None:
    stderr = "26/11/24 16:33:03 INFO SparkContext: stopped\n"

    details = describe_failure(2, "first\nsecond\nthird\nrefused: no such claim\n", stderr)

    assert details.endswith("exceptions: refused: no such claim\nthird\nsecond")


def test_a_long_failure_is_cut() -> None:
    details = describe_failure(1, f"ValueError: {'x' * 5000}", "")

    assert details.endswith("x...")
    assert len(details) < 1024


def test_a_driver_that_was_killed_has_the_exit_code_of_a_container() -> None:
    assert describe_failure(-9, "", "").startswith("Job failed, please check complete logs")
    assert "ExitCode: 137." in describe_failure(-9, "", "")
