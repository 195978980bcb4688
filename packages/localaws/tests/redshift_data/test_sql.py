"""What Redshift's SQL takes and refuses: each refusal beside the nearest statement that runs."""

import pytest

from .conftest import OURS, ROLE, Warehouse

SQL_PAGE = "redshift/latest/dg/c_redshift-and-postgres-sql.html"
FEATURES = "redshift/latest/dg/c_unsupported-postgresql-features.html"
KEYWORDS = "redshift/latest/dg/r_pg_keywords.html"
TYPES = "redshift/latest/dg/c_unsupported-postgresql-datatypes.html"


@pytest.fixture
def tables(warehouse: Warehouse) -> Warehouse:
    warehouse.run(
        "CREATE TABLE t (a INTEGER NOT NULL, b VARCHAR(20), at TIMESTAMP)",
        "INSERT INTO t VALUES (1, 'x', '2024-06-01 12:30:00'), (2, NULL, '2024-06-02 01:00:00')",
        "CREATE TABLE s (a INTEGER NOT NULL, b VARCHAR(20), at TIMESTAMP)",
    )
    return warehouse


@pytest.mark.rule("What PostgreSQL has and Redshift lacks is refused", page=FEATURES, group="sql")
@pytest.mark.parametrize(
    ("refused", "error", "taken"),
    [
        (
            "INSERT INTO t VALUES (3, 'z', NULL) ON CONFLICT DO NOTHING",
            'ERROR: syntax error at or near "CONFLICT"',
            "INSERT INTO t VALUES (3, 'z', NULL)",
        ),
        (
            "DELETE FROM t WHERE a = 1 RETURNING a",
            'ERROR: syntax error at or near "RETURNING"',
            "DELETE FROM t WHERE a = 1",
        ),
        (
            "CREATE INDEX i ON t (a)",
            'ERROR: SQL command "CREATE INDEX" not supported on Redshift tables.',
            "ANALYZE t",
        ),
        (
            "SELECT DISTINCT ON (b) a FROM t",
            "ERROR: SELECT DISTINCT ON is not supported",
            "SELECT DISTINCT a FROM t",
        ),
        (
            "SELECT count(*) FILTER (WHERE a > 1) FROM t",
            'ERROR: syntax error at or near "FILTER"',
            "SELECT count(CASE WHEN a > 1 THEN 1 END) FROM t",
        ),
    ],
)
def test_a_feature_of_postgresql_alone_is_refused(
    tables: Warehouse, refused: str, error: str, taken: str
) -> None:
    assert tables.refuse(refused) == error
    tables.run(taken)


@pytest.mark.rule("Types of PostgreSQL alone do not exist", page=TYPES, group="sql")
@pytest.mark.parametrize("type_name", ["JSONB", "UUID", "INTEGER[]", "SERIAL", "MONEY", "XML"])
def test_a_type_of_postgresql_alone_is_refused(warehouse: Warehouse, type_name: str) -> None:
    assert warehouse.refuse(f"CREATE TABLE u (a {type_name})").startswith("ERROR: ")
    warehouse.run("CREATE TABLE u (a VARCHAR(36))")


@pytest.mark.rule("A reserved word is a name only in quotes", page=KEYWORDS, group="sql")
@pytest.mark.parametrize("word", ["explicit", "tag", "raw", "open", "percent", "snapshot", "top"])
def test_a_reserved_word_is_quoted_or_refused(warehouse: Warehouse, word: str) -> None:
    assert warehouse.refuse(f"CREATE TABLE u ({word} INTEGER)").startswith("ERROR: syntax error")

    warehouse.run(f'CREATE TABLE u ("{word}" INTEGER)')
    assert warehouse.refuse(f"SELECT u.{word} FROM u").startswith("ERROR: syntax error")
    assert warehouse.rows(f'SELECT u."{word}" FROM u') == []


