"""What StartJobRun refuses, each beside the nearest that it takes."""

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from .emr_service import (
    ENTRY_POINT,
    ROLE,
    Service,
    assert_refused,
    assert_taken,
)

API = "emr-serverless/latest/APIReference/API_StartJobRun.html"
GUIDE = "emr/latest/EMR-Serverless-UserGuide/"


def unchecked(service: Service) -> Any:
    """Give a client that sends what botocore itself would refuse."""
    return boto3.session.Session().client(
        "emr-serverless",
        endpoint_url=f"http://127.0.0.1:{service.config.port}",
        region_name="eu-west-1",
        aws_access_key_id="local",
        aws_secret_access_key="local-secret",
        config=Config(parameter_validation=False, retries={"max_attempts": 0}),
    )


@pytest.mark.rule(
    "applicationId, clientToken and executionRoleArn are required", page=API, group="emr"
)
def test_a_job_run_without_a_role_is_refused(service: Service) -> None:
    application = service.create()
    driver = {"sparkSubmit": {"entryPoint": ENTRY_POINT}}

    with pytest.raises(ClientError) as error:
        unchecked(service).start_job_run(applicationId=application, jobDriver=driver)

    assert "executionRoleArn" in error.value.response["Error"]["Message"]
    assert_taken(service, application, executionRoleArn=ROLE)


@pytest.mark.rule("A client token is 1 to 64 of [A-Za-z0-9._-]", page=API, group="emr")
@pytest.mark.parametrize("token", ["with space", "a/b", "t" * 65])
def test_a_client_token_outside_its_pattern_is_refused(service: Service, token: str) -> None:
    application = service.create()

    assert_refused(service, "clientToken", application_id=application, clientToken=token)
    assert_taken(service, application, clientToken="t" * 64)


@pytest.mark.rule("Ids are 1 to 64 of [0-9a-z]", page=API, group="emr")
def test_an_id_with_a_capital_is_refused(service: Service) -> None:
    application = service.create()

    assert_refused(service, "applicationId", application_id="00ABC")
    assert_taken(service, application)


@pytest.mark.rule("A job run has at most 1,024 arguments", page=API, group="emr")
def test_more_than_1024_arguments_are_refused(service: Service) -> None:
    application = service.create()

    with pytest.raises(ClientError) as error:
        service.start(application, *["a"] * 1025)

    assert error.value.response["Error"]["Code"] == "ValidationException"
    assert service.start(application, *["a"] * 1024)


@pytest.mark.rule("sparkSubmitParameters has at most 102,400 characters", page=API, group="emr")
def test_too_long_parameters_are_refused(service: Service) -> None:
    application = service.create()
    beginning = "--conf spark.note="
    longest = beginning + "x" * (102_400 - len(beginning))

    assert_refused(service, "102400", application_id=application, parameters=longest + "x")
    assert_taken(service, application, parameters=longest)


@pytest.mark.rule("executionRoleArn is the ARN of an IAM role", page=API, group="emr")
@pytest.mark.parametrize("role", ["arn:aws:iam::123456789012:user/job", "a-role-without-an-arn"])
def test_a_role_arn_that_is_none_is_refused(service: Service, role: str) -> None:
    application = service.create()

    assert_refused(service, "executionRoleArn", application_id=application, executionRoleArn=role)
    assert_taken(service, application, executionRoleArn="arn:aws:iam::123456789012:role/a/path/job")


@pytest.mark.rule("executionTimeoutMinutes is 1 to 10,080, 720 by default", page=API, group="emr")
@pytest.mark.parametrize("minutes", [0, 10_081])
def test_a_timeout_of_0_or_above_seven_days_is_refused(service: Service, minutes: int) -> None:
    application = service.create()

    assert_refused(
        service, "between 1 and 10080", application_id=application, executionTimeoutMinutes=minutes
    )
    for taken in (1, 10_080):
        assert_taken(service, application, executionTimeoutMinutes=taken)


@pytest.mark.rule(
    "retryPolicy.maxAttempts is 1 to 10", page=GUIDE + "jobs-resiliency.html", group="emr"
)
def test_more_than_ten_attempts_are_refused(service: Service) -> None:
    application = service.create()

    assert_refused(service, "1 and 10", application_id=application, retryPolicy={"maxAttempts": 11})
    assert_taken(service, application, retryPolicy={"maxAttempts": 10})


@pytest.mark.rule(
    "retryPolicy needs release 7.1.0", page=GUIDE + "jobs-resiliency.html", group="emr"
)
def test_a_retry_policy_on_an_older_release_is_refused(service: Service) -> None:
    older, newer = (
        service.create(releaseLabel="emr-7.0.0"),
        service.create(releaseLabel="emr-7.1.0"),
    )

    assert_refused(service, "7.1.0", application_id=older, retryPolicy={"maxAttempts": 2})
    assert_taken(service, newer, retryPolicy={"maxAttempts": 2})


@pytest.mark.rule(
    "maxFailedAttemptsPerHour is for streaming only",
    page="emr-serverless/latest/APIReference/API_RetryPolicy.html",
    group="emr",
)
def test_a_streaming_retry_policy_on_a_batch_is_refused(service: Service) -> None:
    application = service.create()

    assert_refused(
        service,
        "STREAMING",
        application_id=application,
        retryPolicy={"maxFailedAttemptsPerHour": 2},
    )
    assert_refused(service, "not supported", application_id=application, mode="STREAMING")
    assert_taken(service, application, retryPolicy={"maxAttempts": 2}, mode="BATCH")


@pytest.mark.rule("The entry point is on S3", page=GUIDE + "jobs-spark.html", group="emr")
@pytest.mark.parametrize(
    "entry_point", ["job.py", "/jobs/job.py", "file:///jobs/job.py", "hdfs://a/b.py", "s3://bucket"]
)
def test_an_entry_point_that_is_not_on_s3_is_refused(service: Service, entry_point: str) -> None:
    application = service.create()
    local = {"sparkSubmit": {"entryPoint": entry_point}}
    on_s3 = {"sparkSubmit": {"entryPoint": "s3a://code/job.py"}}

    assert_refused(service, "on S3", application_id=application, jobDriver=local)
    assert_taken(service, application, jobDriver=on_s3)


@pytest.mark.rule(
    "A job driver of a Spark application is sparkSubmit",
    page=GUIDE + "jobs-spark.html",
    group="emr",
)
def test_a_hive_query_on_a_spark_application_is_refused(service: Service) -> None:
    application = service.create()

    assert_refused(
        service,
        "sparkSubmit",
        application_id=application,
        jobDriver={"hive": {"query": "s3://code/a.sql"}},
    )
    assert_taken(service, application)
