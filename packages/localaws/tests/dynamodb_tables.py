"""Tables with one key, and what a refused call is called."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

KEY = {"AttributeName": "file_key", "AttributeType": "S"}


def make_table(client: Any, name: str, **settings: Any) -> str:
    client.create_table(
        TableName=name,
        AttributeDefinitions=[KEY],
        KeySchema=[{"AttributeName": "file_key", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        **settings,
    )
    return name


def code_of(act: Callable[..., Any], **arguments: Any) -> str:
    """Give the error's code, "" where there is none."""
    try:
        act(**arguments)
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code
    return ""
