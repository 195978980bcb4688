"""An empty ledger over a real DynamoDB server, for the tests of any folder whose conftest asks."""

from collections.abc import Iterator
from typing import Any

import pytest

from dags.systems.ledger import Ledger
from packages.localaws.tests import servers
from packages.localaws.tests.dynamodb_tables import make_table


@pytest.fixture(scope="session")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give a client of a running DynamoDB server."""
    with servers.running_dynoxide(tmp_path_factory.mktemp("dynamodb")) as server:
        yield servers.make_client("dynamodb", server.endpoint)


@pytest.fixture
def ledger(dynamodb: Any) -> Iterator[Ledger]:
    """Give an empty ledger."""
    yield Ledger(dynamodb, make_table(dynamodb, "ProcessedFiles"))
    dynamodb.delete_table(TableName="ProcessedFiles")
