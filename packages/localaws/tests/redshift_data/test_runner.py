"""Statements in time: a cancel that always arrives, two writers of a row, waiting for an end."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from botocore.exceptions import ClientError

from localaws.redshift_data.gate import parse

from .conftest import PLACE, Warehouse

PAGE = "redshift/latest/mgmt/data-api.html"
API = "redshift-data/latest/APIReference"
DEADLINE_SECONDS = 60.0
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = 'warehouse' AND wait_event_type = 'Lock'
"""


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def other(warehouse: Warehouse) -> Iterator[Any]:
    """Another connection to the warehouse, which holds the row of table t."""
    warehouse.run("CREATE TABLE t (n INTEGER, b VARCHAR(10))", "INSERT INTO t VALUES (1, 'old')")
    with contextlib.closing(psycopg2.connect(**warehouse.server.dsn("warehouse"))) as connection:
        connection.cursor().execute("UPDATE t SET b = 'held'")
        yield connection


def count_waiting(warehouse: Warehouse) -> int:
    with contextlib.closing(psycopg2.connect(**warehouse.server.dsn("warehouse"))) as connection:
        cursor = connection.cursor()
        cursor.execute(WAITING)
        (count,) = cursor.fetchone()
    return int(count)


@pytest.mark.rule(
    "Two transactions that update one row: the second fails with 1023",
    page="redshift/latest/dg/c_serial_isolation.html",
    group="redshift",
)
def test_of_two_batches_that_wait_for_one_row_the_second_fails_whole(
    warehouse: Warehouse, other: Any
) -> None:
    ids = [
        warehouse.submit(f"INSERT INTO t VALUES (2, '{name}')", f"UPDATE t SET b = '{name}'")
        for name in ("a", "b")
    ]
    wait_until(lambda: count_waiting(warehouse) == 2)

    other.rollback()
    ended = {warehouse.wait(statement_id)["Status"]: statement_id for statement_id in ids}

    assert sorted(ended) == ["FAILED", "FINISHED"]
    error = warehouse.wait(ended["FAILED"])["Error"]
    assert error.startswith("ERROR: 1023 DETAIL: Serializable isolation violation on a table")
    winner = "ab"[ids.index(ended["FINISHED"])]
    assert warehouse.rows("SELECT n, b FROM t ORDER BY n") == [(1, winner), (2, winner)]


@pytest.mark.rule("A cancelled statement reads ABORTED", page=PAGE, group="data-api")
def test_a_cancelled_batch_shows_which_statements_it_had_ended(
    warehouse: Warehouse, other: Any
) -> None:
    batch = warehouse.submit("INSERT INTO t VALUES (2, 'x')", "UPDATE t SET b = 'x'", "SELECT 1")
    wait_until(lambda: count_waiting(warehouse) == 1)

    warehouse.client.cancel_statement(Id=batch)
    ended = warehouse.wait(batch)
    other.rollback()

    assert ended["Status"] == "ABORTED"
    states = [part["Status"] for part in ended["SubStatements"]]
    assert states == ["FINISHED", "ABORTED", "ABORTED"]
    assert warehouse.rows("SELECT n, b FROM t") == [(1, "old")]


def test_a_cancel_between_two_queries_is_not_lost(
    warehouse: Warehouse, other: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement_id = ""

    def cancel_and_parse(sql: str) -> Any:
        # The backend is idle now: it lets a cancel pass, and runs what is sent to it next.
        wait_until(lambda: statement_id != "")
        warehouse.client.cancel_statement(Id=statement_id)
        wait_until(lambda: described()["RedshiftPid"] > 0)
        return parse(sql)

    def described() -> dict[str, Any]:
        found: dict[str, Any] = warehouse.client.describe_statement(Id=statement_id)
        return found

    monkeypatch.setattr("localaws.redshift_data.session.parse", cancel_and_parse)
    statement_id = warehouse.submit("UPDATE t SET b = 'x'")
    ended = warehouse.wait(statement_id)
    other.rollback()

    assert ended["Status"] == "ABORTED"


@pytest.mark.rule(
    "A caller waits 1 to 30 seconds for an end",
    page=f"{API}/API_DescribeStatement.html",
    group="data-api",
)
def test_an_answer_waits_for_the_end_of_its_statement(warehouse: Warehouse, other: Any) -> None:
    answer = warehouse.client.execute_statement(Sql="SELECT 1", WaitTimeSeconds=30, **PLACE)
    blocked = warehouse.submit("UPDATE t SET b = 'x'")
    waited = warehouse.client.describe_statement(Id=blocked, WaitTimeSeconds=1)

    with pytest.raises(ClientError) as error:
        warehouse.client.describe_statement(Id=blocked, WaitTimeSeconds=31)

    assert (answer["Status"], answer["HasResultSet"]) == ("FINISHED", True)
    assert waited["Status"] in ("SUBMITTED", "PICKED", "STARTED")
    assert error.value.response["Error"]["Code"] == "ValidationException"
    other.rollback()
    assert warehouse.wait(blocked)["Status"] == "FINISHED"
