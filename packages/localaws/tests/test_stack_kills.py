"""All servers killed at once under load: what was acknowledged is read right after `up`.

No client here tries twice: what fails once has failed.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from localaws.stack import Stack

from .dynamodb_tables import make_table
from .servers import BUCKET
from .stack_watching import family_of

SURELY_WRITTEN = 10
Maker = Callable[..., Stack]
Connect = Callable[..., Any]


class Writer:
    """Writes until its server is gone, and remembers what was acknowledged.

    It is warm after some writes, in each life after one more.
    """

    def __init__(self, write: Callable[[str], None], life: int) -> None:
        self.acknowledged: list[str] = []
        self.is_warm = threading.Event()
        self._write, self._life = write, life
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            with contextlib.suppress(BotoCoreError, ClientError, psycopg2.Error):
                while True:
                    key = f"{self._life}-{len(self.acknowledged)}"
                    self._write(key)
                    self.acknowledged.append(key)
                    if len(self.acknowledged) == SURELY_WRITTEN + self._life:
                        self.is_warm.set()
        finally:
            self.is_warm.set()

    def join(self) -> list[str]:
        self._thread.join()
        return self.acknowledged


def clients_of(stack: Stack, connect: Connect) -> tuple[Any, Any]:
    """Give clients of S3 and DynamoDB that never try twice."""
    environment = stack.environment()
    keys = {
        "access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
    }
    s3 = connect("s3", environment["AWS_ENDPOINT_URL_S3"], **keys)
    return s3, connect("dynamodb", environment["AWS_ENDPOINT_URL_DYNAMODB"], **keys)


def body_of(key: str) -> bytes:
    return f"{key} ".encode() * 500


@contextlib.contextmanager
def rows_of(stack: Stack) -> Iterator[Any]:
    connection = psycopg2.connect(**stack.postgres.dsn("metadata"))
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        yield cursor


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_what_was_acknowledged_before_all_were_killed_is_read_right_after_up(
    a_stack: Maker, connect: Connect, kills: int
) -> None:
    stack = a_stack()
    stack.up()
    make_table(clients_of(stack, connect)[1], "plays")
    with rows_of(stack) as cursor:
        cursor.execute("CREATE TABLE plays (file_key text PRIMARY KEY)")

    for life in range(kills):
        objects, items, rows = write_until_all_are_killed(stack, connect, life)
        stack.up()

        s3, dynamodb = clients_of(stack, connect)
        for key in objects:
            assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body_of(key)
        for key in items:
            asked = {"TableName": "plays", "Key": {"file_key": {"S": key}}, "ConsistentRead": True}
            assert "Item" in dynamodb.get_item(**asked), key
        with rows_of(stack) as cursor:
            cursor.execute("SELECT file_key FROM plays WHERE file_key LIKE %s", (f"{life}-%",))
            assert set(rows) <= {key for (key,) in cursor.fetchall()}
        s3.put_object(Bucket=BUCKET, Key=f"{life}-after", Body=b"")
        assert min(map(len, (objects, items, rows))) >= SURELY_WRITTEN


def write_until_all_are_killed(
    stack: Stack, connect: Connect, life: int
) -> tuple[list[str], list[str], list[str]]:
    """Write to all three until every server is killed at once; give what each acknowledged."""
    s3, dynamodb = clients_of(stack, connect)
    family = family_of(stack)
    with contextlib.suppress(psycopg2.Error), rows_of(stack) as cursor:
        writers = [
            Writer(lambda key: s3.put_object(Bucket=BUCKET, Key=key, Body=body_of(key)), life),
            Writer(
                lambda key: dynamodb.put_item(TableName="plays", Item={"file_key": {"S": key}}),
                life,
            ),
            Writer(lambda key: cursor.execute("INSERT INTO plays VALUES (%s)", (key,)), life),
        ]
        for writer in writers:
            writer.is_warm.wait()
        for process in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        acknowledged = [writer.join() for writer in writers]
    return acknowledged[0], acknowledged[1], acknowledged[2]
