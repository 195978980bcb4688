"""The memory of the service, kept over restarts: one SQLite file."""

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from localaws.emr_serverless.records import Application, Attempt, JobRun

SCHEMA = """
CREATE TABLE IF NOT EXISTS applications (
    id TEXT PRIMARY KEY,
    client_token TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS job_runs (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL,
    client_token TEXT NOT NULL UNIQUE,
    has_ended INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS job_runs_of_application ON job_runs (application_id);
CREATE INDEX IF NOT EXISTS job_runs_alive ON job_runs (has_ended) WHERE has_ended = 0;
"""


class Store:
    """Applications and job runs; each change is whole or not at all, one at a time."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        path.chmod(0o600)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file; nothing may be asked afterwards."""
        with self._lock:
            self._connection.close()

    def add_application(self, application: Application) -> Application:
        """Keep an application; give the one that its client token made before, if there is one."""
        values = (application.id, application.client_token, json.dumps(asdict(application)))
        with self._lock:
            self._connection.execute(
                "INSERT INTO applications VALUES (?, ?, ?) ON CONFLICT (client_token) DO NOTHING",
                values,
            )
            row = self._row(
                "SELECT document FROM applications WHERE client_token = ?", application.client_token
            )
        assert row is not None
        return read_application(row)

    def application(self, application_id: str) -> Application | None:
        """Find an application, a terminated one too."""
        row = self._row("SELECT document FROM applications WHERE id = ?", application_id)
        return read_application(row) if row else None

    def applications(self) -> list[Application]:
        """Give all applications, the newest first."""
        rows = self._rows("SELECT document FROM applications ORDER BY rowid DESC")
        return [read_application(row) for row in rows]

    @contextlib.contextmanager
    def changing_application(self, application_id: str) -> Iterator[Application]:
        """Hold an application for the length of a block and keep what the block made of it."""
        with self._lock:
            application = self.application(application_id)
            assert application is not None
            yield application
            self._connection.execute(
                "UPDATE applications SET document = ? WHERE id = ?",
                (json.dumps(asdict(application)), application_id),
            )

    def add_job_run(self, run: JobRun) -> JobRun:
        """Keep a job run; give the one that its client token started before, if there is one."""
        document = json.dumps(asdict(run))
        values = (run.id, run.application_id, run.client_token, run.has_ended, document)
        with self._lock:
            self._connection.execute(
                "INSERT INTO job_runs VALUES (?, ?, ?, ?, ?) ON CONFLICT (client_token) DO NOTHING",
                values,
            )
            row = self._row("SELECT document FROM job_runs WHERE client_token = ?", values[2])
        assert row is not None
        return read_job_run(row)

    def job_run_of_token(self, client_token: str) -> JobRun | None:
        """Find the job run that a client token started."""
        row = self._row("SELECT document FROM job_runs WHERE client_token = ?", client_token)
        return read_job_run(row) if row else None

    def job_run(self, run_id: str) -> JobRun | None:
        """Find a job run."""
        row = self._row("SELECT document FROM job_runs WHERE id = ?", run_id)
        return read_job_run(row) if row else None

    def job_runs(self, application_id: str) -> list[JobRun]:
        """Give an application's job runs, the newest first."""
        rows = self._rows(
            "SELECT document FROM job_runs WHERE application_id = ? ORDER BY rowid DESC",
            application_id,
        )
        return [read_job_run(row) for row in rows]

    def living_job_runs(self) -> list[JobRun]:
        """Give all job runs that have not ended, the oldest first."""
        rows = self._rows("SELECT document FROM job_runs WHERE has_ended = 0 ORDER BY rowid")
        return [read_job_run(row) for row in rows]

    @contextlib.contextmanager
    def changing_job_run(self, run_id: str) -> Iterator[JobRun]:
        """Hold a job run for the length of a block and keep what the block made of it."""
        with self._lock:
            run = self.job_run(run_id)
            assert run is not None
            yield run
            self._connection.execute(
                "UPDATE job_runs SET document = ?, has_ended = ? WHERE id = ?",
                (json.dumps(asdict(run)), run.has_ended, run_id),
            )

    def _row(self, statement: str, value: str) -> str | None:
        with self._lock:
            row = self._connection.execute(statement, (value,)).fetchone()
        return row[0] if row else None

    def _rows(self, statement: str, *values: str) -> list[str]:
        with self._lock:
            return [row[0] for row in self._connection.execute(statement, values)]


def read_application(document: str) -> Application:
    """Read an application as it was kept."""
    return Application(**json.loads(document))


def read_job_run(document: str) -> JobRun:
    """Read a job run as it was kept."""
    members: dict[str, Any] = json.loads(document)
    attempts = [Attempt(**attempt) for attempt in members.pop("attempts")]
    return JobRun(**members, attempts=attempts)
