"""`make query`: the answer on stdout and nothing else, in three forms."""

import json
from types import SimpleNamespace

import pytest

from commands import query
from dags.systems.warehouse import Rows, Statement, WarehouseError

ANSWER = Rows(
    ("n", "text", "flag"), [(1, "a,b", True), (None, "", None), (2.5, 'say "x"\n', False)]
)


class Warehouse:
    """Gives one answer, or refuses; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refusal: str | None = None
        self.answer = ANSWER

    def query(self, statement: Statement) -> Rows:
        self.asked.append(statement.sql)
        if self.refusal:
            raise WarehouseError(self.refusal)
        return self.answer


@pytest.fixture
def warehouse(monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    fake = Warehouse()
    monkeypatch.setattr(query, "open_place", lambda _: SimpleNamespace(warehouse=fake))
    monkeypatch.delenv("SQL", raising=False)
    monkeypatch.delenv("FORMAT", raising=False)
    monkeypatch.delenv("WRITE", raising=False)
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

    expected = 'n,text,flag\n1,"a,b",true\n,"",\n2.5,"say ""x""\n",false\n'
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


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM streams",
        "SELECT a INTO b FROM c",
        "WITH a AS (SELECT 1 AS x) DELETE FROM t",
        "SELECT 1; UPDATE etl_state SET commit_no = 0",
        "CREATE TABLE t AS SELECT 1 AS a",
        *("TRUNCATE t", "VACUUM t", "CALL p()", "SET search_path TO x", "COPY t FROM 's3://b'"),
        *("SELEC 1", "SELECT (1", "UNLOAD ('SELECT 1') TO 's3://b'"),
    ],
)
def test_a_statement_that_could_change_something_needs_write(
    warehouse: Warehouse, sql: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert query.main(["--sql", sql]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert err.endswith("to send it all the same, give WRITE=1 too\n")
    assert err.count("\n") == 1
    assert warehouse.asked == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 -- one; 'only'",
        "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
        "(SELECT 1) UNION ALL SELECT 2",
        "EXPLAIN SELECT 1",
        "SHOW TABLES FROM SCHEMA dev.public",
        "SELECT 1; SELECT 2",
    ],
)
def test_a_statement_that_only_asks_is_sent_as_it_is(warehouse: Warehouse, sql: str) -> None:
    assert query.main(["--sql", sql]) == 0

    assert warehouse.asked == [sql]


@pytest.mark.parametrize(("changed", "told"), [(3, "done: 3 rows changed"), (None, "done")])
@pytest.mark.parametrize("form", query.FORMATS)
def test_what_a_statement_changed_is_told_beside_the_answer(
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changed: int | None,
    told: str,
    form: str,
) -> None:
    monkeypatch.setenv("WRITE", "1")
    warehouse.answer = Rows((), [], changed)

    assert query.main(["--sql", "DELETE FROM t", "--format", form]) == 0

    assert warehouse.asked == ["DELETE FROM t"]
    assert capsys.readouterr() == ("", f"{told}\n")


def test_what_redshift_refuses_is_told_in_its_words(
    warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    warehouse.refusal = "Redshift refused it: ERROR: no"

    assert query.main(["--sql", "SELECT nothing"]) == 2

    assert capsys.readouterr() == ("", "error: Redshift refused it: ERROR: no\n")
