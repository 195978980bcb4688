"""MERGE: what Redshift takes of it, and what it refuses."""

import pytest

from .conftest import Warehouse

PAGE = "redshift/latest/dg/r_MERGE.html"
MERGE = (
    "MERGE INTO t USING s ON t.a = s.a "
    "WHEN MATCHED THEN UPDATE SET b = s.b "
    "WHEN NOT MATCHED THEN INSERT (a, b) VALUES (s.a, s.b)"
)


@pytest.fixture
def tables(warehouse: Warehouse) -> Warehouse:
    warehouse.run(
        "CREATE TABLE t (a INTEGER NOT NULL, b VARCHAR(20))",
        "INSERT INTO t VALUES (1, 'old'), (2, 'stays')",
        "CREATE TABLE s (a INTEGER NOT NULL, b VARCHAR(20))",
        "INSERT INTO s VALUES (1, 'new'), (3, 'added')",
    )
    return warehouse


def test_matching_rows_are_updated_and_others_inserted(tables: Warehouse) -> None:
    tables.run(MERGE)

    assert tables.rows("SELECT a, b FROM t ORDER BY a") == [(1, "new"), (2, "stays"), (3, "added")]


def test_a_merge_may_delete_and_read_from_a_subquery_with_an_alias(tables: Warehouse) -> None:
    tables.run(
        "MERGE INTO t USING (SELECT a, max(b) AS b FROM s GROUP BY a) AS stage ON t.a = stage.a "
        "WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (stage.a, stage.b)"
    )

    assert tables.rows("SELECT a, b FROM t ORDER BY a") == [(2, "stays"), (3, "added")]


@pytest.mark.rule("MERGE takes no alias for its target", page=PAGE, group="merge")
def test_a_target_alias_is_refused(tables: Warehouse) -> None:
    refused = MERGE.replace("INTO t ", "INTO t AS target ").replace("t.a", "target.a")

    assert tables.refuse(refused) == 'ERROR: syntax error at or near "target"'
    tables.run(MERGE)


@pytest.mark.rule(
    "MERGE has WHEN MATCHED and WHEN NOT MATCHED, once each, in this order",
    page=PAGE,
    group="merge",
)
@pytest.mark.parametrize(
    "branches",
    [
        "WHEN MATCHED THEN UPDATE SET b = s.b",
        "WHEN NOT MATCHED THEN INSERT (a, b) VALUES (s.a, s.b)",
        "WHEN NOT MATCHED THEN INSERT (a, b) VALUES (s.a, s.b) WHEN MATCHED THEN DELETE",
        "WHEN MATCHED THEN DELETE WHEN MATCHED THEN DELETE",
        "WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED THEN INSERT VALUES (s.a, s.b)",
        "WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN DO NOTHING",
    ],
)
def test_other_branches_are_refused(tables: Warehouse, branches: str) -> None:
    refused = f"MERGE INTO t USING s ON t.a = s.a {branches}"

    assert tables.refuse(refused).startswith("ERROR: syntax error")
    tables.run(MERGE)


@pytest.mark.rule("A branch of MERGE has no condition", page=PAGE, group="merge")
@pytest.mark.parametrize("branch", ["WHEN MATCHED", "WHEN NOT MATCHED"])
def test_a_condition_of_a_branch_is_refused(tables: Warehouse, branch: str) -> None:
    refused = MERGE.replace(f"{branch} THEN", f"{branch} AND s.a > 1 THEN")

    assert tables.refuse(refused) == 'ERROR: syntax error at or near "AND"'
    tables.run(MERGE)


@pytest.mark.rule("MERGE takes no WITH", page=PAGE, group="merge")
def test_a_with_before_merge_is_refused(tables: Warehouse) -> None:
    refused = "WITH w AS (SELECT a, b FROM s) " + MERGE.replace("USING s", "USING w AS s")

    assert tables.refuse(refused).startswith("ERROR: syntax error")
    tables.run(MERGE)


@pytest.mark.rule("Columns of SET have no table before them", page=PAGE, group="merge")
def test_a_qualified_column_of_set_is_refused(tables: Warehouse) -> None:
    refused = MERGE.replace("SET b", "SET t.b")

    assert tables.refuse(refused).startswith("ERROR: syntax error")
    tables.run(MERGE)


@pytest.mark.rule("The source of MERGE cannot reference its target", page=PAGE, group="merge")
@pytest.mark.parametrize("source", ["t AS s", "(SELECT a, b FROM t) AS s"])
def test_the_target_inside_the_source_is_refused(tables: Warehouse, source: str) -> None:
    expected = "ERROR: Source view/subquery in Merge statement cannot reference target table."

    assert tables.refuse(MERGE.replace("USING s", f"USING {source}")) == expected
    tables.run(MERGE)


@pytest.mark.rule("Two source rows for one target row fail", page=PAGE, group="merge")
def test_two_source_rows_for_one_target_row_fail(tables: Warehouse) -> None:
    tables.run("INSERT INTO s VALUES (1, 'again')")

    assert tables.refuse(MERGE) == "ERROR: Found multiple matches to update the same tuple."
    unique = "(SELECT a, b FROM (SELECT a, b, ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) AS n FROM s) AS numbered WHERE n = 1) AS s"  # noqa: E501
    tables.run(MERGE.replace("USING s", f"USING {unique}"))


@pytest.mark.rule("Two source rows that match nothing are both inserted", page=PAGE, group="merge")
def test_two_source_rows_that_match_nothing_are_both_inserted(tables: Warehouse) -> None:
    tables.run("INSERT INTO s VALUES (3, 'added')")

    tables.run(MERGE)

    assert tables.rows("SELECT count(*) FROM t WHERE a = 3") == [(2,)]
