"""Redshift's own words in a statement, put into those of PostgreSQL; all else stays as written."""

from collections.abc import Iterator

import psycopg2
from psycopg2 import sql as psycopg2_sql
from sqlglot import Token, TokenType, exp

from localaws.redshift_data.gate import Parsed

SCHEMA = "redshift_functions"
SEARCH_PATH = f"public, {SCHEMA}"
DATE_FUNCTIONS = ("DATEADD", "DATEDIFF", "DATE_PART")
# What Redshift has and PostgreSQL lacks, by its documented meaning. Made once for each database.
FUNCTIONS = (
    "CREATE OR REPLACE FUNCTION {schema}.getdate() RETURNS timestamp LANGUAGE sql STABLE"
    " AS $$ SELECT date_trunc('second', localtimestamp) $$",
    "CREATE OR REPLACE FUNCTION {schema}.nvl(anyelement, anyelement) RETURNS anyelement"
    " LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce($1, $2) $$",
    "CREATE OR REPLACE FUNCTION {schema}.len(text) RETURNS integer LANGUAGE sql IMMUTABLE"
    " AS $$ SELECT length($1) $$",
    "CREATE OR REPLACE FUNCTION {schema}.dateadd(text, bigint, timestamp) RETURNS timestamp"
    " LANGUAGE sql IMMUTABLE AS $$ SELECT $3 + $2 * ('1 ' || $1)::interval $$",
    # Boundaries crossed, not time passed.
    "CREATE OR REPLACE FUNCTION {schema}.datediff(text, timestamp, timestamp) RETURNS bigint"
    " LANGUAGE sql IMMUTABLE AS $$ SELECT CASE lower($1)"
    " WHEN 'year' THEN date_part('year', $3) - date_part('year', $2)"
    " WHEN 'month' THEN 12 * (date_part('year', $3) - date_part('year', $2))"
    " + date_part('month', $3) - date_part('month', $2)"
    " ELSE extract(epoch FROM date_trunc($1, $3) - date_trunc($1, $2))"
    " / extract(epoch FROM ('1 ' || $1)::interval) END::bigint $$",
)


def prepare_database(connection: "psycopg2.extensions.connection") -> None:
    """Make Redshift's functions in a schema of their own; may be repeated, by several at once."""
    schema = psycopg2_sql.Identifier(SCHEMA)
    with connection, connection.cursor() as cursor:
        # One at a time: CREATE OR REPLACE is not safe when raced.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (SCHEMA,))
        cursor.execute(psycopg2_sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
        for function in FUNCTIONS:
            cursor.execute(psycopg2_sql.SQL(function).format(schema=schema))


def to_postgres(parsed: Parsed) -> str:
    """Give the text for PostgreSQL: the statement's own, with few words replaced."""
    if any(is_word(token, "TOP") for token in parsed.tokens):
        return top_as_limit(parsed.tree)
    text, end = "", 0
    for start, stop, replacement in replacements(parsed.tokens):
        text += parsed.sql[end:start] + replacement
        end = stop
    return text + parsed.sql[end:]


def top_as_limit(tree: exp.Expr) -> str:
    """Write SELECT TOP n as LIMIT n; the only words that stand elsewhere in PostgreSQL."""
    return tree.sql("postgres")


def replacements(tokens: tuple[Token, ...]) -> Iterator[tuple[int, int, str]]:
    """Give what is to be replaced: start, end and text."""
    for position, token in enumerate(tokens):
        if is_word(token, "SYSDATE"):
            yield token.start, token.end + 1, f"{SCHEMA}.getdate()"
        is_function = any(is_word(token, name) for name in DATE_FUNCTIONS)
        if is_function and position + 2 < len(tokens):
            unit = tokens[position + 2]
            if unit.token_type not in (TokenType.STRING, TokenType.IDENTIFIER):
                yield unit.start, unit.end + 1, f"'{unit.text.lower()}'"


def is_word(token: Token, word: str) -> bool:
    is_text = token.token_type in (TokenType.STRING, TokenType.IDENTIFIER)
    return not is_text and token.text.upper() == word
