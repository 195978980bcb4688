"""A real PostgreSQL for the tests of the DAG's workers: one server, a fresh database per test."""

import contextlib
import itertools
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dags.systems import metadata
from localaws.postgres import PostgresServer

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Give a running server over a temporary folder."""
    with PostgresServer(tmp_path_factory.mktemp("postgres")).running() as server:
        yield server
    shutil.rmtree(server.state)


@pytest.fixture
def empty_dsn(postgres: PostgresServer) -> dict[str, Any]:
    """Give the parameters of a database of this test's own, without tables."""
    name = f"metadata_{next(_numbers)}"
    postgres.create_database(name)
    return postgres.dsn(name)


@pytest.fixture
def connect_anew(empty_dsn: dict[str, Any]) -> Iterator[Callable[[], Any]]:
    """Give a function that opens one more connection to this test's migrated database."""
    with contextlib.ExitStack() as opened:

        def connect() -> Any:
            return opened.enter_context(contextlib.closing(metadata.connect(empty_dsn)))

        metadata.migrate(connect())
        yield connect


@pytest.fixture
def connection(connect_anew: Callable[[], Any]) -> Any:
    """Give a connection to this test's migrated database."""
    return connect_anew()
