"""What PostgreSQL takes and Redshift does not: the refusal, and the nearest that is accepted."""

import pytest

from .conftest import OURS, Warehouse


@pytest.fixture
def table(warehouse: Warehouse) -> Warehouse:
    warehouse.run("CREATE TABLE t (id INTEGER, v VARCHAR(5))")
    warehouse.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    return warehouse


@pytest.mark.rule(
    "Clauses of PostgreSQL that Redshift's statements have not are syntax errors",
    page="redshift/latest/dg/c_unsupported-postgresql-features.html",
    group="sql",
)
@pytest.mark.parametrize(
    ("refused", "near", "accepted"),
    [
        ("SELECT id FROM t FOR UPDATE", "FOR", "SELECT id FROM t"),
        ("SELECT id FROM t TABLESAMPLE SYSTEM (10)", "TABLESAMPLE", "SELECT id FROM t"),
        ("WITH x AS (DELETE FROM t) SELECT 1", "DELETE", "WITH x AS (SELECT 1) SELECT 1 FROM x"),
        ("SELECT id IS DISTINCT FROM 1 FROM t", "DISTINCT", "SELECT id <> 1 FROM t"),
        ("TRUNCATE t CASCADE", "CASCADE", "TRUNCATE t"),
        ("TRUNCATE t RESTART IDENTITY", "RESTART", "TRUNCATE TABLE t"),
        ("CREATE OR REPLACE TABLE x (a INT)", "TABLE", "CREATE OR REPLACE VIEW x AS SELECT 1 AS a"),
    ],
)
def test_a_clause_of_postgresql_alone_is_a_syntax_error(
    table: Warehouse, refused: str, near: str, accepted: str
) -> None:
    assert table.refuse(refused) == f'ERROR: syntax error at or near "{near}"'
    assert table.rows("SELECT COUNT(*) FROM t") == [(2,)]
    table.run(accepted)


@pytest.mark.rule(
    "Functions that Redshift lists as unsupported do not exist, quoted or not",
    page="redshift/latest/dg/c_unsupported-postgresql-functions.html",
    group="sql",
)
@pytest.mark.parametrize(
    "call",
    ["EVERY(true)", "CORR(id, id)", "DIV(id, 2)", "BIT_LENGTH(v)", "\"string_agg\"(v, ',')"],
)
def test_an_unsupported_function_does_not_exist(table: Warehouse, call: str) -> None:
    error = table.refuse(f"SELECT {call} FROM t")

    assert error.startswith("ERROR: function")
    assert error.endswith("does not exist")
    table.run('SELECT COUNT(id), "upper"(v) FROM t GROUP BY v')


def test_an_array_is_refused(table: Warehouse) -> None:
    assert table.refuse("SELECT '{1}'::int[]") == 'ERROR: type "int[]" does not exist'
    table.run("SELECT '1'::int")


@pytest.mark.parametrize(
    "refused",
    [
        "CREATE UNLOGGED TABLE x (a INT)",
        "CREATE TABLE x (a INT) INHERITS (t)",
        "CREATE TABLE x (a INT) PARTITION BY RANGE (a)",
        "CREATE MATERIALIZED VIEW x AS SELECT 1 AS a",
        "ALTER TABLE t ADD PRIMARY KEY (id)",
        "ALTER TABLE t ALTER COLUMN v TYPE VARCHAR(9)",
        "ALTER TABLE t ALTER SORTKEY (id)",
    ],
)
def test_a_definition_that_is_not_known_is_refused_in_the_doubles_name(
    table: Warehouse, refused: str
) -> None:
    assert table.refuse(refused).startswith(OURS)
    table.run("CREATE TABLE x (a INT) BACKUP NO DISTSTYLE KEY DISTKEY (a) SORTKEY (a)")


def test_an_added_text_column_counts_bytes(table: Warehouse) -> None:
    table.run("ALTER TABLE t ADD COLUMN w VARCHAR(4)")

    assert "varchar(4)" in table.refuse("INSERT INTO t (w) VALUES ('ééé')")
    table.run("INSERT INTO t (w) VALUES ('éé')")


def test_a_key_is_found_in_any_case(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE x (id INTEGER, PRIMARY KEY (ID))")

    assert "NULL" in warehouse.refuse("INSERT INTO x VALUES (NULL)")
    warehouse.run("INSERT INTO x VALUES (1)")


@pytest.mark.rule(
    "MERGE takes no ONLY, no BY TARGET and no list of columns to SET; AND may stand in parentheses",
    page="redshift/latest/dg/r_MERGE.html",
    group="merge",
)
@pytest.mark.parametrize(
    ("target", "change", "missing", "near"),
    [
        ("ONLY t", "v = s.v", "NOT MATCHED", "ONLY"),
        ("t", "v = s.v", "NOT MATCHED BY TARGET", "BY"),
        ("t", "(id, v) = (s.id, s.v)", "NOT MATCHED", "("),
    ],
)
def test_a_merge_of_postgresql_alone_is_a_syntax_error(
    table: Warehouse, target: str, change: str, missing: str, near: str
) -> None:
    merge = (
        "MERGE INTO {} USING s ON (t.id = s.id AND t.v = s.v) WHEN MATCHED THEN UPDATE SET {} "
        "WHEN {} THEN INSERT (id, v) VALUES (s.id, s.v)"
    )
    table.run("CREATE TABLE s (id INTEGER, v VARCHAR(5))")

    error = table.refuse(merge.format(target, change, missing))

    assert error == f'ERROR: syntax error at or near "{near}"'
    table.run(merge.format("t", "v = s.v", "NOT MATCHED"))
