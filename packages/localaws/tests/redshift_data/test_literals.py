"""Where a literal ends: for the gate and for the server at the same place."""

import pytest

from .conftest import Warehouse


@pytest.fixture
def table(warehouse: Warehouse) -> Warehouse:
    warehouse.run("CREATE TABLE t (n INTEGER)")
    warehouse.run("INSERT INTO t VALUES (1), (2)")
    return warehouse


@pytest.mark.rule(
    "A backslash escapes in a literal",
    page="redshift/latest/dg/r_QUOTE_LITERAL.html",
    group="sql",
)
def test_a_backslash_escapes_in_a_literal(warehouse: Warehouse) -> None:
    assert warehouse.rows(r"SELECT 'it\'s', 'a\\b'") == [("it's", r"a\b")]


def test_a_second_statement_cannot_hide_behind_an_escaped_quote(table: Warehouse) -> None:
    hidden = r"SELECT '\'; DELETE FROM t --'"

    assert table.rows(hidden) == [("'; DELETE FROM t --",)]
    assert table.rows("SELECT COUNT(*) FROM t") == [(2,)]


def test_a_commit_cannot_hide_in_a_batch(table: Warehouse) -> None:
    table.refuse("DELETE FROM t", r"SELECT '\'; COMMIT; --'", "SELECT 1 / 0")

    assert table.rows("SELECT COUNT(*) FROM t") == [(2,)]


@pytest.mark.parametrize("text", ["it's", "end\\", "a\\b", "\\'; DROP TABLE t --", "100%", ":a"])
def test_a_bound_text_comes_back_as_it_was(warehouse: Warehouse, text: str) -> None:
    assert warehouse.rows("SELECT :v", Parameters=[{"name": "v", "value": text}]) == [(text,)]


def test_a_parameter_after_an_escaped_quote_is_found(warehouse: Warehouse) -> None:
    parameters = [{"name": "v", "value": "1"}]

    assert warehouse.rows(r"SELECT 'it\'s', :v, 'x'", Parameters=parameters) == [("it's", "1", "x")]
