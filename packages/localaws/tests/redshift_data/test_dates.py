"""DATEADD, DATEDIFF and the other functions that are put into PostgreSQL's words."""

import pytest

from .conftest import OURS, Warehouse

NIGHT = "'2024-01-01 23:00'::timestamp, '2024-01-02 01:00'::timestamp"


@pytest.mark.rule(
    "DATEDIFF counts the boundaries crossed, by any name of a date part",
    page="redshift/latest/dg/r_DATEDIFF_function.html",
    group="sql",
)
@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (f"DATEDIFF(day, {NIGHT})", 1),
        (f"DATEDIFF('d', {NIGHT})", 1),
        (f"DATEDIFF(hr, {NIGHT})", 2),
        ("DATEDIFF(mon, '2000-01-01'::date, '2024-01-01'::date)", 288),
        ("DATEDIFF(yr, '2023-12-31'::date, '2024-01-01'::date)", 1),
        ("DATEDIFF(qtr, '2023-12-31'::date, '2024-07-01'::date)", 3),
        ("DATEDIFF(week, '2024-01-08'::date, '2024-01-06'::date)", -1),
    ],
)
def test_a_difference_counts_boundaries_wherever_it_stands(
    warehouse: Warehouse, call: str, expected: int
) -> None:
    warehouse.run(f"CREATE TABLE t AS SELECT {call} AS n")

    assert warehouse.rows(f"SELECT {call}") == [(expected,)]
    assert warehouse.rows(f"SELECT TOP 1 {call}") == [(expected,)]
    assert warehouse.rows("SELECT n FROM t") == [(expected,)]


def test_a_quarter_is_added(warehouse: Warehouse) -> None:
    added = "SELECT {}DATEADD(quarter, 1, '2024-01-31'::timestamp)"

    assert warehouse.rows(added.format("")) == [("2024-04-30 00:00:00",)]
    assert warehouse.rows(added.format("TOP 1 ")) == [("2024-04-30 00:00:00",)]


def test_a_column_may_be_called_as_a_function_is(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (date_part INTEGER, x INTEGER)")
    warehouse.run("INSERT INTO t VALUES (1, 2)")

    assert warehouse.rows("SELECT date_part, x FROM t") == [(1, 2)]


def test_nvl_takes_any_number_of_values_of_a_common_type(warehouse: Warehouse) -> None:
    assert warehouse.rows("SELECT NVL(NULL, NULL, 'x'), NVL(NULL::float, 1)") == [("x", 1.0)]


def test_a_double_is_rounded_and_a_number_stays_one(warehouse: Warehouse) -> None:
    rounded = "SELECT ROUND(2.345::float, 1), ROUND(2.345, 2), ROUND(15, -1)"

    assert warehouse.rows(rounded) == [(2.3, "2.35", "20")]


def test_a_date_beyond_python_is_refused_in_the_doubles_name(warehouse: Warehouse) -> None:
    error = warehouse.refuse("SELECT '0044-03-15 BC'::date")

    assert error.startswith(OURS)
    assert warehouse.rows("SELECT '0044-03-15'::date") == [("0044-03-15",)]
