"""CREATE TABLE: keys that nothing enforces, widths that count bytes, words without effect."""

import pytest

from .conftest import PLACE, Warehouse

TABLE = "redshift/latest/dg/r_CREATE_TABLE_NEW.html"
KEYS = "redshift/latest/dg/t_Defining_constraints.html"
TEXTS = "redshift/latest/dg/r_Character_types.html"
LIMIT = "ERROR: Value too long for character type: "


def test_the_words_of_a_cluster_are_taken(warehouse: Warehouse) -> None:
    warehouse.run(
        "CREATE TABLE IF NOT EXISTS t (a BIGINT NOT NULL ENCODE az64, b VARCHAR(64) DEFAULT 'x', "
        "c DOUBLE PRECISION NULL, d DECIMAL(10, 2), PRIMARY KEY (a)) "
        "DISTSTYLE KEY DISTKEY (a) COMPOUND SORTKEY (a, b)"
    )

    warehouse.run("INSERT INTO t (a) VALUES (1)")
    assert warehouse.rows("SELECT a, b, c, d FROM t") == [(1, "x", None, None)]


@pytest.mark.rule("Keys are declared and not enforced, NOT NULL is", page=KEYS, group="redshift")
def test_a_key_is_not_enforced_but_never_null(warehouse: Warehouse) -> None:
    warehouse.run(
        "CREATE TABLE t (a INTEGER, b INTEGER UNIQUE, PRIMARY KEY (a))",
        "INSERT INTO t VALUES (1, 1), (1, 1)",
    )

    assert warehouse.rows("SELECT count(*) FROM t") == [(2,)]
    error = warehouse.refuse("INSERT INTO t VALUES (NULL, 1)")
    assert error == "ERROR: Cannot insert a NULL value into column a"


@pytest.mark.rule("VARCHAR counts bytes", page=TEXTS, group="redshift")
@pytest.mark.parametrize(("fits", "exceeds"), [("éé", "ééx"), ("abcd", "abcde"), ("😀", "😀x")])
def test_a_text_is_as_long_as_its_bytes(warehouse: Warehouse, fits: str, exceeds: str) -> None:
    warehouse.run("CREATE TABLE t (a VARCHAR(4))")

    assert warehouse.refuse(f"INSERT INTO t VALUES ('{exceeds}')").startswith(LIMIT)
    warehouse.run(f"INSERT INTO t VALUES ('{fits}')")
    assert warehouse.rows("SELECT a FROM t") == [(fits,)]


@pytest.mark.rule("TEXT is VARCHAR(256)", page=TEXTS, group="redshift")
@pytest.mark.parametrize("type_name", ["TEXT", "VARCHAR"])
def test_a_text_without_a_width_has_256_bytes(warehouse: Warehouse, type_name: str) -> None:
    warehouse.run(f"CREATE TABLE t (a {type_name})")

    assert warehouse.refuse(f"INSERT INTO t VALUES ('{'x' * 257}')").startswith(LIMIT)
    warehouse.run(f"INSERT INTO t VALUES ('{'x' * 256}')")


@pytest.mark.rule("VARCHAR has 65535 bytes at most", page=TEXTS, group="redshift")
def test_the_widest_text_is_taken_and_a_wider_one_refused(warehouse: Warehouse) -> None:
    error = warehouse.refuse("CREATE TABLE t (a VARCHAR(65536))")

    assert error == "ERROR: length for type varchar cannot exceed 65535"
    warehouse.run("CREATE TABLE t (a VARCHAR(MAX))")


@pytest.mark.rule("LIKE keeps NOT NULL and widths", page=TABLE, group="redshift")
def test_a_table_like_another_keeps_its_columns(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (a INTEGER NOT NULL, b VARCHAR(2) DEFAULT 'x')")

    into = "CREATE TEMP TABLE s (LIKE t{})"
    assert "NULL" in warehouse.refuse(into.format(""), "INSERT INTO s VALUES (NULL, 'a')")
    assert warehouse.refuse(into.format(""), "INSERT INTO s VALUES (1, 'abc')").startswith(LIMIT)
    plain = warehouse.run(into.format(""), "INSERT INTO s (a) VALUES (1)", "SELECT b FROM s")
    kept = warehouse.run(
        into.format(" INCLUDING DEFAULTS"), "INSERT INTO s (a) VALUES (1)", "SELECT b FROM s"
    )

    results = [
        warehouse.client.get_statement_result(Id=f"{run['Id']}:3")["Records"]
        for run in (plain, kept)
    ]
    assert results == [[[{"isNull": True}]], [[{"stringValue": "x"}]]]


def test_a_table_is_made_from_a_query_and_changed(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t AS SELECT 1 AS a, 'x'::VARCHAR(5) AS b")

    warehouse.run("ALTER TABLE t ADD COLUMN c INTEGER")
    warehouse.run("CREATE VIEW v AS SELECT a, c FROM t")

    assert warehouse.rows("SELECT a, c FROM v") == [(1, None)]
    warehouse.run("DROP VIEW v", "DROP TABLE IF EXISTS t")


def test_tables_and_columns_are_listed(warehouse: Warehouse) -> None:
    warehouse.run(
        "CREATE TABLE plays (a BIGINT NOT NULL, b VARCHAR(64))", "CREATE TABLE u (a DATE)"
    )

    tables = warehouse.client.list_tables(TablePattern="pl%", **PLACE)["Tables"]
    columns = warehouse.client.describe_table(Table="plays", **PLACE)["ColumnList"]

    assert tables == [{"schema": "public", "name": "plays", "type": "TABLE"}]
    assert [(c["name"], c["typeName"], c["nullable"], c["length"]) for c in columns] == [
        ("a", "int8", 0, 0),
        ("b", "varchar", 1, 64),
    ]
    assert warehouse.client.list_databases(**PLACE)["Databases"] == ["warehouse"]
    assert "public" in warehouse.client.list_schemas(**PLACE)["Schemas"]
