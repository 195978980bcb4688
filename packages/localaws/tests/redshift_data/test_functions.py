"""Functions: PostgreSQL's own are shut, and none passes for Redshift's."""

import pytest

from .conftest import OURS, Warehouse

FUNCTIONS = "redshift/latest/dg/c_unsupported-postgresql-functions.html"


@pytest.fixture
def table(warehouse: Warehouse) -> Warehouse:
    warehouse.run("CREATE TABLE t (a INTEGER, b VARCHAR(20))", "INSERT INTO t VALUES (1, 'x')")
    return warehouse


@pytest.mark.rule("Functions of PostgreSQL alone do not exist", page=FUNCTIONS, group="sql")
@pytest.mark.parametrize(
    ("refused", "taken"),
    [
        ("SELECT now()", "SELECT GETDATE()"),
        ("SELECT generate_series(1, 3)", "SELECT a FROM t"),
        ("SELECT string_agg(b, ',') FROM t", "SELECT max(b) FROM t"),
        ("SELECT array_agg(a) FROM t", "SELECT sum(a) FROM t"),
        ("SELECT substr(b, 1) FROM t", "SELECT SUBSTRING(b, 1) FROM t"),
        ("SELECT pg_sleep(1)", "SELECT 1"),
        ("SELECT to_jsonb(a) FROM t", "SELECT a FROM t"),
        ("SELECT corr(a, a) FROM t", "SELECT stddev(a) FROM t"),
        ("SELECT every(a > 0) FROM t", "SELECT bool_and(a > 0) FROM t"),
        ("SELECT width_bucket(a, 1, 2, 3) FROM t", "SELECT floor(a) FROM t"),
        ("SELECT overlay(b PLACING 'y' FROM 1) FROM t", "SELECT replace(b, 'x', 'y') FROM t"),
        ("SELECT regr_count(a, a) FROM t", "SELECT count(a) FROM t"),
        ("SELECT a FROM generate_series(1, 3) AS n (a)", "SELECT a FROM t AS n"),
        ("SELECT transaction_timestamp()", "SELECT SYSDATE"),
    ],
)
def test_a_function_of_postgresql_alone_is_refused(
    table: Warehouse, refused: str, taken: str
) -> None:
    assert "does not exist" in table.refuse(refused)
    table.run(taken)


@pytest.mark.parametrize(
    "call",
    [
        "pg_ls_dir('.')",
        "pg_read_file('/etc/hostname')",
        "lo_import('/etc/hostname')",
        "current_setting('data_directory')",
        "pg_terminate_backend(1)",
        "nextval('x')",
    ],
)
def test_the_machine_cannot_be_reached_through_a_function(table: Warehouse, call: str) -> None:
    assert table.refuse(f"SELECT {call}").startswith(OURS)
    assert table.refuse(f"SELECT 1 FROM {call} AS f").startswith(OURS)
    assert table.rows("SELECT OCTET_LENGTH(b) FROM t") == [(1,)]


@pytest.mark.parametrize("call", ["CHARINDEX('x', b)", "LAST_DAY(SYSDATE)", "CONVERT(INTEGER, b)"])
def test_a_function_that_only_redshift_has_is_refused_in_the_doubles_name(
    table: Warehouse, call: str
) -> None:
    assert table.refuse(f"SELECT {call} FROM t").startswith(OURS)
    assert table.rows("SELECT STRPOS(b, 'x') FROM t") == [(1,)]
