"""The gate: clauses of PostgreSQL, texts that are no SQL, and SQL that the parser cannot read."""

import pytest

from .conftest import OURS, Warehouse

FEATURES = "redshift/latest/dg/c_unsupported-postgresql-features.html"
FUNCTIONS = "redshift/latest/dg/c_unsupported-postgresql-functions.html"


@pytest.fixture
def table(warehouse: Warehouse) -> Warehouse:
    warehouse.run(
        "CREATE TABLE t (a INTEGER, b VARCHAR(20))", "INSERT INTO t VALUES (1, 'x'), (2, NULL)"
    )
    return warehouse


@pytest.mark.rule("What PostgreSQL has and Redshift lacks is refused", page=FEATURES, group="sql")
@pytest.mark.parametrize(
    ("refused", "word", "taken"),
    [
        ("SELECT a FROM (VALUES (1)) AS v (a)", "VALUES", "SELECT a FROM (SELECT 1 AS a) AS v"),
        ("SELECT a FROM t FOR UPDATE", "FOR", "SELECT a FROM t"),
        (
            "WITH gone AS (DELETE FROM t) SELECT 1",
            "DELETE",
            "WITH kept AS (SELECT a FROM t) SELECT 1 FROM kept",
        ),
    ],
)
def test_a_clause_of_postgresql_alone_is_refused(
    table: Warehouse, refused: str, word: str, taken: str
) -> None:
    assert table.refuse(refused) == f'ERROR: syntax error at or near "{word}"'
    table.run(taken)


@pytest.mark.rule("IS DISTINCT FROM does not exist", page=FUNCTIONS, group="sql")
def test_is_distinct_from_is_refused(table: Warehouse) -> None:
    error = table.refuse("SELECT a FROM t WHERE b IS DISTINCT FROM 'x'")

    assert error == 'ERROR: syntax error at or near "DISTINCT"'
    assert table.rows("SELECT a FROM t WHERE b <> 'x' OR b IS NULL") == [(2,)]


@pytest.mark.parametrize(
    ("sql", "near"),
    [("SELEC 1", '"SELEC"'), ("SELECT (1", '"1"'), ("SELECT FROM WHERE a = 1", '"WHERE"')],
)
def test_what_is_no_sql_is_a_syntax_error(table: Warehouse, sql: str, near: str) -> None:
    assert table.refuse(sql) == f"ERROR: syntax error at or near {near}"


@pytest.mark.parametrize(
    "statement",
    [
        "MERGE INTO t USING t AS s ON t.a = s.a REMOVE DUPLICATES",
        "CREATE TABLE u (a INTEGER DISTKEY SORTKEY)",
        "CREATE TABLE u (a INTEGER) SORTKEY AUTO",
        "CREATE VIEW v AS SELECT a FROM t WITH NO SCHEMA BINDING",
    ],
)
def test_redshifts_sql_that_the_parser_does_not_know_is_no_syntax_error(
    table: Warehouse, statement: str
) -> None:
    assert table.refuse(statement).startswith(OURS)


def test_a_backslash_escapes_in_a_text(table: Warehouse) -> None:
    sql = r"SELECT 'it\'s', 'a\\b', LEN('\\') FROM t WHERE b LIKE '%\\_%' OR a = 1"

    assert table.rows(sql) == [("it's", "a\\b", 1)]
    table.run(r"CREATE TABLE u AS SELECT 'a\\b' AS a")
    assert table.rows("SELECT a FROM u") == [("a\\b",)]
    assert table.rows(r"SELECT TOP 1 'a\\b\'c'") == [("a\\b'c",)]


def test_a_name_that_redshift_does_not_reserve_is_free(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE u (language VARCHAR(3))")

    assert warehouse.rows("SELECT language FROM u") == []