def test_names_that_only_look_reserved_are_free(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE u (hour TIMESTAMP, key INTEGER, mode INTEGER)")

    assert warehouse.rows("SELECT hour, key, mode FROM u") == []


@pytest.mark.parametrize(
    "statement",
    [
        f"UNLOAD ('SELECT 1') TO 's3://a-bucket/x' IAM_ROLE '{ROLE}'",
        "VACUUM t",
        "ALTER TABLE t APPEND FROM s",
        "CALL a_procedure()",
        "SHOW TABLES",
        "SET search_path TO x",
        "CREATE FUNCTION f() RETURNS INTEGER AS $$ SELECT 1 $$ LANGUAGE sql",
        "CREATE EXTERNAL SCHEMA e FROM DATA CATALOG DATABASE 'd'",
        "DROP SCHEMA public",
        "CREATE TABLE #u (a INTEGER)",
    ],
)
def test_what_this_double_does_not_know_is_refused_in_its_own_name(
    tables: Warehouse, statement: str
) -> None:
    assert tables.refuse(statement).startswith(OURS)


@pytest.mark.parametrize("statement", ["SELECT 1; SELECT 2", "SELEC 1", "", "SELECT 'open"])
def test_anything_but_one_statement_is_refused(warehouse: Warehouse, statement: str) -> None:
    assert warehouse.refuse(statement or " ").startswith("ERROR: ")
    assert warehouse.rows("SELECT 1;") == [(1,)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT NVL(b, 'none') FROM t ORDER BY a", [("x",), ("none",)]),
        ("SELECT LEN('abc'), COALESCE(NULL, 2)", [(3, 2)]),
        ("SELECT DATEADD(day, 1, at) FROM t WHERE a = 1", [("2024-06-02 12:30:00",)]),
        ("SELECT DATEADD('hour', -1, at) FROM t WHERE a = 2", [("2024-06-02 00:00:00",)]),
        ("SELECT DATEDIFF(day, '2024-01-01 23:00', '2024-01-02 01:00')", [(1,)]),
        ("SELECT DATEDIFF(hour, '2024-01-01 23:59', '2024-01-02 00:01')", [(1,)]),
        ("SELECT DATEDIFF(month, '2023-12-31', '2024-01-01')", [(1,)]),
        ("SELECT DATE_TRUNC('hour', at) FROM t WHERE a = 1", [("2024-06-01 12:00:00",)]),
        ("SELECT TOP 1 a FROM t ORDER BY a DESC", [(2,)]),
        ("SELECT count(*) FROM t WHERE at < SYSDATE AND at < GETDATE()", [(2,)]),
        ("SELECT 'SYSDATE and TOP'", [("SYSDATE and TOP",)]),
        ("SELECT a / 2, a / 2.0::DOUBLE PRECISION FROM t WHERE a = 1", [(0, 0.5)]),
        ("WITH u AS (SELECT a FROM t) SELECT sum(a) FROM u", [(3,)]),
        ("SELECT a FROM t UNION ALL SELECT 5 ORDER BY a", [(1,), (2,), (5,)]),
        ("SELECT a, ROW_NUMBER() OVER (ORDER BY a DESC) AS n FROM t ORDER BY n", [(2, 1), (1, 2)]),
    ],
)
def test_a_query_gives_what_redshift_gives(
    tables: Warehouse, sql: str, expected: list[tuple[object, ...]]
) -> None:
    assert tables.rows(sql) == expected


def test_rows_are_changed_by_joins_as_redshift_writes_them(tables: Warehouse) -> None:
    tables.run("INSERT INTO s SELECT a, 'new', at FROM t WHERE a = 2")

    tables.run("UPDATE t SET b = s.b FROM s WHERE t.a = s.a")
    tables.run("DELETE FROM t USING s WHERE t.a < s.a")

    assert tables.rows("SELECT a, b FROM t") == [(2, "new")]


@pytest.mark.rule("TRUNCATE commits", page="redshift/latest/dg/r_TRUNCATE.html", group="redshift")
def test_truncate_commits_where_delete_does_not(tables: Warehouse) -> None:
    tables.refuse("DELETE FROM t", "SELECT a FROM missing")
    assert tables.rows("SELECT count(*) FROM t") == [(2,)]

    tables.refuse("TRUNCATE t", "SELECT a FROM missing")
    assert tables.rows("SELECT count(*) FROM t") == [(0,)]


@pytest.mark.rule(
    "Two transactions that update one row: the second fails with 1023",
    page="redshift/latest/dg/c_serial_isolation.html",
    group="redshift",
)
def test_the_second_writer_of_a_row_fails(tables: Warehouse) -> None:
    slow = "UPDATE s SET b = b WHERE a = (SELECT count(*) FROM t x1, t x2, t x3, t x4, t x5, t x6)"
    first, second = (
        tables.submit(slow, f"UPDATE t SET b = '{name}' WHERE a = 1", *[slow] * 10)
        for name in ("first", "second")
    )

    ended = [tables.wait(statement_id) for statement_id in (first, second)]

    failed = [end for end in ended if end["Status"] == "FAILED"]
    if failed:  # else one had ended before the other began
        assert failed[0]["Error"].startswith("ERROR: 1023 DETAIL: Serializable isolation violation")
    assert sum(end["Status"] == "FINISHED" for end in ended) == 2 - len(failed) >= 1


@pytest.mark.rule(
    "A check inside a batch fails it by an error",
    page="redshift/latest/dg/r_CASE_function.html",
    group="redshift",
)
def test_a_division_by_zero_fails_the_batch(tables: Warehouse) -> None:
    check = "SELECT 1 / (CASE WHEN (SELECT count(*) FROM t) = {} THEN 1 ELSE 0 END)"

    error = tables.refuse("DELETE FROM t WHERE a = 1", check.format(2))

    assert error == "ERROR: Divide by zero"
    tables.run("DELETE FROM t WHERE a = 1", check.format(1))


@pytest.mark.rule(
    "SET takes a parameter that there is, and a value that it has",
    page="redshift/latest/dg/cm_chap_ConfigurationRef.html",
    group="sql",
)
@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (
            "SET enable_result_cache TO off",
            'ERROR: unrecognized configuration parameter "enable_result_cache"',
        ),
        (
            "SET enable_result_cache_for_session TO never",
            'ERROR: parameter "enable_result_cache_for_session" requires a Boolean value',
        ),
    ],
)
def test_an_unknown_parameter_and_a_strange_value_are_refused(
    warehouse: Warehouse, statement: str, error: str
) -> None:
    assert warehouse.refuse(statement) == error


def test_the_cache_of_results_is_switched_off_for_a_batch(warehouse: Warehouse) -> None:
    warehouse.run("SET enable_result_cache_for_session TO off", "SELECT 1")
    warehouse.run("SET enable_result_cache_for_session = 'off'")
