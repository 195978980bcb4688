"""What may pass: one statement of a closed list, written as Redshift takes it."""

import itertools
import logging
from dataclasses import dataclass

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import ParseError, SqlglotError

from localaws.redshift_data.functions import check_call, check_function
from localaws.redshift_data.reserved_words import RESERVED_WORDS
from localaws.redshift_data.set_statement import check_set
from localaws.redshift_data.sql_error import NotSupportedError, SqlError, syntax_error

# sqlglot warns of each statement that it does not know, and goes on; here it is refused.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

KINDS = (
    exp.Query, exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter,
    exp.Copy, exp.TruncateTable, exp.Analyze, exp.Grant, exp.Revoke, exp.Set,
)  # fmt: skip
MADE = ("TABLE", "VIEW")
# The first words of Redshift's statements; any other is nobody's.
COMMANDS = frozenset(
    """
    ABORT ALTER ANALYZE ATTACH BEGIN CALL CANCEL CLOSE COMMENT COMMIT COPY CREATE DEALLOCATE DECLARE
    DELETE DESC DETACH DROP END EXECUTE EXPLAIN FETCH GRANT INSERT LOCK MERGE PREPARE REFRESH RESET
    REVOKE ROLLBACK SELECT SET SHOW START TRUNCATE UNLOAD UPDATE USE VACUUM WITH
    """.split()
)
# Where the parser knows all of Redshift's grammar that counts: what it refuses is an error there.
WELL_PARSED = frozenset({"DELETE", "INSERT", "SELECT", "UPDATE", "WITH"})
# Clauses of PostgreSQL: the word at which Redshift's parser stops.
FOREIGN_CLAUSES = {
    exp.Filter: "FILTER",
    exp.Lock: "FOR",
    exp.NullSafeEQ: "DISTINCT",
    exp.NullSafeNEQ: "DISTINCT",
    exp.OnConflict: "CONFLICT",
}
FOREIGN_WORDS = ("CONCURRENTLY", "RETURNING", "TABLESAMPLE")
UNKNOWN_WORDS = ("INHERITS", "UNLOGGED")
# A name that follows is a table's, even before a parenthesis.
BEFORE_TABLES = ("COPY", "EXISTS", "INTO", "TABLE")
FOREIGN_TYPES = ("JSON", "JSONB", "UUID", "ARRAY", "HSTORE", "INET", "XML", "MONEY", "SERIAL")


@dataclass(frozen=True)
class Parsed:
    """A statement that may run: its text, its tokens and its tree."""

    sql: str
    tokens: tuple[Token, ...]
    tree: exp.Expr


def parse(sql: str) -> Parsed:
    """Parse one statement and refuse what Redshift refuses, or this double does not know.

    Raises:
        SqlError: It is refused; the text is Redshift's where that is documented.
    """
    try:
        tokens = tuple(sqlglot.tokenize(sql, read="redshift"))
    except SqlglotError as error:
        raise SqlError("ERROR: syntax error: a text, name or comment has no end") from error
    check_words(tokens)
    try:
        trees = [tree for tree in sqlglot.parse(sql, read="redshift") if tree is not None]
    except ParseError as error:
        raise parse_error(tokens, error) from error
    if len(trees) != 1:
        raise syntax_error(";") if trees else SqlError("ERROR: the statement is empty")
    (tree,) = trees
    check_kind(tree, tokens[0].text)
    check_tree(tree)
    return Parsed(sql, tokens, tree)


def parse_error(tokens: tuple[Token, ...], error: ParseError) -> SqlError:
    """Give the error of a text that the parser does not read, which may be Redshift's all the same.

    Its grammar lacks parts of DDL and MERGE.
    """
    first = tokens[0].text
    if first.upper() not in COMMANDS:
        return syntax_error(first)
    near = str(error.errors[0].get("highlight") or "") if error.errors else ""
    if first.upper() not in WELL_PARSED:
        return NotSupportedError(f'{first.upper()} as it stands at or near "{near}"')
    return syntax_error(near) if near else SqlError("ERROR: syntax error at end of input")


def is_transaction_control(sql: str) -> bool:
    """Tell whether a statement begins or ends a transaction, which the Data API does itself."""
    try:
        words = [token.text.upper() for token in sqlglot.tokenize(sql, read="redshift")[:1]]
    except SqlglotError:
        return False
    return words in (["BEGIN"], ["START"], ["COMMIT"], ["ROLLBACK"], ["END"], ["ABORT"])


