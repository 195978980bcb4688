"""The Data API as the pipeline uses it: waits, pages, errors, migrations; its client scripted."""

from typing import Any

import pytest

from dags.systems import warehouse
from dags.systems.warehouse import (
    Rows,
    Statement,
    Warehouse,
    WarehouseError,
    migrate,
    missing_migrations,
    read_state,
)


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
            return {"Id": Id, "Status": "STARTED"}
        if self.failing and self.failing in Id:
            return {"Id": Id, "Status": "FAILED", "Error": "ERROR: no such thing"}
        return {"Id": Id, "Status": "FINISHED", "HasResultSet": "SELECT" in Id}

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


def test_a_statement_is_looked_at_ever_more_rarely(naps: list[float]) -> None:
    class Slow(ScriptedClient):
        def describe_statement(self, Id: str) -> dict[str, Any]:  # noqa: N803
            self.looks += 1
            return {"Id": Id, "Status": "STARTED" if self.looks < 10 else "FINISHED"}

    opened(Slow()).query(Statement("DELETE FROM t"))

    assert naps == [0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0, 1.0, 1.0]


def test_a_statement_without_a_result_gives_no_rows() -> None:
    assert opened(ScriptedClient()).query(Statement("DELETE FROM t")) == Rows((), [])


@pytest.mark.parametrize(("told", "changed"), [(7, 7), (0, 0), (-1, None)])
def test_the_rows_that_a_statement_touched_are_kept(told: int, changed: int | None) -> None:
    class Counting(ScriptedClient):
        def describe_statement(self, Id: str) -> dict[str, Any]:  # noqa: N803
            return {"Id": Id, "Status": "FINISHED", "HasResultSet": False, "ResultRows": told}

    assert opened(Counting()).query(Statement("DELETE FROM t")) == Rows((), [], changed)


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
    assert "CREATE TABLE IF NOT EXISTS schema_version" in client.sent[0]["Sql"]
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


def test_a_batch_is_sent_as_one_request() -> None:
    client = ScriptedClient()

    opened(client).run_batch([Statement("UPDATE a"), Statement("SELECT 1")])

    place = {"WorkgroupName": "a-workgroup", "Database": "a-database"}
    assert client.sent == [place | {"Sqls": ["UPDATE a", "SELECT 1"]}]


def test_missing_migrations_are_named_and_none_is_applied() -> None:
    client = ScriptedClient(versions=(1, 2, 3, 4, 6))

    missing = missing_migrations(opened(client))

    assert missing == ["0005_create_hourly_kpis.sql", "0007_insert_etl_state.sql"]
    assert [request["Sql"].split()[-1] for request in client.sent] == ["version"]


class StateClient(ScriptedClient):
    """A warehouse whose etl_state holds these rows."""

    def __init__(self, *rows: list[dict[str, Any]]) -> None:
        super().__init__()
        self.rows = rows

    def get_statement_result(self, Id: str, **token: str) -> dict[str, Any]:  # noqa: N803
        columns = [{"name": "commit_no"}, {"name": "plan"}]
        return {"ColumnMetadata": columns, "Records": list(self.rows)}


def test_the_state_is_the_last_commit_and_its_plan() -> None:
    first = StateClient([{"longValue": 0}, {"isNull": True}])
    later = StateClient([{"longValue": 7}, {"stringValue": "a-plan"}])

    assert [read_state(opened(client)) for client in (first, later)] == [(0, None), (7, "a-plan")]


@pytest.mark.parametrize("number", [0, 2])
def test_a_state_of_no_row_or_of_two_is_told(number: int) -> None:
    rows = [[{"longValue": 7}, {"stringValue": "a-plan"}]] * number

    with pytest.raises(WarehouseError, match=f"etl_state holds {number} rows and not one"):
        read_state(opened(StateClient(*rows)))
