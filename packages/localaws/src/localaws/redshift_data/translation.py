"""Redshift's own words in a statement, put into those of PostgreSQL; all else stays as written."""

from collections.abc import Iterator

import psycopg2
import sqlglot
from psycopg2 import sql as psycopg2_sql
from sqlglot import Token, TokenType

from localaws.redshift_data.gate import Parsed
from localaws.redshift_data.rewriting import REWRITTEN, rewrite
from localaws.redshift_data.sql_error import NotSupportedError

SCHEMA = "redshift_functions"
SEARCH_PATH = f"public, {SCHEMA}"
# Redshift's name: PostgreSQL's, which may be one of the functions below.
WORDS = {
    "GETDATE": "redshift_getdate",
    "MINUS": "EXCEPT",
    "NVL": "coalesce",
    "SYSDATE": "redshift_sysdate()",
}
DATE_FUNCTIONS = {
    "DATEADD": "redshift_dateadd",
    "DATE_ADD": "redshift_dateadd",
    "DATEDIFF": "redshift_datediff",
    "DATE_DIFF": "redshift_datediff",
    "DATE_PART": "date_part",
}
# AWS's page: redshift/latest/dg/r_Dateparts_for_datetime_functions. Names that PostgreSQL has too
# stay as they are.
DATE_PARTS = {
    "year": "years y yr yrs",
    "quarter": "quarters qtr qtrs",
    "month": "months mon mons",
    "week": "weeks w",
    "day": "days d",
    "hour": "hours h hr hrs",
    "minute": "minutes m min mins",
    "second": "seconds s sec secs",
    "milliseconds": "millisecond ms msec msecs msecond mseconds millisec millisecs millisecon",
    "microseconds": "microsecond us usec usecs usecond useconds microsec microsecs microsecon",
    "dow": "dayofweek weekday dw",
    "doy": "dayofyear dy yearday",
}
DATE_PART_NAMES = {short: name for name, others in DATE_PARTS.items() for short in others.split()}
# What Redshift has and PostgreSQL lacks, by its documented meaning. Made once for each database.
FUNCTIONS = (
    # Both are the time zone's of the session, UTC: of the statement's start, of the transaction's.
    "CREATE OR REPLACE FUNCTION {schema}.redshift_getdate() RETURNS timestamp LANGUAGE sql STABLE"
    " AS $$ SELECT date_trunc('second', statement_timestamp() AT TIME ZONE 'UTC') $$",
    "CREATE OR REPLACE FUNCTION {schema}.redshift_sysdate() RETURNS timestamp LANGUAGE sql STABLE"
    " AS $$ SELECT transaction_timestamp() AT TIME ZONE 'UTC' $$",
    "CREATE OR REPLACE FUNCTION {schema}.len(text) RETURNS integer LANGUAGE sql IMMUTABLE"
    " AS $$ SELECT length($1) $$",
    "CREATE OR REPLACE FUNCTION {schema}.round(double precision, integer)"
    " RETURNS double precision LANGUAGE sql IMMUTABLE"
    " AS $$ SELECT round($1::numeric, $2)::double precision $$",
    "CREATE OR REPLACE FUNCTION {schema}.round(integer, integer) RETURNS numeric"
    " LANGUAGE sql IMMUTABLE AS $$ SELECT round($1::numeric, $2) $$",
    "CREATE OR REPLACE FUNCTION {schema}.redshift_dateadd(text, bigint, timestamp)"
    " RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$ SELECT $3 + $2 *"
    " CASE $1 WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || $1)::interval END $$",
    # Boundaries crossed, not time passed. Weeks begin on Sundays here, on Mondays in PostgreSQL.
    "CREATE OR REPLACE FUNCTION {schema}.redshift_datediff(text, timestamp, timestamp)"
    " RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT (CASE $1"
    " WHEN 'year' THEN date_part('year', $3) - date_part('year', $2)"
    " WHEN 'quarter' THEN 4 * (date_part('year', $3) - date_part('year', $2))"
    " + date_part('quarter', $3) - date_part('quarter', $2)"
    " WHEN 'month' THEN 12 * (date_part('year', $3) - date_part('year', $2))"
    " + date_part('month', $3) - date_part('month', $2)"
    " WHEN 'week' THEN extract(epoch FROM date_trunc('week', $3 + interval '1 day')"
    " - date_trunc('week', $2 + interval '1 day')) / 604800"
    " ELSE extract(epoch FROM date_trunc($1, $3) - date_trunc($1, $2))"
    " / extract(epoch FROM ('1 ' || $1)::interval) END)::bigint $$",
)


def prepare_database(connection: "psycopg2.extensions.connection") -> None:
    """Make Redshift's functions in a schema of their own; may be repeated, by several at once.

    A new database lets everybody make tables in `public`, as Redshift does until that is revoked.
    """
    schema = psycopg2_sql.Identifier(SCHEMA)
    with connection, connection.cursor() as cursor:
        # One at a time: CREATE OR REPLACE is not safe when raced.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (SCHEMA,))
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (SCHEMA,))
        if cursor.fetchone() is None:
            cursor.execute(psycopg2_sql.SQL("CREATE SCHEMA {}").format(schema))
            cursor.execute("GRANT USAGE, CREATE ON SCHEMA public TO PUBLIC")
        cursor.execute(psycopg2_sql.SQL("GRANT USAGE ON SCHEMA {} TO PUBLIC").format(schema))
        for function in FUNCTIONS:
            cursor.execute(psycopg2_sql.SQL(function).format(schema=schema))


def to_postgres(parsed: Parsed) -> str:
    """Give the text for PostgreSQL: the statement's own, with few words replaced.

    Raises:
        NotSupportedError: Redshift's own functions stand where PostgreSQL has nothing like them.
    """
    text, end = "", 0
    for start, stop, replacement in replacements(parsed.tokens):
        text += parsed.sql[end:start] + replacement
        end = stop
    text += parsed.sql[end:]
    is_rewritten = any(is_word(token, *REWRITTEN) for token in parsed.tokens)
    return rewrite(sqlglot.parse_one(text, read="redshift")) if is_rewritten else text


def replacements(tokens: tuple[Token, ...]) -> Iterator[tuple[int, int, str]]:
    """Give what is to be replaced: start, end and text."""
    for position, token in enumerate(tokens):
        word, following = token.text.upper(), tokens[position + 1 : position + 3]
        is_called = bool(following) and following[0].token_type == TokenType.L_PAREN
        if not is_word(token, *WORDS, *DATE_FUNCTIONS):
            continue
        if word in WORDS and (is_called or word in ("MINUS", "SYSDATE")):
            yield token.start, token.end + 1, WORDS[word]
        elif word in DATE_FUNCTIONS and is_called and len(following) > 1:
            yield token.start, token.end + 1, DATE_FUNCTIONS[word]
            yield following[1].start, following[1].end + 1, f"'{date_part(following[1])}'"


def date_part(token: Token) -> str:
    """Give PostgreSQL's name of a date part, which stands bare or as a text."""
    word = token.text.lower()
    if not word.isalpha():
        raise NotSupportedError(f"the date part {token.text}")
    return DATE_PART_NAMES.get(word, word)


def is_word(token: Token, *words: str) -> bool:
    is_text = token.token_type in (TokenType.STRING, TokenType.IDENTIFIER)
    return not is_text and token.text.upper() in words
