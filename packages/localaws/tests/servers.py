"""Servers of the stand-in as a test's fixtures want them: on free ports, and ended for good."""

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from localaws import stack_state
from localaws.dynoxide import Dynoxide
from localaws.seaweedfs import SeaweedFs

# The repository's own, which keeps dynoxide between test runs: npm is asked once.
PROGRAMS = Path(__file__).resolve().parents[3] / ".cache" / "programs"
BUCKET = "a-bucket"
KEYS = {"access_key_id": "local", "secret_access_key": "local-secret"}


def make_client(service: str, endpoint: str, **keys: str) -> Any:
    """Give a real client of a service at an address, with these keys, no retries."""
    chosen = KEYS | keys
    return boto3.session.Session().client(
        service,
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id=chosen["access_key_id"],
        aws_secret_access_key=chosen["secret_access_key"],
        config=Config(retries={"max_attempts": 0}, max_pool_connections=256),
    )


def a_seaweedfs(state: Path) -> SeaweedFs:
    """Give an S3 server that is down, with the bucket BUCKET once it is up."""
    ports = stack_state.choose_ports(stack_state.new_state("eu-west-1"), {}, ())
    keys = (KEYS["access_key_id"], KEYS["secret_access_key"])
    return SeaweedFs(state, ports.seaweed_ports, BUCKET, *keys)


def a_dynoxide(state: Path) -> Dynoxide:
    """Give a DynamoDB server that is down."""
    ports = stack_state.choose_ports(stack_state.new_state("eu-west-1"), {}, ()).ports
    return Dynoxide(state, ports["dynamodb"], PROGRAMS)


@contextlib.contextmanager
def running_seaweedfs(folder: Path) -> Iterator[SeaweedFs]:
    """Run an S3 server over a folder of its own."""
    server = a_seaweedfs(folder / "state")
    server.start()
    yield server
    kill(server.daemon.pid)
    server.stop()
    shutil.rmtree(server.state)


@contextlib.contextmanager
def running_dynoxide(folder: Path) -> Iterator[Dynoxide]:
    """Run a DynamoDB server over a folder of its own."""
    server = a_dynoxide(folder / "state")
    server.start()
    yield server
    server.stop()


def kill(pid: int | None) -> None:
    """Spare a test the two seconds that SeaweedFS takes to end by itself."""
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
