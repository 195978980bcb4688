"""A warehouse for the tests: the double behind its door, real PostgreSQL, moto's S3."""

import contextlib
import io
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer
from werkzeug.serving import make_server

from localaws.endpoint.config import EndpointConfig, SparkConfig, WarehouseConfig
from localaws.endpoint.front import Front
from localaws.endpoint.moto_services import MotoServices
from localaws.postgres import PostgresServer
from localaws.redshift_data.api import RedshiftData

ROLE = "arn:aws:iam::123456789012:role/copy"
BUCKET = "a-bucket"
PLACE = {"WorkgroupName": "a-workgroup", "Database": "warehouse"}
KEYS = {"aws_access_key_id": "local", "aws_secret_access_key": "local-secret"}
DEADLINE_SECONDS = 60.0
# What begins an error that is nobody's word but the double's own.
OURS = "ERROR: not supported by the local warehouse: "


@dataclass(frozen=True)
class Warehouse:
    """The API's client, and what one wants to do with it."""

    client: Any
    s3: Any
    server: PostgresServer

    def submit(self, *sqls: str, **more: Any) -> str:
        """Start a statement, or a batch of several, and give its id."""
        if len(sqls) == 1:
            answer = self.client.execute_statement(Sql=sqls[0], **PLACE, **more)
        else:
            answer = self.client.batch_execute_statement(Sqls=list(sqls), **PLACE, **more)
        return str(answer["Id"])

    def wait(self, statement_id: str) -> dict[str, Any]:
        """Give a statement's description once it has ended."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            description: dict[str, Any] = self.client.describe_statement(
                Id=statement_id, WaitTimeSeconds=5
            )
            if description["Status"] in ("FINISHED", "FAILED", "ABORTED"):
                return description
            assert time.monotonic() < deadline

    def run(self, *sqls: str, **more: Any) -> dict[str, Any]:
        """Run to the end and expect success."""
        description = self.wait(self.submit(*sqls, **more))
        assert description["Status"] == "FINISHED", description.get("Error")
        return description

    def refuse(self, *sqls: str, **more: Any) -> str:
        """Run to the end, expect failure and give the error."""
        description = self.wait(self.submit(*sqls, **more))
        assert description["Status"] == "FAILED", description
        return str(description["Error"])

    def rows(self, sql: str, **more: Any) -> list[tuple[Any, ...]]:
        """Give a query's rows; a null is None."""
        statement_id = self.run(sql, **more)["Id"]
        answer = self.client.get_statement_result(Id=statement_id)
        return [
            tuple(None if field.get("isNull") else next(iter(field.values())) for field in record)
            for record in answer["Records"]
        ]

    def put_parquet(self, key: str, table: pa.Table) -> int:
        """Put a Parquet object and give its size."""
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=buffer.getvalue())
        return len(buffer.getvalue())


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    server = PostgresServer(tmp_path_factory.mktemp("redshift") / "postgres")
    with server.running():
        server.create_database("warehouse")
        yield server


@pytest.fixture(scope="session")
def make_config(postgres: PostgresServer, s3_endpoint: str) -> Callable[[Path], EndpointConfig]:
    def make(state: Path) -> EndpointConfig:
        return EndpointConfig(
            port=0,
            state=str(state),
            region="eu-west-1",
            account_id="123456789012",
            access_key_id="local",
            secret_access_key="local-secret",
            s3_endpoint=s3_endpoint,
            spark=SparkConfig("spark-submit", "python", "java", "", 1, 1024),
            warehouse=WarehouseConfig({"a-workgroup": ["warehouse"]}, [ROLE], str(postgres.state)),
        )

    return make


@contextlib.contextmanager
def serving(service: RedshiftData) -> Iterator[Any]:
    """Give a real client of the service, behind its door."""
    front = Front([service], MotoServices(), access_key_id="local", pages={})
    server = make_server("127.0.0.1", 0, front, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    endpoint = f"http://127.0.0.1:{server.port}"
    try:
        yield boto3.session.Session().client(
            "redshift-data", endpoint_url=endpoint, region_name="eu-west-1", config=config, **KEYS
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def session_warehouse(
    make_config: Callable[[Path], EndpointConfig],
    postgres: PostgresServer,
    s3_endpoint: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Warehouse]:
    service = RedshiftData(make_config(tmp_path_factory.mktemp("endpoint")))
    s3 = boto3.client("s3", endpoint_url=s3_endpoint, region_name="us-east-1", **KEYS)
    s3.create_bucket(Bucket=BUCKET)
    with serving(service) as client:
        yield Warehouse(client, s3, postgres)
    service.close()


@pytest.fixture
def warehouse(session_warehouse: Warehouse) -> Iterator[Warehouse]:
    """A warehouse without tables."""
    yield session_warehouse
    with contextlib.closing(
        psycopg2.connect(**session_warehouse.server.dsn("warehouse"))
    ) as connection:
        connection.autocommit = True
        connection.cursor().execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
