"""Statements in the background: a thread, a connection and one transaction for each request."""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

import psycopg2

from localaws.errors import LocalAwsError
from localaws.redshift_data import results
from localaws.redshift_data.login import Login
from localaws.redshift_data.session import Outcome, Session
from localaws.redshift_data.sql_error import SqlError, translate
from localaws.redshift_data.store import Document, StatementStore, fail

log = logging.getLogger(__name__)

CANCELLED = "ERROR: Query cancelled on user's request"
CONNECT_SECONDS = 10
CANCEL_SECONDS = 0.2
MAX_RUNNING = 40  # the API takes 500, PostgreSQL has 100 connections: the others wait, SUBMITTED

Connection = "psycopg2.extensions.connection"


class StatementRunner:
    """Runs statements over the databases of one PostgreSQL.

    `login` opens a connection for each.
    """

    def __init__(
        self,
        store: StatementStore,
        login: Login,
        copy_roles: Sequence[str],
        s3: Any,
    ) -> None:
        self._store = store
        self._login = login
        self._copy_roles = copy_roles
        self._s3 = s3
        self._lock = threading.Lock()
        self._running: dict[str, Any] = {}
        self._cancelled: set[str] = set()
        self._threads: dict[str, threading.Thread] = {}
        self._room = threading.BoundedSemaphore(MAX_RUNNING)

    def start(self, document: Document, sqls: Sequence[str]) -> None:
        """Run a request's statements, which the store holds already; their states go there."""
        thread = threading.Thread(target=self._run, args=(document, sqls), daemon=True)
        with self._lock:
            self._threads[document["Id"]] = thread
        thread.start()

    def wait(self, statement_id: str, seconds: float) -> None:
        """Wait for a statement's end, so many seconds at most."""
        with self._lock:
            thread = self._threads.get(statement_id)
        if thread is not None:
            thread.join(seconds)

    def cancel(self, statement_id: str) -> None:
        """Ask for the end of a statement; it reads ABORTED once it has been rolled back."""
        with self._lock:
            thread = self._threads.get(statement_id)
            if thread is None or statement_id in self._cancelled:
                return
            self._cancelled.add(statement_id)
        interrupting = (statement_id, thread)
        threading.Thread(target=self._interrupt, args=interrupting, daemon=True).start()

    def _interrupt(self, statement_id: str, thread: threading.Thread) -> None:
        """Cancel until it has ended: a cancel that comes between two queries meets neither."""
        while thread.is_alive():
            with self._lock:
                connection = self._running.get(statement_id)
            if connection is not None:
                with contextlib.suppress(psycopg2.Error):
                    connection.cancel()
            thread.join(CANCEL_SECONDS)

    def close(self) -> None:
        """Cancel what runs and wait for it."""
        with self._lock:
            running = dict(self._threads)
        for statement_id in running:
            self.cancel(statement_id)
        for thread in running.values():
            thread.join(CONNECT_SECONDS)

    def _run(self, document: Document, sqls: Sequence[str]) -> None:
        try:
            with self._room:
                self._run_to_its_end(document, sqls)
        finally:
            # After its end is kept: whoever waits for the thread reads a final state.
            with self._lock:
                self._running.pop(document["Id"], None)
                self._threads.pop(document["Id"], None)
                self._cancelled.discard(document["Id"])

    def _run_to_its_end(self, document: Document, sqls: Sequence[str]) -> None:
        started = time.monotonic_ns()
        try:
            self._move(document, "PICKED")
            connection = self._login.open(document["Database"], document.get("SecretArn"))
            with self._lock:
                self._running[document["Id"]] = connection
            with contextlib.closing(connection):
                document["RedshiftPid"] = connection.info.backend_pid
                self._move(document, "STARTED")
                self._run_all(connection, document, sqls)
        except (SqlError, psycopg2.Error, LocalAwsError) as error:
            self._end_badly(document, error)
        except Exception:
            # Else a fault of this double would leave the statement running for ever.
            log.exception("statement %s", document["Id"])
            fail(document, "ERROR: the local warehouse failed: its log has the reason")
        document |= {"Duration": time.monotonic_ns() - started, "UpdatedAt": time.time()}
        self._store.put(document)

    def _run_all(self, connection: Any, document: Document, sqls: Sequence[str]) -> None:
        """Run the statements as one transaction; what may fail comes before its commit."""
        session = Session(connection, copy_roles=self._copy_roles, s3=self._s3)
        parts = document.get("SubStatements") or [document]
        outcomes: list[Outcome] = []
        for part, sql in zip(parts, sqls, strict=True):
            self._check_cancelled(document)
            outcomes.append(self._run_one(session, document, part, sql))
        for part, outcome in zip(parts, outcomes, strict=True):
            self._keep(part, outcome)
        self._check_cancelled(document)
        try:
            connection.commit()
        except psycopg2.Error as error:
            raise translate(error) from error
        document |= {"Status": "FINISHED", "UpdatedAt": time.time()}
        document["HasResultSet"] = any(part.get("HasResultSet") for part in parts)

    def _run_one(self, session: Session, document: Document, part: Document, sql: str) -> Outcome:
        started = time.monotonic_ns()
        if part is not document:
            part |= {"Status": "STARTED", "UpdatedAt": time.time()}
            self._store.put(document)
        try:
            outcome = session.execute(sql)
        except SqlError as error:
            if document["Id"] not in self._cancelled:
                part |= {"Status": "FAILED", "Error": str(error), "UpdatedAt": time.time()}
                part["Duration"] = time.monotonic_ns() - started
            raise
        if part is not document:
            part |= {"Status": "FINISHED", "UpdatedAt": time.time()}
            part["Duration"] = time.monotonic_ns() - started
        return outcome

    def _keep(self, part: Document, outcome: Outcome) -> None:
        rows = results.encode_rows(outcome)
        part["HasResultSet"] = outcome.columns is not None
        part["ResultRows"] = outcome.row_count
        part["ResultSize"] = len(json.dumps(rows)) if rows else 0
        part["Columns"] = [results.describe_column(column) for column in outcome.columns or ()]
        self._store.put_result(part["Id"], rows)

    def _check_cancelled(self, document: Document) -> None:
        if document["Id"] in self._cancelled:
            raise SqlError(CANCELLED)

    def _end_badly(self, document: Document, error: Exception) -> None:
        was_cancelled = document["Id"] in self._cancelled
        if was_cancelled:
            fail(document, CANCELLED, "ABORTED")
        elif isinstance(error, psycopg2.Error):
            fail(document, str(translate(error)))
        else:
            fail(document, str(error))

    def _move(self, document: Document, status: str) -> None:
        document |= {"Status": status, "UpdatedAt": time.time()}
        self._store.put(document)
