"""MERGE from views, and with Redshift's own functions."""

import pytest

from .conftest import Warehouse

PAGE = "redshift/latest/dg/r_MERGE.html"
MERGE = (
    "MERGE INTO t USING {} AS s ON t.a = s.a "
    "WHEN MATCHED THEN UPDATE SET b = NVL(s.b, 'none') "
    "WHEN NOT MATCHED THEN INSERT (a, b) VALUES (s.a, s.b)"
)


@pytest.mark.rule("The source of MERGE cannot reference its target", page=PAGE, group="merge")
def test_a_view_of_the_target_is_refused(warehouse: Warehouse) -> None:
    warehouse.run(
        "CREATE TABLE t (a INTEGER, b VARCHAR(20))",
        "INSERT INTO t VALUES (1, 'old')",
        "CREATE TABLE u (a INTEGER, b VARCHAR(20))",
        "INSERT INTO u VALUES (1, NULL), (2, 'new')",
        "CREATE VIEW of_target AS SELECT a, b FROM t",
        "CREATE VIEW of_view AS SELECT a, b FROM of_target",
        "CREATE VIEW of_other AS SELECT a, b FROM u",
    )
    expected = "ERROR: Source view/subquery in Merge statement cannot reference target table."

    for source in ("of_target", "of_view", "(SELECT a, b FROM of_view)"):
        assert warehouse.refuse(MERGE.format(source)) == expected
    warehouse.run(MERGE.format("of_other"))

    assert warehouse.rows("SELECT a, b FROM t ORDER BY a") == [(1, "none"), (2, "new")]
