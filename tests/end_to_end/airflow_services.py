"""Airflow 3 with all its parts, as MWAA runs it: scheduler, processor, triggerer, API server."""

import contextlib
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psutil

from commands.airflow_run.airflow import Airflow

DAG_ID = "music_streaming_etl"
READY_SECONDS = 120
RUN_SECONDS = 300
ENDED = ("success", "failed")
PARTS = (
    ("api-server", "--host", "127.0.0.1", "--workers", "1"),
    ("scheduler", "-s"),
    ("dag-processor",),
    ("triggerer", "-s"),
)


@dataclass
class Services:
    """The four processes over one home; each is a group of its own."""

    airflow: Airflow
    environment: dict[str, str]
    port: int
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    seen: dict[str, set[str]] = field(default_factory=dict)

    def start(self, part: tuple[str, ...]) -> None:
        more = ("--port", str(self.port)) if part[0] == "api-server" else ()
        with (self.airflow.home / f"{part[0]}.log").open("ab") as log:
            self.running[part[0]] = subprocess.Popen(
                [str(self.airflow.python), "-m", "airflow", *part, *more],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self) -> None:
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def call(self, *words: str) -> str:
        done = subprocess.run(
            [str(self.airflow.python), "-m", "airflow", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=READY_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def trigger(self, run_id: str) -> None:
        """Start a run by hand, as a person does: in Airflow 3 it has no date."""
        self.call("dags", "trigger", DAG_ID, "--run-id", run_id)

    def run_state(self, run_id: str) -> str:
        rows = self._ask("SELECT state FROM dag_run WHERE run_id = ?", run_id)
        return rows[0][0] if rows else "unknown"

    def states(self, run_id: str) -> dict[str, str]:
        """Give the tasks' present states; all that were ever seen are kept in `seen`."""
        rows = self._ask("SELECT task_id, state FROM task_instance WHERE run_id = ?", run_id)
        for task, state in rows:
            self.seen.setdefault(task, set()).add(state)
        return dict(rows)

    def wait_for(self, run_id: str) -> str:
        """Wait for a run's end and give its state."""
        wait_until(lambda: self.states(run_id) and self.run_state(run_id) in ENDED, run_id)
        return self.run_state(run_id)

    def task_process(self) -> psutil.Process | None:
        """Give the process in which a task runs: a grandchild of the scheduler."""
        scheduler = psutil.Process(self.running["scheduler"].pid)
        found = [leaf for worker in scheduler.children() for leaf in worker.children()]
        # The worker has not yet taken note of the ends of earlier ones.
        alive = [leaf for leaf in found if leaf.status() != psutil.STATUS_ZOMBIE]
        return alive[0] if alive else None

    def _ask(self, sql: str, value: str) -> list[tuple[str, ...]]:
        address = f"file:{self.airflow.database}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=30)) as database:
            return database.execute(sql, (value,)).fetchall()


def wait_until(is_so: Callable[[], object], what: str, seconds: float = RUN_SECONDS) -> None:
    """Look until something is so.

    Raises:
        TimeoutError: It never was.
    """
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.3)


@contextlib.contextmanager
def running(airflow: Airflow, environment: dict[str, str], **options: str) -> Iterator[Services]:
    """Run all parts; options are of section music_streaming."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
    }
    own |= {f"AIRFLOW__MUSIC_STREAMING__{name}": text for name, text in options.items()}
    services = Services(airflow, environment | own, port)
    try:
        services.call("db", "migrate")
        for part in PARTS:
            services.start(part)
        wait_until(lambda: is_parsed(services), "Airflow is ready", READY_SECONDS)
        yield services
    finally:
        services.stop()


def is_parsed(services: Services) -> bool:
    """Tell whether the server answers and the DAG is known."""
    health = f"http://127.0.0.1:{services.port}/api/v2/monitor/health"
    try:
        with urllib.request.urlopen(health, timeout=5) as answer:
            if answer.status != 200:
                return False
    except OSError:
        return False
    return bool(services._ask("SELECT dag_id FROM dag WHERE dag_id = ?", DAG_ID))


def listening(services: Services) -> set[str]:
    """Give the addresses on which the services listen."""
    found = set()
    for process in services.running.values():
        family = [psutil.Process(process.pid)]
        family += family[0].children(recursive=True)
        for member in family:
            with contextlib.suppress(psutil.Error):
                found |= {
                    connection.laddr.ip
                    for connection in member.net_connections("inet")
                    if connection.status == psutil.CONN_LISTEN
                }
    return found