def check_words(tokens: tuple[Token, ...]) -> None:
    """Refuse functions that Redshift lacks, and those that this double lacks."""
    previous = ""
    for token, following in itertools.zip_longest(tokens, tokens[1:]):
        word = token.text.upper()
        is_called = following is not None and following.token_type == TokenType.L_PAREN
        if is_called and token.token_type != TokenType.STRING and previous not in BEFORE_TABLES:
            check_call(word)
        is_bare = token.token_type not in (TokenType.IDENTIFIER, TokenType.STRING)
        if is_bare and (word in FOREIGN_WORDS or (previous, word) == ("MATCHED", "BY")):
            raise syntax_error(token.text)
        if is_bare and word in UNKNOWN_WORDS:
            raise NotSupportedError(word)
        previous = word
    if tokens and tokens[0].text.upper() == "TRUNCATE":
        check_truncate(tokens)


def check_truncate(tokens: tuple[Token, ...]) -> None:
    """Refuse what PostgreSQL takes after the table of a TRUNCATE."""
    names = tokens[2:] if tokens[1:] and tokens[1].text.upper() == "TABLE" else tokens[1:]
    for position, token in enumerate(names):
        is_part = token.text == "." if position % 2 else True
        if token.token_type != TokenType.SEMICOLON and not is_part:
            raise syntax_error(token.text)


def check_kind(tree: exp.Expr, first: str) -> None:
    if first.upper() not in COMMANDS and not isinstance(tree, exp.Query):
        raise syntax_error(first)
    if isinstance(tree, exp.Create) and tree.kind == "INDEX":
        raise SqlError('ERROR: SQL command "CREATE INDEX" not supported on Redshift tables.')
    is_known = isinstance(tree, KINDS)
    if isinstance(tree, exp.Create | exp.Drop) and tree.args.get("kind") not in MADE:
        is_known = False
    if not is_known or tree.find(exp.MaterializedProperty):
        raise NotSupportedError(describe(tree))
    if isinstance(tree, exp.Set):
        check_set(tree)
    if isinstance(tree, exp.Create) and tree.kind == "TABLE" and tree.args.get("replace"):
        raise syntax_error("TABLE")


def describe(tree: exp.Expr) -> str:
    name = str(tree.this) if isinstance(tree, exp.Command) else tree.key.upper()
    return f"{name} {tree.args.get('kind') or ''}".strip()


def check_tree(tree: exp.Expr) -> None:
    """Refuse what PostgreSQL would take and Redshift does not."""
    for node in tree.walk():
        if isinstance(node, exp.Identifier):
            check_identifier(node)
        elif isinstance(node, exp.Anonymous):
            check_function(node)
        elif isinstance(node, exp.DataType):
            check_type(node)
        elif isinstance(node, exp.Lateral | exp.Array):
            raise NotSupportedError(node.key.upper())
        else:
            check_feature(node)


def check_type(kind: exp.DataType) -> None:
    name = kind.sql("postgres").upper()
    if name in FOREIGN_TYPES or name.endswith("[]"):
        raise SqlError(f'ERROR: type "{name.lower()}" does not exist')


def check_feature(node: exp.Expr) -> None:
    """Refuse clauses of PostgreSQL that Redshift has not."""
    if isinstance(node, exp.Distinct) and node.args.get("on"):
        raise SqlError("ERROR: SELECT DISTINCT ON is not supported")
    if isinstance(node, exp.Values) and not isinstance(node.parent, exp.Insert):
        raise syntax_error("VALUES")
    if isinstance(node, exp.CTE) and not isinstance(node.this, exp.Query):
        raise syntax_error(node.this.key.upper())
    for kind, word in FOREIGN_CLAUSES.items():
        if isinstance(node, kind):
            raise syntax_error(word)


def check_identifier(name: exp.Identifier) -> None:
    is_alias = isinstance(name.parent, exp.Alias) and name.arg_key == "alias"
    if not name.quoted and not is_alias and name.name.upper() in RESERVED_WORDS:
        raise syntax_error(name.name)
    if name.name.startswith("#"):
        raise NotSupportedError(f"{name.name}: write CREATE TEMP TABLE")
