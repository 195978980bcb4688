"""The Data API as the pipeline uses it: waits, pages, errors, migrations; its client scripted."""

from typing import Any

import pytest

from dags.systems import warehouse
from dags.systems.warehouse import Rows, Statement, Warehouse, WarehouseError, fill, migrate


class ScriptedClient:
    """Answers as the Data API does; statements end after two looks at them."""

    def __init__(self, *, versions: tuple[int, ...] = (), failing: str = "") -> None:
        self.versions, self.failing = versions, failing
        self.sent: list[dict[str, Any]] = []
        self.looks = 0

    def execute_statement(self, **request: Any) -> dict[str, str]:
        self.sent.append(request)
        return {"Id": request["Sql"]}

    def batch_execute_statement(self, **request: Any) -> dict[str, str]:
        self.sent.append(request)
        return {"Id": "; ".join(request["Sqls"])}

    def describe_statement(self, Id: str) -> dict[str, Any]:  # noqa: N803
        self.looks += 1
        if self.looks % 2:
            return {"Status": "STARTED"}
        if self.failing and self.failing in Id:
            return {"Status": "FAILED", "Error": "ERROR: no such thing"}
        return {"Status": "FINISHED", "HasResultSet": "SELECT" in Id}

    def get_statement_result(self, Id: str, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803
        position = int(NextToken)
        records = [[{"longValue": version}] for version in self.versions]
        more = {"NextToken": str(position + 1)} if position + 1 < len(records) else {}
        page = records[position : position + 1]
        return {"ColumnMetadata": [{"name": "version"}], "Records": page} | more


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No test waits; what it would have waited is kept."""
    taken: list[float] = []
    monkeypatch.setattr(warehouse.time, "sleep", taken.append)
    return taken


def opened(client: ScriptedClient) -> Warehouse:
    return Warehouse(client, "a-workgroup", "a-database")


def test_a_query_waits_for_its_end_and_reads_all_pages(naps: list[float]) -> None:
    client = ScriptedClient(versions=(3, 1, 2))

    rows = opened(client).query(Statement("SELECT version FROM t WHERE a = :a", {"a": 5}))

    assert rows == Rows(("version",), [(3,), (1,), (2,)])
    assert client.sent == [
        {
            "WorkgroupName": "a-workgroup",
            "Database": "a-database",
            "Sql": "SELECT version FROM t WHERE a = :a",
            "Parameters": [{"name": "a", "value": "5"}],
        }
    ]
    assert len(naps) == 1


def test_a_statement_without_a_result_gives_no_rows() -> None:
    assert opened(ScriptedClient()).query(Statement("DELETE FROM t")) == Rows((), [])


def test_a_null_is_none() -> None:
    assert [warehouse._value(field) for field in ({"isNull": True}, {"stringValue": ""})] == [
        None,
        "",
    ]


def test_a_failed_statement_is_told_in_redshifts_words() -> None:
    with pytest.raises(WarehouseError, match="refused statement DELETE: ERROR: no such thing"):
        opened(ScriptedClient(failing="DELETE")).query(Statement("DELETE"))


def test_missing_migrations_are_applied_each_with_its_note() -> None:
    client = ScriptedClient(versions=(1, 2, 3, 4, 5))

    applied = migrate(opened(client))

    assert applied == ["0006_create_etl_state.sql", "0007_insert_etl_state.sql"]
    batches = [request["Sqls"] for request in client.sent if "Sqls" in request]
    assert len(batches) == 2
    assert "CREATE TABLE etl_state" in batches[0][0]
    assert "VALUES (6, '0006_create_etl_state.sql', GETDATE())" in batches[0][1]


def test_a_warehouse_with_all_migrations_is_left_as_it_is() -> None:
    client = ScriptedClient(versions=(1, 2, 3, 4, 5, 6, 7))

    assert migrate(opened(client)) == []
    assert [request for request in client.sent if "Sqls" in request] == []


def test_a_failed_migration_stops_the_ones_after_it() -> None:
    client = ScriptedClient(failing="CREATE TABLE songs")

    with pytest.raises(WarehouseError):
        migrate(opened(client))

    assert len([request for request in client.sent if "Sqls" in request]) == 2


@pytest.mark.parametrize(
    "values",
    [
        {"version": "1; DROP TABLE users", "file_name": "0001_a.sql"},
        {"version": 1, "file_name": "0001_a.sql' --"},
        {"version": 12345, "file_name": "0001_a.sql"},
    ],
)
def test_a_value_that_its_pattern_refuses_never_enters_sql(values: dict[str, str | int]) -> None:
    with pytest.raises(WarehouseError, match="may not enter SQL"):
        fill("VALUES ($version, $file_name)", values)


def test_markers_and_values_are_the_same_names() -> None:
    with pytest.raises(WarehouseError, match=r"takes \['version'\], got \[\]"):
        fill("VALUES ($version)", {})
