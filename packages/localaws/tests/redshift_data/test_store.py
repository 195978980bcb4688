"""What the store keeps: a token with its statement, so many that are active, nothing for ever."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.endpoint.service import ServiceError
from localaws.redshift_data.documents import new_document
from localaws.redshift_data.store import StatementStore

from .conftest import PLACE, Warehouse

PAGE = "redshift/latest/mgmt/data-api.html"
EXECUTE = "redshift-data/latest/APIReference/API_ExecuteStatement.html"
RACERS = 8


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StatementStore]:
    store = StatementStore(tmp_path / "statements.sqlite")
    yield store
    store.close()


def submit(store: StatementStore, token: str | None, most_active: int = 500) -> dict[str, Any]:
    document = new_document(PLACE, ["SELECT 1"], is_batch=False)
    return store.submit(document, token=token, request="a request", most_active=most_active)


@pytest.mark.rule("The same client token gives the same statement", page=EXECUTE, group="data-api")
def test_threads_that_race_with_one_token_run_one_statement(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (n INTEGER)")
    barrier = threading.Barrier(RACERS)

    def race(_: int) -> str:
        barrier.wait()
        return warehouse.submit("INSERT INTO t VALUES (1)", ClientToken="a-raced-token")

    with ThreadPoolExecutor(RACERS) as threads:
        (winner,) = set(threads.map(race, range(RACERS)))

    warehouse.wait(winner)
    assert warehouse.rows("SELECT n FROM t") == [(1,)]


@pytest.mark.rule("500 statements may be active", page=PAGE, group="data-api")
def test_one_statement_more_than_may_be_active_is_refused_and_takes_no_token(
    store: StatementStore,
) -> None:
    first, second = submit(store, None, most_active=2), submit(store, None, most_active=2)

    with pytest.raises(ServiceError) as error:
        submit(store, "a-token", most_active=2)

    assert error.value.code == "ActiveStatementsExceededException"
    store.put(first | {"Status": "FINISHED"})
    third = submit(store, "a-token", most_active=2)
    assert third["Id"] not in (first["Id"], second["Id"])
    assert submit(store, "a-token", most_active=2)["Id"] == third["Id"]


def test_a_client_is_told_that_too_many_statements_are_active(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localaws.redshift_data.api.MAX_ACTIVE", 0)

    with pytest.raises(ClientError) as error:
        warehouse.submit("SELECT 1")

    assert error.value.response["Error"]["Code"] == "ActiveStatementsExceededException"
    monkeypatch.undo()
    assert warehouse.rows("SELECT 1") == [(1,)]


@pytest.mark.rule("A client token is remembered for 8 hours", page=PAGE, group="data-api")
@pytest.mark.parametrize(("hours", "is_same"), [(7.9, True), (8.1, False)])
def test_a_token_is_forgotten_after_eight_hours(
    store: StatementStore, monkeypatch: pytest.MonkeyPatch, hours: float, is_same: bool
) -> None:
    now = 1_700_000_000.0
    monkeypatch.setattr("localaws.redshift_data.store.time.time", lambda: now)
    first = submit(store, "a-token")

    now += hours * 3600

    assert (submit(store, "a-token")["Id"] == first["Id"]) is is_same


@pytest.mark.rule("Results are kept for 24 hours", page=PAGE, group="data-api")
@pytest.mark.parametrize(("hours", "is_kept"), [(23.9, True), (24.1, False)])
def test_a_statement_is_forgotten_a_day_later_with_its_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: float, is_kept: bool
) -> None:
    now = 1_700_000_000.0
    monkeypatch.setattr("localaws.redshift_data.store.time.time", lambda: now)
    path, rows = tmp_path / "day.sqlite", [[{"longValue": 1}]]
    store = StatementStore(path)
    document = submit(store, None)
    store.put_result(document["Id"], rows)
    store.close()

    now += hours * 3600
    store = StatementStore(path)

    assert (store.get(document["Id"]) is not None) is is_kept
    assert store.get_page(document["Id"], 0) == (rows if is_kept else [], False)
    store.close()
