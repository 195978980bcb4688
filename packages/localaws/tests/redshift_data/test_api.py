"""The Data API: statements in time, batches of one transaction, results, tokens, limits."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.endpoint.config import EndpointConfig
from localaws.redshift_data.api import RedshiftData
from localaws.redshift_data.runner import MAX_RUNNING
from localaws.redshift_data.session import Outcome

from .conftest import DEADLINE_SECONDS, Warehouse, serving

PAGE = "redshift/latest/mgmt/data-api.html"
API = "redshift-data/latest/APIReference"
LONG = "SELECT count(*) FROM a x1, a x2, a x3, a x4, a x5, a x6, a x7, a x8, a x9, a x10"


def code_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def fill_a(warehouse: Warehouse) -> None:
    values = ", ".join(f"({number})" for number in range(60))
    warehouse.run("CREATE TABLE a (n INTEGER)", f"INSERT INTO a VALUES {values}")


def test_a_statement_is_answered_at_once_and_described_when_it_has_ended(
    warehouse: Warehouse,
) -> None:
    description = warehouse.run("SELECT 1 AS one, 'x' AS text", StatementName="a-name")

    assert description["Status"] == "FINISHED"
    assert description["HasResultSet"] is True
    assert description["ResultRows"] == 1
    assert description["QueryString"] == "SELECT 1 AS one, 'x' AS text"
    assert description["Duration"] > 0
    assert (description["WorkgroupName"], description["Database"]) == ("a-workgroup", "warehouse")
    assert (
        warehouse.client.list_statements(StatementName="a-na")["Statements"][0]["Id"]
        == (description["Id"])
    )


@pytest.mark.rule("DECIMAL, DATE and TIMESTAMP arrive as strings", page=PAGE, group="data-api")
def test_a_result_is_typed(warehouse: Warehouse) -> None:
    sql = (
        "SELECT 1::BIGINT AS i, 1.5::DOUBLE PRECISION AS d, TRUE AS b, 'x'::VARCHAR(5) AS t,"
        " 1.50::DECIMAL(10, 2) AS n, DATE '2024-06-01' AS day,"
        " TIMESTAMP '2024-06-01 12:00:00.25' AS at, NULL::INTEGER AS nothing, ''::VARCHAR AS empty"
    )
    statement_id = warehouse.run(sql)["Id"]

    answer = warehouse.client.get_statement_result(Id=statement_id)

    assert answer["Records"] == [
        [
            {"longValue": 1},
            {"doubleValue": 1.5},
            {"booleanValue": True},
            {"stringValue": "x"},
            {"stringValue": "1.50"},
            {"stringValue": "2024-06-01"},
            {"stringValue": "2024-06-01 12:00:00.25"},
            {"isNull": True},
            {"stringValue": ""},
        ]
    ]
    assert [(c["name"], c["typeName"]) for c in answer["ColumnMetadata"]] == [
        ("i", "int8"), ("d", "float8"), ("b", "bool"), ("t", "varchar"), ("n", "numeric"),
        ("day", "date"), ("at", "timestamp"), ("nothing", "int4"), ("empty", "varchar"),
    ]  # fmt: skip
    assert answer["TotalNumRows"] == 1


@pytest.mark.rule(
    "Results come by pages", page=f"{API}/API_GetStatementResult.html", group="data-api"
)
def test_a_large_result_comes_by_pages(warehouse: Warehouse) -> None:
    fill_a(warehouse)
    statement_id = warehouse.run("SELECT x.n * 60 + y.n AS n FROM a x, a y ORDER BY n")["Id"]

    pages = warehouse.client.get_paginator("get_statement_result").paginate(Id=statement_id)
    sizes = [[record[0]["longValue"] for record in page["Records"]] for page in pages]

    assert [len(page) for page in sizes] == [1000, 1000, 1000, 600]
    assert [number for page in sizes for number in page] == list(range(3600))


@pytest.mark.rule("A batch is one transaction: all of it, or nothing", page=PAGE, group="data-api")
def test_a_failed_batch_leaves_no_row_and_says_which_statement_failed(
    warehouse: Warehouse,
) -> None:
    warehouse.run("CREATE TABLE t (n INTEGER)")

    failed = warehouse.wait(
        warehouse.submit(
            "INSERT INTO t VALUES (1)", "INSERT INTO missing VALUES (1)", "INSERT INTO t VALUES (2)"
        )
    )

    assert failed["Status"] == "FAILED"
    assert failed["Error"] == 'ERROR: relation "missing" does not exist'
    states = [part["Status"] for part in failed["SubStatements"]]
    assert states == ["FINISHED", "FAILED", "ABORTED"]
    assert failed["SubStatements"][1]["Error"] == failed["Error"]
    assert warehouse.rows("SELECT count(*) FROM t") == [(0,)]
    warehouse.run("INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)")
    assert warehouse.rows("SELECT count(*) FROM t") == [(2,)]


@pytest.mark.rule(
    "Results of a batch are had by the ids of its sub-statements", page=PAGE, group="data-api"
)
def test_a_batch_has_its_results_by_sub_statement(warehouse: Warehouse) -> None:
    batch = warehouse.run("CREATE TEMP TABLE t (n INTEGER)", "SELECT 7 AS n")

    with pytest.raises(ClientError) as error:
        warehouse.client.get_statement_result(Id=f"{batch['Id']}:1")

    assert code_of(error)[0] == "ResourceNotFoundException"
    answer = warehouse.client.get_statement_result(Id=f"{batch['Id']}:2")
    assert answer["Records"] == [[{"longValue": 7}]]
    assert warehouse.client.describe_statement(Id=f"{batch['Id']}:2")["Status"] == "FINISHED"
    assert [part["Id"] for part in batch["SubStatements"]] == [f"{batch['Id']}:{n}" for n in (1, 2)]


@pytest.mark.rule("Temporary tables live through their batch", page=PAGE, group="data-api")
def test_a_temporary_table_ends_with_its_batch(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TEMP TABLE t (n INTEGER)", "INSERT INTO t VALUES (1)")

    assert "does not exist" in warehouse.refuse("SELECT n FROM t")


@pytest.mark.rule(
    "The same client token gives the same statement",
    page=f"{API}/API_ExecuteStatement.html",
    group="data-api",
)
def test_a_client_token_makes_a_request_idempotent(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (n INTEGER)")
    first = warehouse.submit("INSERT INTO t VALUES (1)", ClientToken="a-token")
    again = warehouse.submit("INSERT INTO t VALUES (1)", ClientToken="a-token")
    warehouse.wait(first)

    with pytest.raises(ClientError) as error:
        warehouse.submit("INSERT INTO t VALUES (2)", ClientToken="a-token")

    assert again == first
    assert code_of(error)[0] == "ValidationException"
    assert warehouse.rows("SELECT count(*) FROM t") == [(1,)]


@pytest.mark.rule("A cancelled statement reads ABORTED", page=PAGE, group="data-api")
def test_a_statement_is_cancelled_and_rolled_back(warehouse: Warehouse) -> None:
    fill_a(warehouse)
    statement_id = warehouse.submit("INSERT INTO a VALUES (100)", LONG)

    assert warehouse.client.cancel_statement(Id=statement_id)["Status"] is True
    ended = warehouse.wait(statement_id)

    assert ended["Status"] == "ABORTED"
    assert warehouse.rows("SELECT count(*) FROM a WHERE n = 100") == [(0,)]
    with pytest.raises(ClientError) as error:
        warehouse.client.cancel_statement(Id=statement_id)
    assert code_of(error)[0] == "ValidationException"


def test_a_restart_keeps_what_has_ended_and_fails_what_has_not(
    make_config: Callable[[Path], EndpointConfig], warehouse: Warehouse, tmp_path: Path
) -> None:
    config = make_config(tmp_path)
    service = RedshiftData(config)
    with serving(service) as client:
        first = Warehouse(client, None, warehouse.server)
        finished = first.run("SELECT 5 AS n")["Id"]
        cut = dict(service._store.get(finished) or {}) | {"Id": finished[::-1], "Status": "STARTED"}
        service._store.put(cut)
        service._store.close()

    again = RedshiftData(config)
    with serving(again) as client:
        records = client.get_statement_result(Id=finished)["Records"]
        (found,) = client.list_statements(Status="FAILED")["Statements"]
    again.close()

    assert records == [[{"longValue": 5}]]
    assert found["Id"] == finished[::-1]


def test_statements_beyond_the_room_wait_for_it(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_open = threading.Event()

    def execute(*_: Any) -> Outcome:
        is_open.wait(DEADLINE_SECONDS)
        return Outcome(None, [], 0)

    monkeypatch.setattr("localaws.redshift_data.session.Session.execute", execute)
    submitted = [warehouse.submit("SELECT 1") for _ in range(MAX_RUNNING + 5)]

    def states() -> list[str]:
        found = [warehouse.client.describe_statement(Id=id_) for id_ in submitted]
        return sorted(statement["Status"] for statement in found)

    while states().count("STARTED") < MAX_RUNNING:
        assert "FINISHED" not in states()
    waiting = states()
    is_open.set()

    assert waiting == ["STARTED"] * MAX_RUNNING + ["SUBMITTED"] * 5
    assert [warehouse.wait(id_)["Status"] for id_ in submitted] == ["FINISHED"] * len(submitted)


def test_statements_run_beside_each_other(warehouse: Warehouse) -> None:
    results: list[Any] = []
    threads = [
        threading.Thread(target=lambda n=n: results.append(warehouse.rows(f"SELECT {n}")))
        for n in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(rows[0][0] for rows in results) == list(range(8))


def test_a_fault_of_the_double_fails_the_statement(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: Any) -> None:
        raise RuntimeError("a secret of the code")

    monkeypatch.setattr("localaws.redshift_data.session.parse", break_down)

    error = warehouse.refuse("SELECT 1")

    assert error == "ERROR: the local warehouse failed: its log has the reason"
