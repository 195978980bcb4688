"""What StartJobRun refuses of Spark: files, options, sizes, classifications."""

from typing import Any

import pytest

from .emr_service import Service, assert_refused, assert_taken

GUIDE = "emr/latest/EMR-Serverless-UserGuide/"


@pytest.mark.rule(
    "--packages needs a way to the internet, which an application has not by itself",
    page=GUIDE + "vpc-access.html",
    group="emr",
)
@pytest.mark.parametrize(
    "parameters",
    ["--packages org.postgresql:postgresql:42.7.14", "--conf spark.jars.packages=a:b:1"],
)
def test_packages_are_refused_and_a_jar_on_s3_is_taken(service: Service, parameters: str) -> None:
    application = service.create()

    assert_refused(service, "--jars", application_id=application, parameters=parameters)
    assert_taken(service, application, parameters="--jars s3://code/postgresql-42.7.14.jar")


@pytest.mark.rule(
    "Python files, jars and archives are on S3",
    page=GUIDE + "using-python-libraries.html",
    group="emr",
)
@pytest.mark.parametrize(
    "parameters", ["--py-files jobs.zip", "--jars=/a.jar", "--conf spark.archives=env.tar.gz#env"]
)
def test_files_that_are_not_on_s3_are_refused(service: Service, parameters: str) -> None:
    application = service.create()

    assert_refused(service, "on S3", application_id=application, parameters=parameters)
    assert_taken(
        service,
        application,
        parameters="--py-files s3://code/a.zip,s3://code/b.zip --jars=s3://code/a.jar",
    )


@pytest.mark.rule(
    "sparkSubmitParameters are options of spark-submit", page=GUIDE + "jobs-spark.html", group="emr"
)
@pytest.mark.parametrize(
    "parameters", ["--conf 'spark.a=b", "--conf spark.a", "stray", "--no-such-option 1", "--class"]
)
def test_parameters_that_are_no_options_are_refused(service: Service, parameters: str) -> None:
    application = service.create()

    assert_refused(
        service, "sparkSubmitParameters", application_id=application, parameters=parameters
    )
    assert_taken(service, application, parameters="--conf 'spark.a=b c' --class org.a.B -v")


@pytest.mark.rule(
    "Workers come in the sizes of AWS's table, overhead included",
    page=GUIDE + "app-behavior.html",
    group="emr",
)
@pytest.mark.parametrize(
    "parameters",
    [
        "--conf spark.driver.cores=3",
        "--conf spark.driver.memory=28g",
        "--executor-memory 8g --executor-cores 1",
        "--conf spark.executor.memory=2g",
        "--conf spark.driver.memory=much",
        "--conf spark.emr-serverless.driver.disk=201g",
    ],
)
def test_a_worker_size_that_there_is_not_is_refused(service: Service, parameters: str) -> None:
    application = service.create()

    assert_refused(service, "worker", application_id=application, parameters=parameters)
    assert_taken(
        service,
        application,
        parameters="--driver-memory 27g --executor-cores 1 --executor-memory 6g",
    )


@pytest.mark.rule(
    "Logs go to S3", page="emr/latest/EMR-Serverless-UserGuide/logging.html", group="emr"
)
def test_a_log_uri_that_is_not_on_s3_is_refused(service: Service) -> None:
    application = service.create()

    def overrides(uri: str) -> dict[str, Any]:
        return {"monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": uri}}}

    assert_refused(
        service,
        "logUri",
        application_id=application,
        configurationOverrides=overrides("/var/log"),
    )
    assert_taken(service, application, configurationOverrides=overrides("s3://code/logs/"))


@pytest.mark.rule(
    "Classifications are those of Spark on EMR Serverless",
    page="emr/latest/EMR-Serverless-UserGuide/default-configs.html",
    group="emr",
)
def test_an_unknown_classification_is_refused(service: Service) -> None:
    application = service.create()

    def overrides(name: str) -> dict[str, Any]:
        return {"applicationConfiguration": [{"classification": name, "properties": {}}]}

    assert_refused(
        service,
        "yarn-site",
        application_id=application,
        configurationOverrides=overrides("yarn-site"),
    )
    assert_taken(service, application, configurationOverrides=overrides("spark-defaults"))


@pytest.mark.rule(
    "Tag keys that begin with aws: are AWS's own",
    page="emr/latest/EMR-Serverless-UserGuide/tagging.html",
    group="emr",
)
def test_tags_of_aws_are_refused(service: Service) -> None:
    application = service.create()

    assert_refused(service, "aws:", application_id=application, tags={"aws:team": "a"})
    assert_taken(service, application, tags={"awsteam": "a"})
