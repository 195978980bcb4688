"""Words of Redshift that stand in PostgreSQL under another name."""

import pytest

from .conftest import OURS, Warehouse


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("DATEDIFF(qtr, '2024-01-01', '2024-12-31')", 3),
        ("DATEDIFF(year, '2023-12-31', '2024-01-01')", 1),
        # 2024-06-02 is a Sunday: a week begins.
        ("DATEDIFF(week, '2024-06-01', '2024-06-02')", 1),
        ("DATEDIFF(w, '2024-06-02', '2024-06-08')", 0),
        ("DATEDIFF(d, '2024-06-02 23:59', '2024-06-01 00:01')", -1),
        ("DATEDIFF(hrs, '2024-06-01 23:59', '2024-06-02 01:01')", 2),
        ("DATEDIFF(mins, '2024-06-01 23:59:59', '2024-06-02 00:00')", 1),
        ("DATEDIFF('seconds', '2024-06-01', '2024-06-02')", 86_400),
        ("DATEADD(quarter, 1, '2024-11-30')", "2025-02-28 00:00:00"),
        ("DATEADD(mon, -1, '2024-03-31')", "2024-02-29 00:00:00"),
        ("DATEADD(ms, 1500, '2024-03-31')", "2024-03-31 00:00:01.5"),
        ("DATE_PART(dow, TIMESTAMP '2024-06-02 00:00:00')", 0.0),
        ("NVL(NULL, 1, 2)", 1),
        ("NVL(1, 0.5)", "1"),
        ("NVL(NULL, 'text')", "text"),
        ("GETDATE() <= SYSDATE AND DATEDIFF(s, GETDATE(), SYSDATE) < 60", True),
    ],
)
def test_a_function_gives_what_redshift_gives(
    warehouse: Warehouse, sql: str, expected: object
) -> None:
    assert warehouse.rows(f"SELECT {sql}") == [(expected,)]


def test_minus_takes_rows_away(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1), (2)")

    assert warehouse.rows("SELECT a FROM t MINUS SELECT 1") == [(2,)]


def test_a_table_from_a_query_and_a_view_have_redshifts_types(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t AS SELECT GETDATE() AS a, NVL(NULL, 1) AS b")
    warehouse.run("CREATE VIEW v AS SELECT SYSDATE AS a, DATEADD(day, 1, a) AS b FROM t")

    for sql, names in (
        ("SELECT a, b FROM t", ["timestamp", "int4"]),
        ("SELECT a, b FROM v", ["timestamp", "timestamp"]),
    ):
        answer = warehouse.client.get_statement_result(Id=warehouse.run(sql)["Id"])
        assert [column["typeName"] for column in answer["ColumnMetadata"]] == names


def test_a_date_part_that_is_an_expression_is_refused(warehouse: Warehouse) -> None:
    assert warehouse.refuse("SELECT DATEADD(1 + 1, 1, SYSDATE)").startswith(OURS)
