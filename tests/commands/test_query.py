"""`make query`: the answer on stdout and nothing else, in three forms."""

import json
from pathlib import Path
from typing import Any

import pytest

from commands import query
from dags.systems.warehouse import Rows, Statement, WarehouseError
from localaws.stack import ServiceStatus

ANSWER = Rows(
    ("n", "text", "flag"), [(1, "a,b", True), (None, "", None), (2.5, 'say "x"\n', False)]
)


class Warehouse:
    """Gives one answer, or refuses; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refusal: str | None = None

    def query(self, statement: Statement) -> Rows:
        self.asked.append(statement.sql)
        if self.refusal:
            raise WarehouseError(self.refusal)
        return ANSWER


class FakeStack:
    """A stack whose endpoint runs, or not."""

    is_running = True

    def status(self) -> list[ServiceStatus]:
        return [ServiceStatus("endpoint", "http://127.0.0.1:1", 1, self.is_running)]


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    fake = FakeStack()
    monkeypatch.setattr(query, "describe_stack", lambda _: (fake, None))
    return fake


@pytest.fixture
def warehouse(stack: FakeStack, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    fake = Warehouse()
    monkeypatch.setattr(query, "open_warehouse", lambda *_: fake)
    monkeypatch.delenv("SQL", raising=False)
    monkeypatch.delenv("FORMAT", raising=False)
    return fake


def test_a_table_is_for_people(warehouse: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    assert query.main(["--sql", "SELECT 1"]) == 0

    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert [line.split() for line in lines[:2]] == [["n", "text", "flag"], ["1", "a,b", "true"]]
    assert lines[-1] == "(3 rows)"
    assert err == ""


def test_in_csv_a_null_is_an_empty_field_and_an_empty_text_is_not(
    warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    assert query.main(["--sql", "SELECT 1", "--format", "csv"]) == 0

    expected = 'n,text,flag\r\n1,"a,b",true\r\n,"",\r\n2.5,"say ""x""\n",false\r\n'
    assert capsys.readouterr().out == expected


def test_json_keeps_the_types(warehouse: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    assert query.main(["--sql", "SELECT 1", "--format", "json"]) == 0

    records = json.loads(capsys.readouterr().out)
    assert records[:2] == [
        {"n": 1, "text": "a,b", "flag": True},
        {"n": None, "text": "", "flag": None},
    ]


def test_statement_and_format_come_by_the_environment_too(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SQL", "SELECT '$x'")
    monkeypatch.setenv("FORMAT", "json")

    assert query.main([]) == 0

    assert warehouse.asked == ["SELECT '$x'"]
    assert json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--sql", " "], 'error: there is no statement: make query SQL="SELECT …"\n'),
        (["--sql", "SELECT 1", "--format", "xml"], "error: FORMAT is one of table, csv, json"),
    ],
)
def test_a_wrong_call_is_told_in_one_line(
    warehouse: Warehouse, capsys: pytest.CaptureFixture[str], argv: list[str], message: str
) -> None:
    assert query.main(argv) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(message)
    assert err.count("\n") == 1
    assert warehouse.asked == []


def test_what_redshift_refuses_is_told_in_its_words(
    warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    warehouse.refusal = "Redshift refused it: ERROR: no"

    assert query.main(["--sql", "SELEC"]) == 2

    assert capsys.readouterr() == ("", "error: Redshift refused it: ERROR: no\n")


def test_a_stack_that_is_down_is_started_first(
    warehouse: Warehouse, stack: FakeStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[Any] = []
    stack.is_running = False
    monkeypatch.setattr(query, "bring_up", lambda *given: started.append(given))

    assert query.main(["--sql", "SELECT 1", "--state", str(tmp_path)]) == 0

    assert started == [(stack, None)]
