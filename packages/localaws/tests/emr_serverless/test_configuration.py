"""Which setting wins."""

from typing import Any

import pytest

from localaws.emr_serverless.configuration import monitoring, spark_properties

PAGE = "emr/latest/EMR-Serverless-UserGuide/default-configs.html"


def an_application(**properties: str) -> dict[str, Any]:
    named = {name.replace("_", "."): text for name, text in properties.items()}
    return {"runtimeConfiguration": [{"classification": "spark-defaults", "properties": named}]}


def a_request(parameters: str = "--verbose", **properties: str) -> dict[str, Any]:
    named = {name.replace("_", "."): text for name, text in properties.items()}
    overrides = [{"classification": "spark-defaults", "properties": named}] if named else []
    return {
        "jobDriver": {
            "sparkSubmit": {"entryPoint": "s3://a/b", "sparkSubmitParameters": parameters}
        },
        "configurationOverrides": {"applicationConfiguration": overrides},
    }


@pytest.mark.rule(
    "sparkSubmitParameters win over the job's overrides, these over the application's",
    page=PAGE,
    group="emr",
)
def test_parameters_win_over_overrides_over_the_application() -> None:
    properties = spark_properties(
        an_application(spark_a="app", spark_b="app", spark_c="app"),
        a_request("--conf spark.a=parameters", spark_a="job", spark_b="job"),
        "emr-spark-8.1.0",
    )

    assert properties == {"spark.a": "parameters", "spark.b": "job", "spark.c": "app"}


@pytest.mark.rule(
    "Until 8.0 a job's classification replaces the application's, since 8.1 they merge",
    page=PAGE,
    group="emr",
)
@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("emr-7.14.0", {"spark.b": "job"}),
        ("emr-spark-8.0.0", {"spark.b": "job"}),
        ("emr-spark-8.1.0", {"spark.a": "app", "spark.b": "job"}),
    ],
)
def test_an_application_is_replaced_or_merged_by_release(
    release: str, expected: dict[str, str]
) -> None:
    assert spark_properties(an_application(spark_a="app"), a_request(spark_b="job"), release) == (
        expected
    )


def test_without_overrides_the_application_counts_on_every_release() -> None:
    for release in ("emr-6.6.0", "emr-spark-8.0.0", "emr-spark-8.1.0"):
        properties = spark_properties(an_application(spark_a="app"), a_request(), release)
        assert properties == {"spark.a": "app"}


def test_monitoring_of_a_job_run_goes_before_its_applications() -> None:
    to_s3 = {"s3MonitoringConfiguration": {"logUri": "s3://logs"}}
    to_cloudwatch = {"cloudWatchLoggingConfiguration": {"enabled": True}}
    own = {"configurationOverrides": {"monitoringConfiguration": to_cloudwatch}}

    assert monitoring({"monitoringConfiguration": to_s3}, own) == to_s3 | to_cloudwatch
    assert monitoring({"monitoringConfiguration": to_s3}, {}) == to_s3
