"""Runs job runs, each in a thread of its own: start, watch, time out, cancel, try again."""

import logging
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from localaws.emr_serverless import logs, process_tree, spark_command
from localaws.emr_serverless.archives import ArchiveError, archives_of, unpack_all
from localaws.emr_serverless.configuration import monitoring, spark_properties
from localaws.emr_serverless.records import JobRun
from localaws.emr_serverless.request_checks import DEFAULT_TIMEOUT_MINUTES
from localaws.emr_serverless.secrets import ReadSecret, SecretError, resolve
from localaws.emr_serverless.store import Store
from localaws.emr_serverless.worker_sizes import read_workers
from localaws.endpoint.config import EndpointConfig

log = logging.getLogger(__name__)

LAUNCHER = Path(__file__).with_name("launcher.py")
# Between TERM and KILL where no grace period is asked for: Spark removes its scratch files.
END_SECONDS = 4.0
STOPPED = "Job failed: the service was stopped while it ran."


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended; `reason` is empty for a success."""

    is_success: bool
    reason: str = ""


class Runner:
    """Starts processes and writes their runs' states into the store.

    `on_end` is told each job run that has ended, when the thread of the run is done with it.
    """

    def __init__(
        self,
        config: EndpointConfig,
        store: Store,
        read_secret: ReadSecret,
        *,
        minute_seconds: float,
        on_end: Callable[[str], None],
    ) -> None:
        self._config = config
        self._store = store
        self._read_secret = read_secret
        self._minute_seconds = minute_seconds
        self._on_end = on_end
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._secrets: dict[str, frozenset[str]] = {}
        self._is_closing = False

    def launch(self, run_id: str) -> None:
        """Begin a job run; its state is SCHEDULED now."""
        thread = threading.Thread(target=self._run, args=(run_id,), name=f"job run {run_id}")
        with self._lock:
            self._threads[run_id] = thread
        thread.start()

    def secrets_of(self, run_id: str) -> frozenset[str]:
        """Give the values that must not be shown of a run that is alive."""
        with self._lock:
            return self._secrets.get(run_id, frozenset())

    def cancel(self, run_id: str, grace_seconds: float | None) -> None:
        """End the processes of a run that is CANCELLING; its thread sees them end."""
        run = self._store.job_run(run_id)
        assert run is not None
        threading.Thread(target=self._end_processes, args=(run, grace_seconds), daemon=True).start()

    def close(self) -> None:
        """End all that runs, and wait for it."""
        with self._lock:
            self._is_closing = True
            threads = list(self._threads.values())
        living = self._store.living_job_runs()
        enders = [threading.Thread(target=self._end_processes, args=(run, None)) for run in living]
        for thread in enders:
            thread.start()
        for thread in (*enders, *threads):
            thread.join()

    def _run(self, run_id: str) -> None:
        try:
            while self._run_attempt(run_id):
                pass
        finally:
            # Whatever went wrong here, a job run never stays RUNNING for ever.
            with self._store.changing_job_run(run_id) as run:
                if not run.has_ended:
                    run.move("FAILED", "Job failed: the local AWS failed, its log has the reason.")
            with self._lock:
                self._threads.pop(run_id, None)
                self._secrets.pop(run_id, None)
            self._on_end(run_id)

    def _run_attempt(self, run_id: str) -> bool:
        """Run an attempt to its end; tell whether there is another one."""
        run = self._store.job_run(run_id)
        assert run is not None
        folder = logs.attempt_folder(self._config, run, run.attempt.number)
        try:
            outcome = self._execute(run, folder)
        except (SecretError, ArchiveError, OSError) as error:
            log.warning("job run %s did not start: %s", run_id, error)
            outcome = Outcome(is_success=False, reason=f"Job failed: it did not start: {error}")
        return self._settle(run_id, outcome)

    def _settle(self, run_id: str, outcome: Outcome) -> bool:
        with self._store.changing_job_run(run_id) as run:
            if run.state == "CANCELLING":
                run.move("CANCELLED", run.attempt.state_details)
            elif outcome.is_success:
                run.move("SUCCESS")
            elif self._is_closing:
                run.move("FAILED", STOPPED)
            else:
                run.move("FAILED", outcome.reason)
                if run.attempt.number < run.max_attempts:
                    run.begin_attempt()
                    run.move("SCHEDULED")
            return not run.has_ended

    def _execute(self, run: JobRun, folder: Path) -> Outcome:
        asked = spark_properties(run.inherited, run.request, run.release)
        properties, values = resolve(asked, self._read_secret)
        with self._lock:
            self._secrets[run.id] = values
        share = spark_command.share_of(read_workers(asked), self._config.spark)
        command = spark_command.build(
            self._config, run.request, properties, share=share, folder=folder
        )
        make_folder(folder)
        try:
            unpack_all(self._config, archives_of(run.request, asked), folder / "work")
            spark_command.write_properties(folder / "spark.properties", command.properties)
            exit_code = self._watch(run.id, command, folder)
        finally:
            remove_traces(folder)
        logs.remove_secrets(folder, values)
        if not self._is_closing:  # the endpoint does not answer any more
            logs.publish(self._config, run, folder, monitoring(run.inherited, run.request))
        if command.archive:
            command.archive.end(is_success=exit_code == 0)
        if exit_code == 0:
            return Outcome(is_success=True)
        texts = [logs.read_tail(folder / stream, values) for stream in logs.STREAMS]
        return Outcome(is_success=False, reason=logs.describe_failure(exit_code, *texts))

    def _watch(self, run_id: str, command: spark_command.SparkCommand, folder: Path) -> int:
        """Run the process tree to its end and give its exit code.

        Standard input stays open: the launcher ends with this process, however this one ends.
        """
        with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(LAUNCHER), *command.arguments],
                stdin=subprocess.PIPE,
                stdout=stdout,
                stderr=stderr,
                cwd=folder / "work",
                env=command.environment,
                start_new_session=True,
            )
        with process:
            started = psutil.Process(process.pid).create_time()
            with self._store.changing_job_run(run_id) as run:
                run.attempt.pid, run.attempt.pid_started = process.pid, started
                is_wanted = run.state != "CANCELLING" and not self._is_closing
                if is_wanted:
                    run.move("RUNNING")
            if not is_wanted:
                process_tree.end_tree(process.pid, started, grace_seconds=0)
            code = self._wait(run, process, started)
            process_tree.end_tree(process.pid, started, grace_seconds=0)
            return code

    def _wait(self, run: JobRun, process: "subprocess.Popen[bytes]", started: float) -> int:
        minutes = run.request.get("executionTimeoutMinutes", DEFAULT_TIMEOUT_MINUTES)
        deadline = (run.started_at or time.time()) + minutes * self._minute_seconds
        try:
            return process.wait(timeout=max(0.0, deadline - time.time()))
        except subprocess.TimeoutExpired:
            with self._store.changing_job_run(run.id) as late:
                if not late.has_ended and late.state != "CANCELLING":
                    late.move("CANCELLING", f"Job execution timed out after {minutes} minutes.")
            process_tree.end_tree(process.pid, started, grace_seconds=END_SECONDS)
            return process.wait()

    def _end_processes(self, run: JobRun, grace_seconds: float | None) -> None:
        attempt = run.attempt
        if attempt.pid is not None and attempt.pid_started is not None:
            seconds = END_SECONDS if grace_seconds is None else grace_seconds
            process_tree.end_tree(attempt.pid, attempt.pid_started, grace_seconds=seconds)


def make_folder(folder: Path) -> None:
    """Make the folder of an attempt, for the owner only."""
    for part in (folder, folder / "work", folder / "local"):
        part.mkdir(parents=True, exist_ok=True)
        part.chmod(0o700)


def remove_traces(folder: Path) -> None:
    """Remove what only a running attempt needs: its secrets and its scratch space."""
    (folder / "spark.properties").unlink(missing_ok=True)
    shutil.rmtree(folder / "local", ignore_errors=True)


def end_orphans(config: EndpointConfig, store: Store) -> None:
    """End what runs of a process that is gone, and say of each such job run that it failed."""
    for run in store.living_job_runs():
        attempt = run.attempt
        if attempt.pid is not None and attempt.pid_started is not None:
            process_tree.end_tree(attempt.pid, attempt.pid_started, grace_seconds=0)
        remove_traces(logs.attempt_folder(config, run, attempt.number))
        with store.changing_job_run(run.id) as left:
            if left.state == "CANCELLING":
                left.move("CANCELLED", left.attempt.state_details)
            else:
                left.move("FAILED", STOPPED)
