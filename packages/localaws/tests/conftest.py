"""Servers of the stand-in for the tests: each over a folder of its own, ended after it."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localaws.dynoxide import Dynoxide
from localaws.endpoint.config import SparkConfig
from localaws.seaweedfs import SeaweedFs
from localaws.stack import Stack, StackConfig

from . import servers
from .servers import BUCKET, kill

# Answers as the endpoint's door does, and starts at once: what is tested here is its process.
DOOR = """
import http.server, json, sys
class Door(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(403)
        self.send_header("x-amzn-errortype", "MissingAuthenticationTokenException")
        self.send_header("Content-Length", "0")
        self.end_headers()
with open(sys.argv[1]) as file:
    port = json.load(file)["port"]
http.server.HTTPServer(("127.0.0.1", port), Door).serve_forever()
"""


@pytest.fixture(scope="session")
def programs() -> Path:
    """Give the folder that keeps dynoxide between test runs: npm is asked once."""
    return servers.PROGRAMS


@pytest.fixture(scope="session")
def connect() -> Callable[..., Any]:
    """Give a maker of real clients: of a service at an address, with these keys, no retries."""
    return servers.make_client


@pytest.fixture(scope="session")
def a_seaweedfs() -> Callable[[Path], SeaweedFs]:
    """Give a maker of S3 servers that are down, on free ports."""
    return servers.a_seaweedfs


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFs]:
    """Give one running S3 server with the bucket BUCKET for all tests that leave it running."""
    with servers.running_seaweedfs(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def s3(s3_server: SeaweedFs, connect: Callable[..., Any]) -> Any:
    """Give a client of that server."""
    return connect("s3", s3_server.endpoint)


@pytest.fixture(scope="session")
def a_dynoxide() -> Callable[[Path], Dynoxide]:
    """Give a maker of DynamoDB servers that are down, on free ports."""
    return servers.a_dynoxide


@pytest.fixture(scope="session")
def dynamodb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dynoxide]:
    """Give one running DynamoDB server for all tests that leave it running."""
    with servers.running_dynoxide(tmp_path_factory.mktemp("dynamodb")) as server:
        yield server


@pytest.fixture(scope="session")
def dynamodb(dynamodb_server: Dynoxide, connect: Callable[..., Any]) -> Any:
    """Give a client of that server."""
    return connect("dynamodb", dynamodb_server.endpoint)


@pytest.fixture(scope="session")
def make_stack(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Stack]:
    """Give a maker of stacks over a folder, with a door in the endpoint's place."""
    door = tmp_path_factory.mktemp("door") / "door.py"
    door.write_text(DOOR)

    def make(state: Path, **changes: Any) -> Stack:
        values: dict[str, Any] = {
            "state": state,
            "cache": programs,
            "bucket": BUCKET,
            "databases": ("metadata", "warehouse"),
            "workgroups": {"a-workgroup": ["warehouse"]},
            "copy_roles": ["arn:aws:iam::123456789012:role/copy"],
            "spark": SparkConfig("spark-submit", sys.executable, "java", "", 1, 1024),
            "endpoint_command": (sys.executable, str(door)),
        }
        return Stack(StackConfig(**(values | changes)))

    return make


def end(stack: Stack) -> None:
    for line in stack.status():
        kill(line.pid)
    stack.down()
    shutil.rmtree(stack.config.state, ignore_errors=True)


@pytest.fixture
def a_stack(tmp_path: Path, make_stack: Callable[..., Stack]) -> Iterator[Callable[..., Stack]]:
    """Give a maker of stacks by name; all are ended after the test."""
    made: list[Stack] = []

    def make(name: str = "state", **changes: Any) -> Stack:
        made.append(make_stack(tmp_path / name, **changes))
        return made[-1]

    yield make
    for stack in made:
        end(stack)


@pytest.fixture(scope="module")
def stack_up(
    tmp_path_factory: pytest.TempPathFactory, make_stack: Callable[..., Stack]
) -> Iterator[Stack]:
    """Give one stack that is up for all tests of a module that leave it so."""
    stack = make_stack(tmp_path_factory.mktemp("stack") / "state")
    stack.up()
    yield stack
    end(stack)
