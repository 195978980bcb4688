"""RDS PostgreSQL, database `metadata`: its migrations, its rows and the version of them."""

import contextlib
import csv
import datetime
import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from conf.sql import list_migrations, read_statement

if TYPE_CHECKING:
    from psycopg2.extensions import connection

    Connection: TypeAlias = connection

Table = Literal["users", "songs"]
Row = TypeVar("Row")
Value = int | float | bool | str | datetime.date | None

SQL_FOLDER = "conf.sql.postgres"
COPY_ROWS = 2000  # a row holds 5.6 KB at most, so a batch stays below 12 MB
CONNECT_SECONDS = "10"


class MetadataError(Exception):
    """The database cannot be used as it is; the message is one line and says what to do."""


class MetadataStateError(MetadataError):
    """The database, or what is delivered for it, is not fit: no other try would do better."""


@dataclass(frozen=True)
class NotedFile:
    """What the last load made of a file; a refused one has a reason and no row loaded."""

    file_key: str
    etag: str
    rows_read: int
    rows_loaded: int
    rows_rejected: int
    refused_reason: str | None


def connect(dsn: Mapping[str, str]) -> "Connection":
    """Open the database from psycopg2's parameters.

    Raises:
        MetadataError: It cannot be reached or refuses the login; the password is not in it.
    """
    import psycopg2

    place = f"{dsn.get('host')}:{dsn.get('port')}/{dsn.get('dbname')} as {dsn.get('user')}"
    try:
        # The stubs cannot know that no parameter names a class.
        opened: Connection = psycopg2.connect(  # type: ignore[call-overload]
            **{"connect_timeout": CONNECT_SECONDS, **dsn}
        )
    except psycopg2.Error as error:
        reason = " ".join(str(error).split())
        if dsn.get("password"):
            reason = reason.replace(str(dsn["password"]), "***")
        raise MetadataError(
            f"cannot open the metadata database {place}: {reason}: check that it is up and that "
            "its secret, and metadata_ssl_root_cert, are current"
        ) from None
    opened.set_client_encoding("UTF8")
    return opened


@contextlib.contextmanager
def transaction(connection: "Connection") -> Iterator[None]:
    """Commit at the end of the block, roll back on any error; what PostgreSQL says is translated.

    Raises:
        MetadataError: PostgreSQL refused a statement or went away; row values are left out.
    """
    import psycopg2

    is_committing = False
    try:
        with connection:
            yield
            is_committing = True
    except psycopg2.Error as error:
        # To roll back on a lost connection is an error too, which hides the first one.
        first = error.__context__
        told = first if isinstance(first, psycopg2.Error) else error
        reason = told.diag.message_primary or " ".join(str(told).split())
        if is_committing and not told.pgcode:
            text = "PostgreSQL was lost as it committed the metadata, a retry finds out whether"
            raise MetadataError(f"{text} it did: {reason}") from None
        raise MetadataError(
            f"PostgreSQL refused the metadata's transaction, nothing is changed: {reason}"
        ) from None  # its DETAIL and CONTEXT hold row values


def hash_password(connection: "Connection", user: str, password: str) -> str:
    """Give what PostgreSQL keeps of a password, as the server hashes it by itself."""
    from psycopg2.extensions import encrypt_password

    return str(encrypt_password(password, user, connection, "scram-sha-256"))


def migrate(connection: "Connection") -> list[str]:
    """Apply the migrations that are missing, each in its transaction; give their file names."""
    with transaction(connection):
        _execute(connection, "lock_migrations")
        _execute(connection, "create_schema_version")
    applied = []
    for version, file_name in list_migrations(SQL_FOLDER):
        with transaction(connection):
            _execute(connection, "lock_migrations")
            if version not in _read_schema_version(connection):
                _execute(connection, file_name.removesuffix(".sql"))
                noted = {"version": version, "file_name": file_name}
                _execute(connection, "insert_schema_version", noted)
                applied.append(file_name)
    return applied


