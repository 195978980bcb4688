"""What of Redshift cannot be replaced word by word: functions and clauses with another shape."""

from sqlglot import exp

from localaws.redshift_data.sql_error import NotSupportedError

# Words that call for it; each other statement keeps its own text.
REWRITTEN = ("APPROXIMATE", "DECODE", "LISTAGG", "MEDIAN", "NVL2", "QUALIFY", "TOP")


def rewrite(tree: exp.Expr) -> str:
    """Give PostgreSQL's text for a statement of Redshift.

    DECODE takes two nulls for equal, QUALIFY becomes a subquery, TOP a LIMIT: the parser's own
    doing. The number of distinct values is counted exactly where an approximate one is asked for.

    Raises:
        NotSupportedError: PostgreSQL has nothing like it.
    """
    for select in tree.find_all(exp.Select):
        if select.args.get("qualify") and select.args.get("limit"):
            raise NotSupportedError("QUALIFY beside TOP or LIMIT")
    return tree.transform(rewrite_node).sql("postgres")


def rewrite_node(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Window) and isinstance(node.this, exp.Median | exp.WithinGroup):
        raise NotSupportedError("MEDIAN and LISTAGG over a window")
    if isinstance(node, exp.WithinGroup) and isinstance(node.this, exp.GroupConcat):
        return join_texts(node.this, node.expression.expressions)
    if isinstance(node, exp.GroupConcat):
        return join_texts(node, [])
    if isinstance(node, exp.ApproxDistinct):
        return exp.Count(this=exp.Distinct(expressions=[node.this]))
    if isinstance(node, exp.Literal) and node.is_string:
        # The parser took a backslash for an escape, as Redshift and this session do.
        return exp.Literal.string(node.name.replace("\\", "\\\\"))
    return node


def join_texts(function: exp.GroupConcat, order: list[exp.Expr]) -> exp.Expr:
    """Give string_agg for LISTAGG, whose separator is nothing unless it is given."""
    is_distinct = isinstance(function.this, exp.Distinct)
    value = function.this.expressions[0] if is_distinct else function.this
    text = exp.cast(value.copy(), "text")
    separator = function.args.get("separator") or exp.Literal.string("")
    keys = [key.copy() for key in order]
    for key in keys:
        # PostgreSQL orders distinct values by themselves alone, so the key is cast as they are.
        if is_distinct and key.this == value:
            key.set("this", text.copy())
    last = exp.Order(this=separator.copy(), expressions=keys) if keys else separator.copy()
    first = exp.Distinct(expressions=[text]) if is_distinct else text
    return exp.Anonymous(this="string_agg", expressions=[first, last])
