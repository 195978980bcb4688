"""Functions and clauses of Redshift that have another shape in PostgreSQL."""

import pytest

from .conftest import OURS, Warehouse


@pytest.fixture
def table(warehouse: Warehouse) -> Warehouse:
    warehouse.run(
        "CREATE TABLE t (a INTEGER, b VARCHAR(20), n BIGINT)",
        "INSERT INTO t VALUES (1, 'x', 5), (2, NULL, 6), (3, 'y', 6), (4, 'x', NULL)",
    )
    return warehouse


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT NVL2(b, 'some', 'none') FROM t WHERE a < 3 ORDER BY a", [("some",), ("none",)]),
        (
            "SELECT DECODE(b, 'x', 1, NULL, 2, 3) FROM t ORDER BY a",
            [(1,), (2,), (3,), (1,)],
        ),
        ("SELECT DECODE(b, 'y', 1) FROM t WHERE a = 1", [(None,)]),
        ("SELECT LISTAGG(b, ', ') WITHIN GROUP (ORDER BY a DESC) FROM t", [("x, y, x",)]),
        ("SELECT LISTAGG(DISTINCT b) WITHIN GROUP (ORDER BY b) FROM t", [("xy",)]),
        ("SELECT LISTAGG(n, ';') WITHIN GROUP (ORDER BY a) FROM t", [("5;6;6",)]),
        ("SELECT LISTAGG(b, ',') FROM t WHERE a = 1", [("x",)]),
        ("SELECT MEDIAN(n::DOUBLE PRECISION) FROM t", [(6.0,)]),
        ("SELECT APPROXIMATE COUNT(DISTINCT n), COUNT(n) FROM t", [(2, 3)]),
        ("SELECT TOP 2 a FROM t ORDER BY a DESC", [(4,), (3,)]),
        (
            "SELECT a FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY b ORDER BY a DESC) = 1 "
            "ORDER BY a",
            [(2,), (3,), (4,)],
        ),
        (
            "SELECT TOP 1 NVL2(b, DATEADD(day, 1, '2024-02-28'), GETDATE()) FROM t ORDER BY a",
            [("2024-02-29 00:00:00",)],
        ),
    ],
)
def test_a_function_gives_what_redshift_gives(
    table: Warehouse, sql: str, expected: list[tuple[object, ...]]
) -> None:
    assert table.rows(sql) == expected


def test_rows_are_made_from_rewritten_queries(table: Warehouse) -> None:
    table.run("CREATE TABLE u AS SELECT TOP 1 a, NVL2(b, 'some', 'none') AS b FROM t ORDER BY a")
    table.run("INSERT INTO u SELECT a, DECODE(b, 'y', 'why') FROM t WHERE a = 3")
    table.run("CREATE VIEW v AS SELECT LISTAGG(b, '+') WITHIN GROUP (ORDER BY a) AS b FROM u")

    assert table.rows("SELECT b FROM v") == [("some+why",)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT MEDIAN(n) OVER (PARTITION BY b) FROM t",
        "SELECT LISTAGG(b, ',') WITHIN GROUP (ORDER BY a) OVER (PARTITION BY n) FROM t",
        "SELECT TOP 1 a FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1",
    ],
)
def test_what_has_no_like_in_postgresql_is_refused(table: Warehouse, sql: str) -> None:
    assert table.refuse(sql).startswith(OURS)
