"""MERGE as Redshift takes it; PostgreSQL takes more, and reads the same text."""

import psycopg2
from sqlglot import exp

from localaws.redshift_data.sql_error import NotSupportedError, SqlError, syntax_error

# AWS's page: redshift/latest/dg/r_MERGE
IN_SOURCE = "ERROR: Source view/subquery in Merge statement cannot reference target table."
# What a table or view reads, itself included, through any number of views.
READS = """
    WITH RECURSIVE read_by_source (relation) AS (
        SELECT to_regclass(%s)::oid
        UNION
        SELECT pg_depend.refobjid
        FROM read_by_source
        JOIN pg_rewrite ON pg_rewrite.ev_class = relation
        JOIN pg_depend
        ON pg_depend.classid = 'pg_rewrite'::regclass AND pg_depend.objid = pg_rewrite.oid
        WHERE pg_depend.refclassid = 'pg_class'::regclass
    )
    SELECT count(*) FROM read_by_source WHERE relation = to_regclass(%s)::oid
"""


def check_merge(tree: exp.Merge) -> None:
    """Refuse a MERGE that Redshift would refuse.

    Raises:
        SqlError: The text is Redshift's where it is documented.
    """
    target = tree.this
    if target.args.get("only"):
        raise syntax_error("ONLY")
    if target.args.get("alias"):
        raise syntax_error(target.alias)
    if tree.args.get("with_") or tree.args.get("with"):
        raise syntax_error("MERGE")
    name = target.name.lower()
    if any(table.name.lower() == name for table in tree.args["using"].find_all(exp.Table)):
        raise SqlError(IN_SOURCE)
    check_condition(tree.args["on"])
    check_branches(tree.args["whens"].expressions)


def check_views(connection: "psycopg2.extensions.connection", tree: exp.Merge) -> None:
    """Refuse a source whose views read the target.

    Raises:
        SqlError: One does.
    """
    with connection.cursor() as cursor:
        for source in tree.args["using"].find_all(exp.Table):
            cursor.execute(READS, (quote_table(source), quote_table(tree.this)))
            if cursor.fetchone() != (0,):
                raise SqlError(IN_SOURCE)


def quote_table(table: exp.Table) -> str:
    """Give a table's name for to_regclass, folded as an unquoted name is."""
    parts = [part.name if part.args.get("quoted") else part.name.lower() for part in table.parts]
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def check_condition(condition: exp.Expr) -> None:
    """Take equalities alone, joined by AND."""
    condition = condition.unnest()
    for part in condition.flatten() if isinstance(condition, exp.And) else (condition,):
        if not isinstance(part.unnest(), exp.EQ):
            raise NotSupportedError("a condition of MERGE that is no equality")


def check_branches(branches: list[exp.When]) -> None:
    """Take WHEN MATCHED, then WHEN NOT MATCHED: both, once each, without conditions."""
    for branch in branches:
        if branch.args.get("condition") is not None:
            raise syntax_error("AND")
        if branch.args.get("source"):
            raise syntax_error("BY")
    kinds = [bool(branch.args.get("matched")) for branch in branches]
    if kinds != [True, False]:
        raise SqlError(
            "ERROR: syntax error: MERGE takes WHEN MATCHED and then WHEN NOT MATCHED, once each"
        )
    check_actions(*(branch.args["then"] for branch in branches))


def check_actions(matched: exp.Expr, missing: exp.Expr) -> None:
    """Take UPDATE SET of bare columns or DELETE, and then INSERT; never DO NOTHING."""
    if not isinstance(matched, exp.Update) and str(matched).upper() != "DELETE":
        raise syntax_error(str(matched))
    if not isinstance(missing, exp.Insert):
        raise syntax_error(str(missing))
    for assignment in matched.expressions if isinstance(matched, exp.Update) else ():
        if isinstance(assignment.this, exp.Tuple):
            raise syntax_error("(")
        if assignment.this.args.get("table") is not None:
            raise syntax_error(".")
