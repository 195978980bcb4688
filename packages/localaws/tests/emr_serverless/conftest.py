"""A running EMR Serverless for the tests of it."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from localaws.endpoint.moto_services import MotoServices

from .emr_service import REQUIRED, Service, a_config, serve


@pytest.fixture(scope="session")
def moto_services() -> MotoServices:
    """Give moto once: its imports take a second."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    return MotoServices()


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Serve an S3 and give its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def s3(s3_endpoint: str) -> Any:
    """Give a client of that S3; buckets `code` and `logs` are there."""
    client = boto3.session.Session().client("s3", endpoint_url=s3_endpoint, **REQUIRED)
    for bucket in ("code", "logs"):
        place = {"LocationConstraint": "eu-west-1"}
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    return client


@pytest.fixture
def start_service(
    tmp_path: Path, moto_services: MotoServices, s3_endpoint: str
) -> Iterator[Callable[..., Service]]:
    """Give a starter of services over one folder; all are stopped after the test."""
    services: list[Service] = []

    def start(minute_seconds: float = 60.0) -> Service:
        config = a_config(tmp_path, port=0, s3_endpoint=s3_endpoint)
        service = serve(config, moto_services, tmp_path, minute_seconds=minute_seconds)
        services.append(service)
        return service

    yield start
    for service in services:
        service.stop()


@pytest.fixture
def service(start_service: Callable[..., Service]) -> Service:
    """Give a running service."""
    return start_service()


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """Give a pipe that a job run waits at."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path
