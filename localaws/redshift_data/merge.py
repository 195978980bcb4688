"""MERGE as Redshift takes it; PostgreSQL takes more, and reads the same text."""

from sqlglot import exp

from localaws.redshift_data.sql_error import NotSupportedError, SqlError, syntax_error

# AWS's page: redshift/latest/dg/r_MERGE


def check_merge(tree: exp.Merge) -> None:
    """Refuse a MERGE that Redshift would refuse.

    Raises:
        SqlError: The text is Redshift's where it is documented.
    """
    target = tree.this
    if target.args.get("alias"):
        raise syntax_error(target.alias)
    if tree.args.get("with_") or tree.args.get("with"):
        raise syntax_error("MERGE")
    name = target.name.lower()
    if any(table.name.lower() == name for table in tree.args["using"].find_all(exp.Table)):
        raise SqlError(
            "ERROR: Source view/subquery in Merge statement cannot reference target table."
        )
    check_condition(tree.args["on"])
    check_branches(tree.args["whens"].expressions)


def check_condition(condition: exp.Expr) -> None:
    """Take equalities alone, joined by AND."""
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
        if assignment.this.args.get("table") is not None:
            raise syntax_error(".")
