"""What StartJobRun refuses beyond the API's model."""

import re
from collections.abc import Mapping
from typing import Any

from localaws.emr_serverless.configuration import parameters_of, spark_properties
from localaws.emr_serverless.records import Application
from localaws.emr_serverless.releases import read_release
from localaws.emr_serverless.submit_parameters import FILE_PROPERTIES, ParametersError
from localaws.emr_serverless.worker_sizes import SizeError, Workers, read_workers
from localaws.endpoint.service import ServiceError

DEFAULT_TIMEOUT_MINUTES = 720
LONGEST_TIMEOUT_MINUTES = 10_080
MOST_ATTEMPTS = 10
MOST_TAGS = 50
GRACE_SECONDS = (15, 1800)
FIRST_RETRYING_RELEASE = (7, 1)
CLASSIFICATIONS = (
    "spark-defaults",
    "spark-driver-log4j2",
    "spark-executor-log4j2",
    "spark-metrics",
    "hive-site",
    "emrfs-site",
    "core-site",
)
S3_OBJECT = re.compile(r"s3a?://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S.*")
S3_FOLDER = re.compile(r"s3a?://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")


def refuse(message: str) -> ServiceError:
    """Give the error of an input that the service does not take."""
    return ServiceError("ValidationException", message)


def check_start(application: Application, request: Mapping[str, Any]) -> None:
    """Refuse a job run that the service would not take.

    Raises:
        ServiceError: ValidationException, saying what to write instead.
    """
    check_timeout(request.get("executionTimeoutMinutes"))
    check_mode(application.release, request)
    check_driver(request)
    check_configurations(
        request.get("configurationOverrides", {}).get("applicationConfiguration", [])
    )
    check_monitoring(request.get("configurationOverrides", {}).get("monitoringConfiguration", {}))
    check_tags(request.get("tags", {}))
    check_parameters(application, request)


def check_timeout(minutes: int | None) -> None:
    """Refuse a timeout that is not between a minute and seven days."""
    if minutes is not None and not 1 <= minutes <= LONGEST_TIMEOUT_MINUTES:
        raise refuse(
            f"executionTimeoutMinutes must be between 1 and {LONGEST_TIMEOUT_MINUTES} for BATCH "
            f"mode job runs. Found: {minutes}"
        )


def check_mode(release: str, request: Mapping[str, Any]) -> None:
    """Refuse retries that a batch job cannot have, and modes that do not run here."""
    if request.get("mode", "BATCH") != "BATCH":
        raise refuse("STREAMING mode is not supported by the local AWS")
    policy = request.get("retryPolicy", {})
    if "maxFailedAttemptsPerHour" in policy:
        raise refuse("maxFailedAttemptsPerHour is only applicable for STREAMING mode")
    if policy.get("maxAttempts", 1) > MOST_ATTEMPTS:
        raise refuse(f"retryPolicy.maxAttempts must be between 1 and {MOST_ATTEMPTS}")
    if policy and read_release(release) < FIRST_RETRYING_RELEASE:
        raise refuse(f"retryPolicy needs release emr-7.1.0 or higher, not {release}")


def check_driver(request: Mapping[str, Any]) -> None:
    """Refuse a job driver that is not of Spark, or whose program is not on S3."""
    driver = request.get("jobDriver", {})
    if "hive" in driver or "sparkSubmit" not in driver:
        raise refuse("jobDriver must have sparkSubmit for an application of type Spark")
    entry_point = driver["sparkSubmit"]["entryPoint"]
    if not S3_OBJECT.fullmatch(entry_point):
        raise refuse(f"entryPoint must be an object on S3 (s3://bucket/key). Found: {entry_point}")


def check_parameters(application: Application, request: Mapping[str, Any]) -> None:
    """Refuse spark-submit's options and properties that cannot be followed on the service."""
    try:
        parameters = parameters_of(request)
    except ParametersError as error:
        raise refuse(f"sparkSubmitParameters: {error}") from error
    properties = spark_properties(application.settings, request, application.release)
    if "spark.jars.packages" in properties:
        raise refuse(
            "--packages downloads on every run, and the service's network has no way to a "
            "repository: put the jar on S3 and name it with --jars"
        )
    named = [properties[name] for name in FILE_PROPERTIES if name in properties]
    for uri in (*parameters.files, *(uri for uris in named for uri in uris.split(","))):
        if not S3_OBJECT.fullmatch(uri.partition("#")[0]):
            raise refuse(f"files must be on S3 (s3://bucket/key). Found: {uri}")
    workers_of(properties)


def workers_of(properties: Mapping[str, str]) -> Workers:
    """Read the workers of a job run, or refuse their sizes."""
    try:
        return read_workers(properties)
    except ValueError as error:
        reason = str(error) if isinstance(error, SizeError) else "a factor that is no number"
        raise refuse(f"Unsupported worker configuration: {reason}") from error


def check_configurations(configurations: list[dict[str, Any]]) -> None:
    """Refuse a classification that the service does not know."""
    for configuration in configurations:
        name = configuration["classification"]
        if name not in CLASSIFICATIONS:
            raise refuse(
                f"Classification {name} is not supported, only {', '.join(CLASSIFICATIONS)}"
            )


def check_monitoring(monitoring: Mapping[str, Any]) -> None:
    """Refuse a place for logs that is not on S3."""
    uri = monitoring.get("s3MonitoringConfiguration", {}).get("logUri")
    if uri is not None and not S3_FOLDER.fullmatch(uri):
        raise refuse(f"logUri must be on S3 (s3://bucket/prefix). Found: {uri}")


def check_tags(tags: Mapping[str, str]) -> None:
    """Refuse names that AWS keeps for itself, and too many tags."""
    if any(name.lower().startswith("aws:") for name in tags):
        raise refuse("Tag keys must not begin with aws:")
    if len(tags) > MOST_TAGS:
        raise refuse(f"A resource has at most {MOST_TAGS} tags. Found: {len(tags)}")


def check_grace_period(seconds: int | None) -> float | None:
    """Refuse a grace period that is neither none nor between 15 seconds and half an hour."""
    least, most = GRACE_SECONDS
    if seconds and not least <= seconds <= most:
        raise refuse(
            f"shutdownGracePeriodInSeconds must be 0 or between {least} and {most}. "
            f"Found: {seconds}"
        )
    return seconds or None
