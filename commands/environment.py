"""The pipeline's systems as a verb reaches them: on the stand-in, or in an environment's account.

In an account the caller's own AWS credentials count, as of the AWS CLI; what Airflow's connections
say is read from the same secrets.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from boto3.exceptions import Boto3Error
from botocore import exceptions as aws
from botocore.exceptions import BotoCoreError, ClientError

from commands.console import CommandError, verb
from commands.stack import bring_up
from commands.stack.describe import DEFAULT_STATE, ENVIRONMENT
from commands.stack.pipeline import open_local_pipeline
from conf.settings import Settings, load_settings
from dags.protocol.errors import PipelineError
from dags.protocol.pipeline import Pipeline, open_pipeline
from dags.systems import connections
from dags.systems.bucket import BucketError
from dags.systems.connections import MissingFieldError

BY_AWS = (BotoCoreError, Boto3Error, ClientError)
MISTAKES = (*bring_up.MISTAKES, PipelineError, BucketError, MissingFieldError, *BY_AWS)
EXPIRED_CODES = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
UNKNOWN_CODES = ("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch")
DENIED_CODES = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
NO_CREDENTIALS = (aws.NoCredentialsError, aws.PartialCredentialsError, aws.ProfileNotFound)
EXPIRED = (
    *(aws.TokenRetrievalError, aws.SSOTokenLoadError, aws.UnauthorizedSSOTokenError),
    aws.CredentialRetrievalError,
)
SIGN_IN = "sign in as the AWS CLI does, and name the profile by AWS_PROFILE"


def add_place(parser: argparse.ArgumentParser) -> None:
    """Let a verb take a state folder of the stand-in, or an environment."""
    parser.add_argument("--state", type=Path, help=f"else {DEFAULT_STATE}")
    parser.add_argument("--environment", default=ENVIRONMENT, help="a file of conf/")


def is_local(args: argparse.Namespace) -> bool:
    """Tell whether a verb is about the stand-in.

    Raises:
        CommandError: A state and another environment are both named.
    """
    if args.environment == ENVIRONMENT:
        return True
    if args.state is not None:
        raise CommandError(
            "ENV and STATE do not go together: STATE is a folder of the stand-in, "
            f"{args.environment} lies in an account"
        )
    return False


def open_place(args: argparse.Namespace) -> Pipeline:
    """Open the systems that a verb's arguments name; a stand-in that is down is started.

    Raises:
        CommandError: They contradict each other, or the credentials are another account's.
        SettingsError: There is no such environment.
        MissingFieldError: A connection's secret lacks a field.
    """
    if is_local(args):
        return open_local_pipeline(args.state or DEFAULT_STATE)
    settings = open_settings(args.environment)
    return open_pipeline(settings, read_connection=secret_reader(settings))


def open_settings(environment: str) -> Settings:
    """Load an environment's settings, once the caller's credentials are of its account.

    Raises:
        CommandError: They are of another account.
        SettingsError: There is no such environment.
    """
    settings = load_settings(environment)
    caller = connections.open_session(settings.region).client("sts").get_caller_identity()
    if caller["Account"] != settings.account_id:
        raise CommandError(
            f"these credentials are of account {caller['Account']} ({caller['Arn']}), "
            f"{environment} is account {settings.account_id}: {SIGN_IN}"
        )
    return settings


def secret_reader(settings: Settings) -> Callable[[str], Any]:
    """Give what reads a connection from its secret, as Airflow's backend would."""
    client = connections.open_session(settings.region).client("secretsmanager")

    def read_secret(connection_id: str) -> Any:
        name = f"{settings.connections_prefix}/{connection_id}"
        try:
            text = client.get_secret_value(SecretId=name)["SecretString"]
        except client.exceptions.ResourceNotFoundException:
            raise CommandError(f"there is no secret {name}: deploy it, see docs/flow.md") from None
        return read_connection(connection_id, text)

    return read_secret


def read_connection(connection_id: str, text: str) -> Any:
    """Read a connection from the text of its secret.

    Raises:
        CommandError: It is no JSON object; the text is not in it.
    """
    try:
        fields = json.loads(text)
        extra = fields.get("extra") or {}
        extra = json.loads(extra) if isinstance(extra, str) else extra
    except (ValueError, AttributeError):
        raise CommandError(
            f"the secret of connection {connection_id} is no JSON object: write it as "
            "docs/flow.md says"
        ) from None
    names = ("host", "port", "schema", "login", "password")
    known = {name: fields.get(name) for name in names}
    return SimpleNamespace(conn_id=connection_id, extra_dejson=extra, **known)


def describe(error: Exception) -> str:
    """Say in one line what went wrong; of AWS's errors, what to do."""
    text = " ".join(str(error).split())
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if isinstance(error, NO_CREDENTIALS):
        return f"there are no AWS credentials ({text}): {SIGN_IN}"
    if code in EXPIRED_CODES or isinstance(error, EXPIRED):
        return f"the AWS session has expired ({text}): {SIGN_IN}"
    if code in UNKNOWN_CODES:
        return f"AWS does not know these credentials ({text}): {SIGN_IN}"
    if code in DENIED_CODES:
        return f"AWS denied it ({text}): use a role that may, or let it be given that right"
    if isinstance(error, BY_AWS):
        return f"AWS refuses, or is not reached: {text}"
    return str(error)


# Decorates the verbs over any environment.
place_verb = verb(*MISTAKES, describe=describe)
