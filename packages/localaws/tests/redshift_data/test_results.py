"""Results as the API writes them, and how they are asked for."""

import dataclasses
import datetime
import decimal
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from localaws.endpoint.config import EndpointConfig
from localaws.redshift_data.api import RedshiftData
from localaws.redshift_data.results import write

from .conftest import PLACE, Warehouse, serving

API = "redshift-data/latest/APIReference"
instant = datetime.datetime.fromisoformat


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (instant("0001-01-01"), "0001-01-01 00:00:00"),
        (instant("9999-12-31T23:59:59.999999"), "9999-12-31 23:59:59.999999"),
        (instant("2024-06-01T12:00:00.250000"), "2024-06-01 12:00:00.25"),
        (instant("2024-06-01T12:00:10"), "2024-06-01 12:00:10"),
        (instant("2024-06-01T12:00:00+00:00"), "2024-06-01 12:00:00+00"),
        (datetime.date(1, 1, 1), "0001-01-01"),
        (datetime.time(12, 30), "12:30:00"),
        (decimal.Decimal("1E+3"), "1000"),
        (decimal.Decimal("0.10"), "0.10"),
    ],
)
def test_a_value_is_written_as_a_text(value: object, text: str) -> None:
    assert write(value) == text


@pytest.mark.rule(
    "Results of a batch are had by the ids of its sub-statements",
    page=f"{API}/API_GetStatementResult.html",
    group="data-api",
)
def test_a_batch_has_no_result_of_its_own(warehouse: Warehouse) -> None:
    batch = warehouse.run("SELECT 6 AS n", "SELECT 7 AS n")["Id"]

    with pytest.raises(ClientError) as error:
        warehouse.client.get_statement_result(Id=batch)

    assert error.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "BatchExecuteStatement result can only be retrieved with sub-statement id.",
    }
    records = warehouse.client.get_statement_result(Id=f"{batch}:2")["Records"]
    assert records == [[{"longValue": 7}]]


def test_a_result_is_waited_for(warehouse: Warehouse) -> None:
    statement_id = warehouse.submit("SELECT 7 AS n")

    answer = warehouse.client.get_statement_result(Id=statement_id, WaitTimeSeconds=30)

    assert answer["Records"] == [[{"longValue": 7}]]


def test_results_are_json_and_csv_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(ClientError) as error:
        warehouse.submit("SELECT 1", ResultFormat="CSV")

    assert error.value.response["Error"]["Code"] == "ValidationException"
    assert warehouse.rows("SELECT 1", ResultFormat="JSON") == [(1,)]


@pytest.mark.rule(
    "Only finished statements are listed, unless more are asked for",
    page=f"{API}/API_ListStatements.html",
    group="data-api",
)
def test_only_finished_statements_are_listed_unless_more_are_asked_for(
    warehouse: Warehouse,
) -> None:
    warehouse.run("SELECT 1", StatementName="listed-1")
    warehouse.refuse("SELECT missing", StatementName="listed-2")

    def names(**filters: str) -> list[str]:
        found = warehouse.client.list_statements(StatementName="listed", **filters)["Statements"]
        return [statement["StatementName"] for statement in found]

    assert names() == names(Status="FINISHED") == ["listed-1"]
    assert names(Status="FAILED") == ["listed-2"]
    assert names(Status="ALL") == ["listed-2", "listed-1"]


def test_a_decimal_column_is_described_by_its_digits(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (n DECIMAL(10, 2), b VARCHAR(64), i INTEGER)")

    columns = warehouse.client.describe_table(Table="t", **PLACE)["ColumnList"]

    assert [(c["name"], c["length"], c["precision"], c["scale"]) for c in columns] == [
        ("n", 0, 10, 2),
        ("b", 64, 0, 0),
        ("i", 0, 0, 0),
    ]


def test_a_database_that_is_down_is_named_by_the_apis_error(
    make_config: Callable[[Path], EndpointConfig], warehouse: Warehouse, tmp_path: Path
) -> None:
    config = make_config(tmp_path)
    down = dataclasses.replace(config.warehouse, postgres_state=str(tmp_path / "never-started"))
    service = RedshiftData(dataclasses.replace(config, warehouse=down))

    with serving(service) as client, pytest.raises(ClientError) as error:
        client.list_tables(**PLACE)
    with serving(service) as client:
        failed = Warehouse(client, None, warehouse.server).refuse("SELECT 1")
    service.close()

    assert error.value.response["Error"]["Code"] == "DatabaseConnectionException"
    assert "start it" in failed
    assert warehouse.client.list_tables(TablePattern="none", **PLACE)["Tables"] == []
