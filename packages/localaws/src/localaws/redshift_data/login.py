"""As which user a statement runs: the one of the caller's identity, or a secret's."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import psycopg2
import sqlglot
from psycopg2 import sql
from sqlglot.errors import SqlglotError

from localaws.emr_serverless.secrets import ReadSecret, SecretError
from localaws.redshift_data import translation
from localaws.redshift_data.sql_error import NotSupportedError, SqlError

CONNECT_SECONDS = 10


class Login:
    """Opens connections to the databases of one PostgreSQL.

    `find_dsn` gives the administrator's parameters, anew for each: a server that was started again
    may have another port. `user` is the identity's, made at its first statement as on Redshift;
    where there is none, statements without a secret are the administrator's.
    """

    def __init__(
        self, find_dsn: Callable[[str], dict[str, Any]], user: str, read_secret: ReadSecret
    ) -> None:
        self._find_dsn = find_dsn
        self._user = user
        self._read_secret = read_secret
        self._prepared: set[tuple[str, int]] = set()

    def open(self, database: str, secret: str | None) -> Any:
        """Open a connection for the statements of one request.

        Raises:
            SqlError: The secret cannot be had, or is not one of a database's user.
        """
        dsn = self._find_dsn(database)
        self._prepare(database, dsn)
        options = f"-c search_path={translation.SEARCH_PATH.replace(' ', '')} -c timezone=UTC"
        # Else a statement whose endpoint was killed would go on to its end.
        options += " -c client_connection_check_interval=1s"
        # In Redshift's texts a backslash escapes.
        options += " -c standard_conforming_strings=off -c escape_string_warning=off"
        dsn |= {"options": options, "connect_timeout": CONNECT_SECONDS}
        connection = psycopg2.connect(**(dsn | self._read_login(secret) if secret else dsn))
        if self._user and not secret:
            with connection, connection.cursor() as cursor:
                cursor.execute("SET SESSION AUTHORIZATION %s", (self._user,))
        # As near to Redshift's SNAPSHOT as PostgreSQL comes: the second writer of a row fails.
        connection.set_session(isolation_level="REPEATABLE READ")
        return connection

    def _prepare(self, database: str, dsn: dict[str, Any]) -> None:
        key = (database, int(dsn["port"]))
        if key in self._prepared:
            return
        with contextlib.closing(psycopg2.connect(**dsn)) as connection:
            translation.prepare_database(connection)
            if self._user:
                make_user(connection, self._user)
        self._prepared.add(key)

    def _read_login(self, secret: str) -> dict[str, str]:
        try:
            document = json.loads(self._read_secret(secret))
            return {"user": document["username"], "password": document["password"]}
        except SecretError as error:
            raise SqlError(f"ERROR: {error}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise SqlError(
                f"ERROR: secret {secret} holds no JSON with username and password"
            ) from error


def make_user(connection: "psycopg2.extensions.connection", name: str) -> None:
    """Make a user where it is missing; several may try at once."""
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (name,))
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
        if cursor.fetchone() is None:
            cursor.execute(create_user(name))


def create_user(name: str) -> sql.Composed:
    """Give PostgreSQL's statement for a user without a password."""
    return sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name))


def read_new_user(text: str) -> str | None:
    """Give the name of a CREATE USER, which the parser does not read; None for other statements.

    Raises:
        NotSupportedError: It says more than PASSWORD DISABLE.
    """
    try:
        words = [token.text for token in sqlglot.tokenize(text, read="redshift")]
    except SqlglotError:
        return None
    verb, name, rest = words[:2], words[2:3], words[3:]
    if [word.upper() for word in verb] != ["CREATE", "USER"]:
        return None
    if not name or [word.upper() for word in rest] != ["PASSWORD", "DISABLE"]:
        raise NotSupportedError("CREATE USER without, or with more than, PASSWORD DISABLE")
    return name[0]
