"""The ARNs of what the service keeps, and of who asked for it."""

from localaws.emr_serverless.records import JobRun
from localaws.endpoint.config import EndpointConfig


def application_arn(config: EndpointConfig, application_id: str) -> str:
    """Give the ARN of an application."""
    place = f"{config.region}:{config.account_id}"
    return f"arn:aws:emr-serverless:{place}:/applications/{application_id}"


def job_run_arn(config: EndpointConfig, run: JobRun) -> str:
    """Give the ARN of a job run."""
    return f"{application_arn(config, run.application_id)}/jobruns/{run.id}"


def caller_arn(config: EndpointConfig) -> str:
    """Give who asked: there is one caller here."""
    return f"arn:aws:iam::{config.account_id}:user/local"
