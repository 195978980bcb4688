"""Statements and their results, kept over restarts in SQLite."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from localaws.endpoint.service import ServiceError
from localaws.redshift_data.places import invalid

ENDED = ("FINISHED", "FAILED", "ABORTED")
KEPT_SECONDS = 24 * 3600
TOKEN_SECONDS = 8 * 3600
PAGE_ROWS = 1000
TABLES = """
CREATE TABLE IF NOT EXISTS statements (
    id TEXT PRIMARY KEY, created REAL NOT NULL, status TEXT NOT NULL, document TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, created REAL NOT NULL, request TEXT NOT NULL, id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS pages (
    id TEXT NOT NULL, page INTEGER NOT NULL, rows TEXT NOT NULL, PRIMARY KEY (id, page)
);
"""

Document = dict[str, Any]


class StatementStore:
    """All statements of the last day. Its methods may be called by many threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(TABLES)
        self._forget_old()
        self._end_interrupted()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def put(self, document: Document) -> None:
        """Keep a statement's state; its sub-statements are part of it."""
        with self._lock:
            self._put(document)

    def _put(self, document: Document) -> None:
        values = (document["Id"], document["CreatedAt"], document["Status"], json.dumps(document))
        self._database.execute("INSERT OR REPLACE INTO statements VALUES (?, ?, ?, ?)", values)

    def get(self, statement_id: str) -> Document | None:
        """Give a statement's state, None where there is none of this id."""
        with self._lock:
            row = self._database.execute(
                "SELECT document FROM statements WHERE id = ?", (statement_id,)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def newest_first(self) -> Iterator[Document]:
        """Give all statements, the youngest first."""
        with self._lock:
            rows = self._database.execute(
                "SELECT document FROM statements ORDER BY created DESC, id"
            ).fetchall()
        return (json.loads(row[0]) for row in rows)

    def submit(
        self, document: Document, *, token: str | None, request: str, most_active: int
    ) -> Document:
        """Keep a new statement, or give the one that its client token stands for already.

        Statement and token are kept together or not at all: no token ever stands for a statement
        that was refused, or that another thread has yet to keep.

        Raises:
            ServiceError: The token was used for another request, or too many statements run.
        """
        with self._lock, self._database:
            self._database.execute("BEGIN IMMEDIATE")
            known = self._find_by_token(token, request)
            if known is not None:
                return known
            if self._count_active() >= most_active:
                message = f"There are {most_active} active statements: wait until one has ended"
                raise ServiceError("ActiveStatementsExceededException", message)
            self._put(document)
            if token is not None:
                values = (token, time.time(), request, document["Id"])
                self._database.execute("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?)", values)
        return document

    def _find_by_token(self, token: str | None, request: str) -> Document | None:
        row = self._database.execute(
            "SELECT request, document FROM tokens JOIN statements USING (id)"
            " WHERE token = ? AND tokens.created >= ?",
            (token, time.time() - TOKEN_SECONDS),
        ).fetchone()
        if row is None:
            return None
        if row[0] != request:
            raise invalid("the client token was used for another request")
        known: Document = json.loads(row[1])
        return known

    def _count_active(self) -> int:
        row = self._database.execute(
            "SELECT count(*) FROM statements WHERE status NOT IN (?, ?, ?)", ENDED
        ).fetchone()
        return int(row[0])

    def put_result(self, statement_id: str, rows: list[list[Any]]) -> None:
        """Keep a result's rows, encoded as the API gives them, by pages."""
        pages = [rows[start : start + PAGE_ROWS] for start in range(0, len(rows), PAGE_ROWS)]
        values = [(statement_id, number, json.dumps(page)) for number, page in enumerate(pages)]
        with self._lock:
            self._database.executemany("INSERT OR REPLACE INTO pages VALUES (?, ?, ?)", values)

    def get_page(self, statement_id: str, page: int) -> tuple[list[list[Any]], bool]:
        """Give a page of a result, and whether there is one after it."""
        with self._lock:
            found = dict(
                self._database.execute(
                    "SELECT page, rows FROM pages WHERE id = ? AND page IN (?, ?)",
                    (statement_id, page, page + 1),
                ).fetchall()
            )
        return json.loads(found.get(page, "[]")), page + 1 in found

    def _forget_old(self) -> None:
        now = time.time()
        self._database.execute("DELETE FROM tokens WHERE created < ?", (now - TOKEN_SECONDS,))
        self._database.execute("DELETE FROM statements WHERE created < ?", (now - KEPT_SECONDS,))
        self._database.execute(
            "DELETE FROM pages WHERE substr(id, 1, 36) NOT IN (SELECT id FROM statements)"
        )

    def _end_interrupted(self) -> None:
        """Let no statement run for ever that was cut by the end of the process."""
        for document in list(self.newest_first()):
            if document["Status"] not in ENDED:
                fail(document, "ERROR: the warehouse was stopped while the statement ran")
                self.put(document)


def fail(document: Document, error: str, status: str = "FAILED") -> None:
    """Put a statement, and what of it has not ended, into a final state."""
    document |= {"Status": status, "Error": error, "UpdatedAt": time.time()}
    parts: Iterable[Document] = document.get("SubStatements", ())
    for part in parts:
        if part["Status"] not in ENDED:
            part |= {"Status": "ABORTED", "UpdatedAt": time.time()}
