"""Where the driver's output goes: files here, then S3 and CloudWatch as the job run asks."""

import gzip
import logging
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from localaws.emr_serverless.records import JobRun
from localaws.emr_serverless.secrets import redact
from localaws.endpoint.config import EndpointConfig

log = logging.getLogger(__name__)

STREAMS = ("stdout", "stderr")
DEFAULT_LOG_GROUP = "/aws/emr-serverless"
EVENTS_PER_CALL = 1000
LONGEST_EVENT = 200_000
TAIL_BYTES = 65_536
LONGEST_EXCEPTIONS = 700
QUIET = re.compile(r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d (INFO|WARN|DEBUG) ")  # Spark's own log
FAILURE = "Job failed, please check complete logs in configured logging destination."
EXCEPTION = re.compile(
    r"(Caused by: |Exception in thread |[\w.$]*(Error|Exception|SystemExit)\b).*"
)


def attempt_folder(config: EndpointConfig, run: JobRun, number: int) -> Path:
    """Give the folder of an attempt: its output, its properties, its scratch space."""
    return config.folder / "job_runs" / run.id / f"attempt-{number}"


def read_tail(path: Path, values: Iterable[str] = ()) -> str:
    """Read the end of a file, without secrets; empty where there is no file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL_BYTES))
            return redact(file.read().decode(errors="replace"), values)
    except FileNotFoundError:
        return ""


def remove_secrets(folder: Path, values: Iterable[str]) -> None:
    """Take the secrets out of what a driver wrote, once it has ended."""
    if not values:
        return
    for stream in STREAMS:
        path = folder / stream
        path.write_text(redact(path.read_text(errors="replace"), values))


def describe_failure(exit_code: int, stdout: str, stderr: str) -> str:
    """Give stateDetails: the exit code and the last exceptions, else the last lines.

    Spark writes what a Python program says on stderr into its own stdout.
    """
    shown_code = exit_code if exit_code >= 0 else 128 - exit_code  # a container's, of a signal
    lines = [line.strip() for line in (stderr + "\n" + stdout).splitlines() if line.strip()]
    exceptions = [line for line in lines if EXCEPTION.match(line)]
    chosen = exceptions[-3:] or [line for line in lines if not QUIET.match(line)][-3:]
    text = "\n".join(reversed(list(dict.fromkeys(chosen))))
    shown = text if len(text) <= LONGEST_EXCEPTIONS else f"{text[:LONGEST_EXCEPTIONS]}..."
    return f"{FAILURE} ExitCode: {shown_code}. Last few exceptions: {shown}".rstrip()


def publish(
    config: EndpointConfig, run: JobRun, folder: Path, monitoring: Mapping[str, Any]
) -> None:
    """Send the output of an attempt that has ended to where it belongs.

    A place that does not take it is a warning: the job run's state does not depend on it.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    to_s3 = monitoring.get("s3MonitoringConfiguration", {}).get("logUri")
    to_cloudwatch = monitoring.get("cloudWatchLoggingConfiguration", {})
    try:
        if to_s3:
            put_to_s3(config, run, folder, to_s3)
        if to_cloudwatch.get("enabled"):
            put_to_cloudwatch(config, run, folder, to_cloudwatch)
    except (BotoCoreError, ClientError) as error:
        log.warning("the output of job run %s was not published: %s", run.id, error)


def place_of(run: JobRun) -> str:
    """Give the path of a driver's output; one that may be tried again has it by attempt."""
    attempt = f"/attempts/{run.attempt.number}" if run.max_attempts > 1 else ""
    return f"applications/{run.application_id}/jobs/{run.id}{attempt}/SPARK_DRIVER"


def put_to_s3(config: EndpointConfig, run: JobRun, folder: Path, uri: str) -> None:
    """Put both streams, compressed."""
    bucket, _, prefix = uri.partition("://")[2].partition("/")
    client = connect(config, "s3", config.s3_endpoint)
    for stream in STREAMS:
        key = "/".join(part for part in (prefix.strip("/"), place_of(run), f"{stream}.gz") if part)
        body = gzip.compress((folder / stream).read_bytes())
        client.put_object(Bucket=bucket, Key=key, Body=body)


def put_to_cloudwatch(
    config: EndpointConfig, run: JobRun, folder: Path, settings: Mapping[str, Any]
) -> None:
    """Put the streams that are asked for, a log stream each."""
    client = connect(config, "logs", f"http://127.0.0.1:{config.port}")
    group = settings.get("logGroupName", DEFAULT_LOG_GROUP)
    prefix = settings.get("logStreamNamePrefix", "").rstrip("/")
    wanted = settings.get("logTypes", {"SPARK_DRIVER": ["STDOUT", "STDERR"]})
    create(client.create_log_group, logGroupName=group)
    for stream in STREAMS:
        if stream.upper() not in wanted.get("SPARK_DRIVER", []):
            continue
        names = {"logGroupName": group, "logStreamName": f"{prefix}/{place_of(run)}/{stream}"}
        create(client.create_log_stream, **names)
        for events in read_events(folder / stream):
            client.put_log_events(**names, logEvents=events)


def create(operation: Any, **names: str) -> None:
    """Create what may be there already."""
    from botocore.exceptions import ClientError

    try:
        operation(**names)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
            raise


def read_events(path: Path) -> Iterator[list[dict[str, Any]]]:
    """Read a file as log events, in groups that one call takes."""
    now = int(time.time() * 1000)
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    for start in range(0, len(lines), EVENTS_PER_CALL):
        yield [
            {"timestamp": now, "message": line[:LONGEST_EVENT]}
            for line in lines[start : start + EVENTS_PER_CALL]
        ]


def connect(config: EndpointConfig, service: str, endpoint: str) -> Any:
    """Give a client that gives up soon: a job run waits for it."""
    import boto3
    from botocore.config import Config

    return boto3.session.Session().client(  # type: ignore[call-overload]
        service,
        endpoint_url=endpoint,
        region_name=config.region,
        aws_access_key_id=config.access_key_id,
        aws_secret_access_key=config.secret_access_key,
        config=Config(
            connect_timeout=2,
            read_timeout=20,
            retries={"max_attempts": 1},
            s3={"addressing_style": "path"},
        ),
    )
