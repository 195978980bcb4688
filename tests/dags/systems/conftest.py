"""Real S3 and DynamoDB for the tests of the systems: one server each for all of them."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from dags.systems.bucket import Bucket
from packages.localaws.tests import servers
from tests.dags.memory_s3 import MemoryS3
from tests.ledger_fixtures import dynamodb, ledger

__all__ = ["bucket", "dynamodb", "ledger", "s3"]
_numbers = itertools.count()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give a client of a running S3 server."""
    with servers.running_seaweedfs(tmp_path_factory.mktemp("s3")) as server:
        yield servers.make_client("s3", server.endpoint)


@pytest.fixture(params=[pytest.param("seaweedfs", marks=pytest.mark.server), "memory"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    """Give a new bucket: a real server's, and the one in memory that other tests stand on."""
    if request.param == "memory":
        return Bucket(MemoryS3(), "a-bucket")
    bucket = Bucket(request.getfixturevalue("s3"), f"bucket-{next(_numbers)}")
    bucket.client.create_bucket(Bucket=bucket.name)
    return bucket
