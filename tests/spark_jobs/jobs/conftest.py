"""A real PostgreSQL with the metadata's tables, as extract_metadata meets it."""

import contextlib
import itertools
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from dags.systems import metadata
from localaws.postgres import PostgresServer
from tests.spark_jobs.job_builders import MetadataDatabase

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Give a running server over a temporary folder."""
    with PostgresServer(tmp_path_factory.mktemp("postgres")).running() as server:
        yield server
    shutil.rmtree(server.state)


@pytest.fixture
def empty_database(postgres: PostgresServer) -> Iterator[MetadataDatabase]:
    """Give a database of this test's own, without tables."""
    name = f"extracted_{next(_numbers)}"
    postgres.create_database(name)
    with contextlib.closing(metadata.connect(postgres.dsn(name))) as connection:
        connection.autocommit = True
        yield MetadataDatabase(postgres, name, connection)


@pytest.fixture
def database(empty_database: MetadataDatabase, postgres: PostgresServer) -> Any:
    """Give a database of this test's own with the metadata's tables, empty."""
    with contextlib.closing(metadata.connect(postgres.dsn(empty_database.name))) as connection:
        metadata.migrate(connection)
    return empty_database
