"""What may pass: one statement of a closed list, written as Redshift takes it."""

import itertools
import logging
from dataclasses import dataclass

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import SqlglotError

from localaws.redshift_data.reserved_words import RESERVED_WORDS
from localaws.redshift_data.sql_error import NotSupportedError, SqlError, syntax_error

# sqlglot warns of each statement that it does not know, and goes on; here it is refused.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

KINDS = (
    exp.Query, exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter,
    exp.Copy, exp.TruncateTable, exp.Analyze, exp.Grant, exp.Revoke,
)  # fmt: skip
MADE = ("TABLE", "VIEW")
# PostgreSQL's, which Redshift has not: found by name before an opening parenthesis.
FOREIGN_FUNCTIONS = frozenset(
    """
    ARRAY_AGG CLOCK_TIMESTAMP FORMAT GENERATE_SERIES GEN_RANDOM_UUID JSONB_AGG JSONB_BUILD_OBJECT
    JSON_AGG JSON_BUILD_OBJECT MAKE_INTERVAL NOW NUM_NULLS PG_ADVISORY_LOCK PG_READ_FILE PG_SLEEP
    REGEXP_MATCHES ROW_TO_JSON SET_CONFIG STATEMENT_TIMESTAMP STRING_AGG STRING_TO_ARRAY
    STRING_TO_TABLE SUBSTR TO_JSON TO_JSONB
    """.split()
)
# Redshift's, which PostgreSQL has not and this double does not translate.
MISSING_FUNCTIONS = frozenset(
    """
    APPROXIMATE CONVERT_TIMEZONE DECODE JSON_EXTRACT_PATH_TEXT LISTAGG MEDIAN NVL2 QUALIFY
    RATIO_TO_REPORT STRTOL SUPER
    """.split()
)
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
        check_words(tokens)
        trees = [tree for tree in sqlglot.parse(sql, read="redshift") if tree is not None]
    except SqlglotError as error:
        raise SqlError(f"ERROR: syntax error: {first_line(error)}") from error
    if len(trees) != 1:
        raise syntax_error(";") if trees else SqlError("ERROR: the statement is empty")
    (tree,) = trees
    check_kind(tree)
    check_tree(tree)
    return Parsed(sql, tokens, tree)


def first_line(error: SqlglotError) -> str:
    """Give what the parser says, without the marks that it puts around the place."""
    return str(error).splitlines()[0].replace("\033[4m", "").replace("\033[0m", "")


def is_transaction_control(sql: str) -> bool:
    """Tell whether a statement begins or ends a transaction, which the Data API does itself."""
    try:
        words = [token.text.upper() for token in sqlglot.tokenize(sql, read="redshift")[:1]]
    except SqlglotError:
        return False
    return words in (["BEGIN"], ["COMMIT"], ["ROLLBACK"], ["END"], ["ABORT"])


def check_words(tokens: tuple[Token, ...]) -> None:
    """Refuse functions that Redshift lacks, and those that this double lacks."""
    for token, following in itertools.zip_longest(tokens, tokens[1:]):
        word = token.text.upper()
        if token.token_type in (TokenType.IDENTIFIER, TokenType.STRING):
            continue
        is_called = following is not None and following.token_type == TokenType.L_PAREN
        if is_called and word in FOREIGN_FUNCTIONS:
            raise SqlError(f"ERROR: function {word.lower()}() does not exist")
        if word in MISSING_FUNCTIONS and (is_called or word in ("QUALIFY", "APPROXIMATE")):
            raise NotSupportedError(word)
        if word in ("RETURNING", "CONCURRENTLY"):
            raise syntax_error(token.text)


def check_kind(tree: exp.Expr) -> None:
    if isinstance(tree, exp.Create) and tree.kind == "INDEX":
        raise SqlError('ERROR: SQL command "CREATE INDEX" not supported on Redshift tables.')
    is_known = isinstance(tree, KINDS)
    if isinstance(tree, exp.Create | exp.Drop) and tree.args.get("kind") not in MADE:
        is_known = False
    if not is_known:
        raise NotSupportedError(describe(tree))


def describe(tree: exp.Expr) -> str:
    name = str(tree.this) if isinstance(tree, exp.Command) else tree.key.upper()
    return f"{name} {tree.args.get('kind') or ''}".strip()


def check_tree(tree: exp.Expr) -> None:
    """Refuse what PostgreSQL would take and Redshift does not."""
    for node in tree.walk():
        if isinstance(node, exp.Identifier):
            check_identifier(node)
        elif isinstance(node, exp.OnConflict):
            raise syntax_error("CONFLICT")
        elif isinstance(node, exp.Filter):
            raise syntax_error("FILTER")
        elif isinstance(node, exp.Distinct) and node.args.get("on"):
            raise SqlError("ERROR: SELECT DISTINCT ON is not supported")
        elif isinstance(node, exp.DataType) and node.sql("postgres").upper() in FOREIGN_TYPES:
            raise SqlError(f'ERROR: type "{node.sql("postgres").lower()}" does not exist')
        elif isinstance(node, exp.Lateral | exp.Array):
            raise NotSupportedError(node.key.upper())


def check_identifier(name: exp.Identifier) -> None:
    is_alias = isinstance(name.parent, exp.Alias) and name.arg_key == "alias"
    if not name.quoted and not is_alias and name.name.upper() in RESERVED_WORDS:
        raise syntax_error(name.name)
    if name.name.startswith("#"):
        raise NotSupportedError(f"{name.name}: write CREATE TEMP TABLE")
