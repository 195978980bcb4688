"""The service's own motion: applications start and stop, waiting job runs begin or time out."""

import logging
import sqlite3
import threading
import time

from localaws.emr_serverless.capacity import (
    can_ever_begin,
    fits_application,
    fits_machine,
    has_slot,
    scheduler_of,
)
from localaws.emr_serverless.configuration import spark_properties
from localaws.emr_serverless.records import WAITING, Application, JobRun
from localaws.emr_serverless.runner import Runner
from localaws.emr_serverless.spark_command import share_of
from localaws.emr_serverless.store import Store
from localaws.emr_serverless.worker_sizes import (
    SizeError,
    Workers,
    check_executors,
    read_workers,
)
from localaws.endpoint.config import SparkConfig

log = logging.getLogger(__name__)

LONGEST_SLEEP_SECONDS = 1.0
DEFAULT_IDLE_MINUTES = 15
TOO_LARGE = "Job failed as application has exceeded maximumCapacity settings."


class Scheduler:
    """One thread; `wake` tells it that something has changed."""

    def __init__(
        self, store: Store, runner: Runner, machine: SparkConfig, *, minute_seconds: float
    ) -> None:
        self._store = store
        self._runner = runner
        self._machine = machine
        self._minute_seconds = minute_seconds
        self._changed = threading.Event()
        self._is_closing = False
        self._begun: set[str] = set()
        self._thread = threading.Thread(target=self._loop, name="scheduler")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look again, now."""
        self._changed.set()

    def close(self) -> None:
        """Begin nothing any more."""
        self._is_closing = True
        self.wake()
        self._thread.join()

    def ended(self, run_id: str) -> None:
        """Note that a job run has ended and what it held is free."""
        run = self._store.job_run(run_id)
        assert run is not None
        with self._store.changing_application(run.application_id) as application:
            application.idle_since = time.time()
        self._begun.discard(run_id)
        self.wake()

    def _loop(self) -> None:
        while not self._is_closing:
            self._changed.clear()
            try:
                self._step()
            except (sqlite3.Error, OSError):
                # A full disk passes: without this thread nothing would ever begin again.
                log.exception("the scheduler failed")
            self._changed.wait(min(LONGEST_SLEEP_SECONDS, self._minute_seconds / 4))

    def _step(self) -> None:
        for application in self._store.applications():
            self._move_application(application)
        waiting = [run for run in self._store.living_job_runs() if run.state in WAITING]
        overtaken: set[str] = set()
        for run in waiting:
            if not self._is_closing and not self._move_run(run, overtaken):
                overtaken.add(run.application_id)

    def _move_application(self, application: Application) -> None:
        target = {"STARTING": "STARTED", "STOPPING": "STOPPED"}.get(application.state)
        if application.state == "STARTED" and self._is_idle(application):
            target = "STOPPED"
        if target:
            with self._store.changing_application(application.id) as changed:
                if changed.state == application.state:
                    changed.move(target)

    def _is_idle(self, application: Application) -> bool:
        stop = application.settings.get("autoStopConfiguration", {})
        minutes = stop.get("idleTimeoutMinutes", DEFAULT_IDLE_MINUTES)
        return (
            stop.get("enabled", True)
            and time.time() - application.idle_since > minutes * self._minute_seconds
            and not self._living_of(application.id)
        )

    def _living_of(self, application_id: str) -> list[JobRun]:
        living = self._store.living_job_runs()
        return [run for run in living if run.application_id == application_id]

    def _move_run(self, run: JobRun, overtaken: set[str]) -> bool:
        """Begin a waiting job run, or say what it waits for; tell whether it waits no more.

        In an application nobody begins before one who waits longer.
        """
        application = self._store.application(run.application_id)
        assert application is not None
        if application.state != "STARTED":
            return False
        workers = workers_of(run)
        contradiction = contradiction_of(run)
        if contradiction:
            self._end(run, "FAILED", contradiction)
        elif not can_ever_begin(application.settings, workers):
            self._end(run, "FAILED", TOO_LARGE)
        elif application.id not in overtaken and self._may_begin(application, workers):
            self._begin(run)
        else:
            self._keep_waiting(application, run)
            return False
        return True

    def _may_begin(self, application: Application, workers: Workers) -> bool:
        holders = [run for run in self._store.living_job_runs() if run.id in self._begun]
        shares = [share_of(workers_of(holder), self._machine) for holder in holders]
        siblings = [
            workers_of(holder) for holder in holders if holder.application_id == application.id
        ]
        return (
            has_slot(application.settings, len(siblings))
            and fits_application(application.settings, workers, siblings)
            and fits_machine(share_of(workers, self._machine), shares, self._machine)
        )

    def _begin(self, run: JobRun) -> None:
        with self._store.changing_job_run(run.id) as begun:
            if begun.state not in WAITING:
                return
            begun.move("PENDING")
            begun.move("SCHEDULED")
        self._begun.add(run.id)
        self._runner.launch(run.id)

    def _keep_waiting(self, application: Application, run: JobRun) -> None:
        scheduler = scheduler_of(application.settings)
        waiting = "PENDING" if scheduler is None else "QUEUED"
        if scheduler is not None and run.queued_since is not None:
            seconds = scheduler["queueTimeoutMinutes"] * self._minute_seconds
            if time.time() - run.queued_since > seconds:
                self._end(run, "CANCELLED", "Job run timed out in the queue.")
                return
        if run.state != waiting:
            with self._store.changing_job_run(run.id) as kept:
                if kept.state in WAITING:
                    kept.move(waiting)

    def _end(self, run: JobRun, state: str, details: str) -> None:
        with self._store.changing_job_run(run.id) as ended:
            if ended.state in WAITING:
                ended.move(state, details)


def contradiction_of(run: JobRun) -> str | None:
    """Say why a job run's numbers of executors cannot be; it fails before it begins."""
    try:
        check_executors(spark_properties(run.inherited, run.request, run.release))
    except SizeError as error:
        return str(error)
    return None


def workers_of(run: JobRun) -> Workers:
    """Read the workers of a job run."""
    return read_workers(spark_properties(run.inherited, run.request, run.release))