def check_schema(connection: "Connection") -> None:
    """Raise MetadataError where a migration is missing; the daily run applies none."""
    import psycopg2

    try:
        applied = _read_schema_version(connection)
    except psycopg2.errors.UndefinedTable:
        applied = set()
    known = list_migrations(SQL_FOLDER)
    missing = [file_name for version, file_name in known if version not in applied]
    if missing:
        raise MetadataStateError(
            f"the metadata database lacks {', '.join(missing)}: run `make up`, or deploy, first"
        )


def read_version(connection: "Connection") -> str | None:
    """Give the version of users and songs, None before the first load."""
    versions = _fetch(connection, "select_metadata_version", str)
    return versions[0] if versions else None


def read_files(connection: "Connection") -> list[NotedFile]:
    """Give the files of the last load, by key."""
    return _fetch(connection, "select_metadata_files", NotedFile)


def has_rows(connection: "Connection", table: Table) -> bool:
    """Tell whether a table holds any row."""
    return _fetch(connection, f"select_has_{table}", bool)[0]


def lock(connection: "Connection") -> None:
    """Let one load at a time go on, until its transaction ends; readers are not held up."""
    _execute(connection, "lock_metadata")


def create_stage(connection: "Connection", table: Table) -> None:
    """Make the temporary table that takes a load's rows; it ends with the transaction."""
    _execute(connection, f"create_stage_{table}")


def stage_rows(
    connection: "Connection",
    table: Table,
    file_number: int,
    rows: Iterable[tuple[int, Sequence[Value]]],
) -> int:
    """Copy (line number, values in schema order) into the stage; give how many they were.

    Rows are pulled between two COPY statements, so an error of theirs comes through unchanged and
    leaves the transaction usable.
    """
    count = 0
    rows = iter(rows)
    while batch := list(itertools.islice(rows, COPY_ROWS)):
        text = io.StringIO()
        csv.writer(text).writerows((file_number, number, *values) for number, values in batch)
        text.seek(0)
        with connection.cursor() as cursor:
            cursor.copy_expert(read_statement(SQL_FOLDER, f"copy_stage_{table}"), text)
        count += len(batch)
    return count


def discard_rows(connection: "Connection", table: Table, file_number: int) -> None:
    """Take a refused file's rows out of the stage."""
    _execute(connection, f"delete_stage_{table}", {"file_number": file_number})


def merge_stage(connection: "Connection", table: Table) -> int:
    """Bring the staged rows into the table; give how many rows are new or differ."""
    return _execute(connection, f"merge_{table}")


def delete_absent(connection: "Connection", table: Table) -> int:
    """Remove the table's rows that are not staged; give how many they were."""
    return _execute(connection, f"delete_absent_{table}")


def count_replaced_songs(connection: "Connection") -> list[tuple[int, int, int]]:
    """Count staged rows whose id another track's row takes: losing file, taking file, rows."""
    return _fetch(connection, "count_replaced_songs", lambda *row: row)


def count_renumbered_songs(connection: "Connection") -> list[tuple[int, int]]:
    """Count the table's rows whose id goes to another track: the file that takes it, rows."""
    return _fetch(connection, "count_renumbered_songs", lambda *row: row)


def note_load(connection: "Connection", files: Iterable[NotedFile], version: str) -> None:
    """Replace the noted files and the version, in the transaction that loads the rows."""
    _execute(connection, "delete_metadata_files")
    for file in files:
        _execute(connection, "insert_metadata_file", asdict(file))
    _execute(connection, "merge_metadata_version", {"version": version})


def _read_schema_version(connection: "Connection") -> set[int]:
    return set(_fetch(connection, "select_schema_version", int))


def _execute(
    connection: "Connection", name: str, values: Mapping[str, object] | None = None
) -> int:
    """Run a statement file; give how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(read_statement(SQL_FOLDER, name), values)
        return int(cursor.rowcount)


def _fetch(connection: "Connection", name: str, make: Callable[..., Row]) -> list[Row]:
    """Run a statement file; make something of each row's values."""
    with connection.cursor() as cursor:
        cursor.execute(read_statement(SQL_FOLDER, name))
        return [make(*row) for row in cursor.fetchall()]
