"""What a statement fails with, in Redshift's words where they are documented."""

import re

import psycopg2
from psycopg2 import errorcodes

WIDTH_CHECK = re.compile(r"_bytes_(\d+)$")
MERGE_TWICE = "MERGE command cannot affect row a second time"


class SqlError(Exception):
    """A statement that Redshift would refuse or fail; the text begins with `ERROR: `."""


class NotSupportedError(SqlError):
    """What Redshift may take and this double does not know: nobody's word but its own."""

    def __init__(self, what: str) -> None:
        super().__init__(f"ERROR: not supported by the local warehouse: {what}")


def syntax_error(near: str) -> SqlError:
    """Give the parser's error, which names the word that it stumbled over."""
    return SqlError(f'ERROR: syntax error at or near "{near}"')


def translate(error: psycopg2.Error) -> SqlError:
    """Give Redshift's words for an error of PostgreSQL."""
    code, diagnosis = error.pgcode, error.diag
    message = diagnosis.message_primary or " ".join(str(error).split())
    if code in (errorcodes.SERIALIZATION_FAILURE, errorcodes.DEADLOCK_DETECTED):
        return SqlError(
            "ERROR: 1023 DETAIL: Serializable isolation violation on a table, transactions forming "
            f"the cycle are: {message}"
        )
    width = WIDTH_CHECK.search(diagnosis.constraint_name or "")
    if code == errorcodes.CHECK_VIOLATION and width:
        return SqlError(f"ERROR: Value too long for character type: varchar({width[1]})")
    if code == errorcodes.STRING_DATA_RIGHT_TRUNCATION:
        return SqlError(f"ERROR: Value too long for character type: {message}")
    if code == errorcodes.NOT_NULL_VIOLATION:
        return SqlError(f"ERROR: Cannot insert a NULL value into column {diagnosis.column_name}")
    if MERGE_TWICE in message:
        return SqlError("ERROR: Found multiple matches to update the same tuple.")
    if code == errorcodes.INSUFFICIENT_PRIVILEGE:
        return SqlError(f"ERROR: {message.replace(' table ', ' relation ')}")
    if code == errorcodes.DIVISION_BY_ZERO:
        return SqlError("ERROR: Divide by zero")
    return SqlError(f"ERROR: {message}")
