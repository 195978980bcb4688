"""Airflow on this machine, without servers: one run of the DAG in one process, and its progress."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from commands.airflow_run.watch import DAG_ID, Watch
from commands.checkout import CACHE, ROOT
from commands.console import CommandError, say
from commands.spark.submit import bound_to_this_process, open_log
from conf.settings import ENVIRONMENT, Settings

OWN_VERSION = version("apache-airflow")
SECOND_VERSION = "2.9.2"
SECOND_ENVIRONMENT = CACHE / f"airflow-{SECOND_VERSION}"
SECRETS_BACKEND = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
# Of the caller's environment; a proxy would be asked for 127.0.0.1 too.
FOREIGN = re.compile(r"(AWS_|AIRFLOW|PYTHON).*|(http|https|all)_proxy", re.IGNORECASE)
EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(Error|Exception)\w*: ")
# Its configuration file and its address of a database read these as something else.
ODD_IN_A_PATH = re.compile(r"[%?$]")
MIGRATED = "migrated"
MIGRATE_SECONDS = 600.0
RUN_SECONDS = 24 * 3600.0  # each task has a timeout of its own; this is the last resort


@dataclass(frozen=True)
class Airflow:
    """One version of Airflow: its Python, and its home in the state folder."""

    version: str
    python: Path
    home: Path

    @property
    def database(self) -> Path:
        return self.home / "airflow.db"


@dataclass(frozen=True)
class Session:
    """A call's Airflow: its processes' environment, the log that takes what they say, and a lock.

    The processes inherit the lock's descriptor, so it is free only when they have ended too.
    """

    airflow: Airflow
    environment: Mapping[str, str]
    log: Path
    lock: int


@dataclass(frozen=True)
class DagRun:
    """How a run ended: no `run_id` where it never began; states and seconds by task."""

    exit_code: int
    run_id: str | None
    states: Mapping[str, str]
    seconds: Mapping[str, float]
    log: Path


def find_airflow(wanted: str, state: Path) -> Airflow:
    """Find a version's environment; its home lies in the state folder.

    Raises:
        CommandError: There is no such version, its environment was not made yet, or it could not
            work in that folder.
    """
    home = state.absolute() / f"airflow-{wanted}"
    if found := ODD_IN_A_PATH.search(str(home)):
        raise CommandError(
            f"Airflow takes no {found[0]} in a path: name another STATE than {state}"
        )
    if wanted == OWN_VERSION:
        return Airflow(wanted, Path(sys.executable), home)
    if wanted != SECOND_VERSION:
        raise CommandError(f"AIRFLOW is {OWN_VERSION} or {SECOND_VERSION}, got {wanted!r}")
    if not (SECOND_ENVIRONMENT / "lock").is_file():  # it is written last
        raise CommandError(
            f"Airflow {wanted} is not in {SECOND_ENVIRONMENT}: make run AIRFLOW={wanted} builds it"
        )
    return Airflow(wanted, SECOND_ENVIRONMENT / "bin" / "python", home)


def build_environment(
    airflow: Airflow, settings: Settings, aws: Mapping[str, str]
) -> dict[str, str]:
    """Give the environment of Airflow's processes: of AWS and Airflow nothing that is inherited."""
    inherited = {name: text for name, text in os.environ.items() if not FOREIGN.fullmatch(name)}
    backend = {
        "connections_prefix": settings.connections_prefix,
        "connections_lookup_pattern": "^(rds_|redshift_)",
        "variables_prefix": None,
        "config_prefix": None,
    }
    own = {
        "AIRFLOW_HOME": str(airflow.home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # A state folder may have been moved: airflow.cfg holds the paths of its first days.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow.database}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(airflow.home / "logs"),
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        "AIRFLOW__SECRETS__BACKEND": SECRETS_BACKEND,
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps(backend),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        ENVIRONMENT: "local",
        # A user's own files may send clients elsewhere.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_COLOR": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "TZ": "UTC",
    }
    return inherited | own | dict(aws)


def migrate(session: Session) -> None:
    """Make the database of a home that has none; a half-made one is made again.

    Raises:
        CommandError: Airflow could not.
    """
    airflow = session.airflow
    if (airflow.home / MIGRATED).exists():
        return
    say(f"making the database of Airflow {airflow.version} ...")
    shutil.rmtree(airflow.home, ignore_errors=True)
    airflow.home.mkdir(parents=True)
    code = call(session, ("db", "migrate"), Watch(airflow.database), MIGRATE_SECONDS)
    if code != 0:
        reason = last_words(session.log)
        raise CommandError(f"airflow db migrate failed: {reason}; its log: {session.log}")
    (airflow.home / MIGRATED).touch()


def run_dag(session: Session, conf: str | None) -> DagRun:
    """Run the DAG once and tell on stderr what its tasks do.

    It ends when this process does, however that ends.

    Raises:
        CommandError: It does not end.
    """
    watch = Watch(session.airflow.database)
    say(f"Airflow {session.airflow.version} runs {DAG_ID}; its log: {session.log}")
    logical_date = datetime.now(UTC).isoformat(timespec="microseconds")
    words = ["dags", "test", DAG_ID, logical_date, *(("--conf", conf) if conf else ())]
    code = call(session, words, watch, RUN_SECONDS)
    return DagRun(code, watch.find_run(), watch.read_states(), watch.seconds, session.log)


def call(session: Session, words: Sequence[str], watch: Watch, seconds: float) -> int:
    """Call `airflow` to its end, its output into the log, and give its exit code.

    Raises:
        CommandError: It took too long.
    """
    session.log.parent.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [*bound_to_this_process(), str(session.airflow.python), "-m", "airflow", *words],
        cwd=ROOT,
        env=dict(session.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        pass_fds=(session.lock,),
    )
    reader = threading.Thread(target=follow, args=(process, session.log, watch), daemon=True)
    reader.start()
    try:
        wait(process, watch, time.monotonic() + seconds)
    except TimeoutError:
        raise CommandError(
            f"it has not ended in {seconds:,.0f} s; its log: {session.log}"
        ) from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        reader.join(timeout=10)
        watch.end()
    return process.returncode


def wait(process: "subprocess.Popen[str]", watch: Watch, deadline: float) -> None:
    """Wait for a process, saying now and then what still runs.

    Raises:
        TimeoutError: It does not end before the deadline.
    """
    while process.poll() is None:
        if time.monotonic() > deadline:
            raise TimeoutError
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1.0)
        watch.tick()


def follow(process: "subprocess.Popen[str]", log: Path, watch: "Watch") -> None:
    """Copy a process's output to its log and let the watch see each line."""
    assert process.stdout is not None
    with open_log(log, "ab") as file:
        for line in process.stdout:
            with contextlib.suppress(OSError):  # a full disk must not hide what happens
                file.write(line.encode())
            watch.see(line)


def last_words(log: Path) -> str:
    """Give the exception that a log tells last, Airflow's own only where it has no other one."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    raised = [line for line in lines if EXCEPTION.match(line)]
    own = [line for line in raised if not line.startswith("airflow.")]
    return (own or raised or lines or ["it said nothing"])[-1]
