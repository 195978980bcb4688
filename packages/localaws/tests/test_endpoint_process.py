"""The endpoint of a stack is the real one: its APIs answer, and it ends with the stack."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from localaws.endpoint_process import COMMAND
from localaws.stack import Stack

from .stack_watching import are_alive, family_of

Connect = Callable[..., Any]


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, make_stack: Callable[..., Stack]
) -> Iterator[Stack]:
    stack = make_stack(tmp_path_factory.mktemp("endpoint") / "state", endpoint_command=COMMAND)
    stack.up()
    yield stack
    stack.down()


@pytest.fixture
def client(stack: Stack, connect: Connect) -> Callable[[str], Any]:
    environment = stack.environment()
    return lambda service: connect(
        service,
        environment["AWS_ENDPOINT_URL"],
        access_key_id=environment["AWS_ACCESS_KEY_ID"],
        secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


def test_every_api_answers_at_the_one_address(client: Callable[[str], Any]) -> None:
    client("secretsmanager").create_secret(Name="a-secret", SecretString="kept")

    assert client("secretsmanager").get_secret_value(SecretId="a-secret")["SecretString"] == "kept"
    assert client("sts").get_caller_identity()["Account"] == "123456789012"
    assert client("emr-serverless").list_applications()["applications"] == []
    assert client("redshift-data").list_statements()["Statements"] == []


@pytest.mark.rule(
    "A request of an unknown access key is refused",
    page="IAM/latest/UserGuide/CommonErrors.html",
    group="data-api",
)
def test_an_unknown_key_is_refused(
    stack: Stack, connect: Connect, client: Callable[[str], Any]
) -> None:
    stranger = connect("redshift-data", stack.environment()["AWS_ENDPOINT_URL"])

    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        stranger.list_statements()
    client("redshift-data").list_statements()


def test_it_runs_this_python_and_listens_on_the_loopback(stack: Stack) -> None:
    (pid,) = (line.pid for line in stack.status() if line.service == "endpoint")
    process = psutil.Process(pid)

    assert Path(process.cmdline()[0]) == Path(sys.executable)
    listening = [c.laddr for c in process.net_connections("inet") if c.status == "LISTEN"]
    assert [address.ip for address in listening] == ["127.0.0.1"]


def test_a_second_up_leaves_it_and_down_ends_it(stack: Stack) -> None:
    before = stack.status()
    stack.up()
    after, family = stack.status(), family_of(stack)

    stack.down()

    assert before == after
    assert are_alive(family) == []
