"""EMR.secret@name: values that a job run gets at its start, and that nobody sees afterwards."""

import json
import re
from collections.abc import Callable, Iterable, Mapping

from localaws.endpoint.config import EndpointConfig

REFERENCE = re.compile(r"EMR\.secret@(?P<name>\S+)")
REDACTED = "*********(redacted)"  # Spark's own word for it

ReadSecret = Callable[[str], str]


class SecretError(Exception):
    """A secret cannot be had; the message names it and never its value."""


def reader(config: EndpointConfig) -> ReadSecret:
    """Give the reader of Secrets Manager, which the endpoint itself answers for."""

    def read(name: str) -> str:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        client = boto3.session.Session().client(
            "secretsmanager",
            endpoint_url=f"http://127.0.0.1:{config.port}",
            region_name=config.region,
            aws_access_key_id=config.access_key_id,
            aws_secret_access_key=config.secret_access_key,
        )
        try:
            value: str = client.get_secret_value(SecretId=name)["SecretString"]
        except (BotoCoreError, ClientError, KeyError) as error:
            raise SecretError(f"secret {name} cannot be read: {type(error).__name__}") from error
        return value

    return read


def resolve(
    properties: Mapping[str, str], read_secret: ReadSecret
) -> tuple[dict[str, str], frozenset[str]]:
    """Give the properties with their secrets, and the secrets' values.

    Raises:
        SecretError: One cannot be read, or is a JSON document and no plain value.
    """
    resolved = dict(properties)
    values = set()
    for name, text in properties.items():
        reference = REFERENCE.fullmatch(text)
        if reference:
            resolved[name] = _read_plain(reference["name"], read_secret)
            values.add(resolved[name])
    return resolved, frozenset(values)


def _read_plain(name: str, read_secret: ReadSecret) -> str:
    value = read_secret(name)
    try:
        document = json.loads(value)
    except ValueError:
        return value
    if isinstance(document, dict):
        raise SecretError(f"secret {name} holds JSON: EMR Serverless takes a plain value only")
    return value


def redact(text: str, values: Iterable[str]) -> str:
    """Put Spark's word in the place of each secret value, the longest first."""
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, REDACTED) if value else text
    return text
