"""ALTER TABLE: columns that are added count their bytes too."""

import pytest

from .conftest import OURS, Warehouse

PAGE = "redshift/latest/dg/r_ALTER_TABLE.html"
TEXTS = "redshift/latest/dg/r_Character_types.html"


@pytest.fixture
def table(warehouse: Warehouse) -> Warehouse:
    warehouse.run("CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1)")
    return warehouse


@pytest.mark.rule("VARCHAR counts bytes", page=TEXTS, group="redshift")
def test_an_added_column_counts_bytes(table: Warehouse) -> None:
    table.run("ALTER TABLE t ADD COLUMN b VARCHAR(4) DEFAULT 'x' ENCODE zstd")

    error = table.refuse("UPDATE t SET b = 'ééé'")

    assert error.startswith("ERROR: Value too long for character type")
    table.run("UPDATE t SET b = b || 'éx'")
    assert table.rows("SELECT a, b FROM t") == [(1, "xéx")]


def test_columns_and_tables_are_renamed_and_dropped(table: Warehouse) -> None:
    table.run("ALTER TABLE t ADD COLUMN b TEXT")
    table.run("ALTER TABLE t RENAME COLUMN a TO c")
    table.run("ALTER TABLE t DROP COLUMN b")
    table.run("ALTER TABLE t RENAME TO u")

    assert table.rows("SELECT * FROM u") == [(1,)]


@pytest.mark.rule("ALTER TABLE has one action", page=PAGE, group="redshift")
def test_a_second_action_is_refused(table: Warehouse) -> None:
    refused = "ALTER TABLE t ADD COLUMN b INTEGER, ADD COLUMN c INTEGER"

    assert table.refuse(refused).startswith(OURS)
    table.run("ALTER TABLE t ADD COLUMN b INTEGER")


@pytest.mark.parametrize("type_name", ["SUPER", "GEOMETRY", "HLLSKETCH"])
def test_a_type_that_only_redshift_has_is_refused_in_the_doubles_name(
    warehouse: Warehouse, type_name: str
) -> None:
    assert warehouse.refuse(f"CREATE TABLE u (a {type_name})").startswith(OURS)
