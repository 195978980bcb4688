"""A long-running foreign program: started once, known by pid and start time, ended whole."""

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from localaws import processes
from localaws.errors import LocalAwsError

# The program waits at a gate until its pid is on the disk. Whoever starts it may be killed at any
# line: before the record the gate's pipe breaks and the program never begins, after it `stop` can
# find it. `exec` keeps the pid, its start time and its session.
GATE = 'read -r go && exec "$@" </dev/null'
FOLDER_VARIABLE = "LOCALAWS_DAEMON"
SAME_START_SECONDS = 1.0  # psutil derives the time from the boot's, which is rounded anew
POLL_SECONDS = 0.02
KILL_SECONDS = 5.0
TELLING = re.compile(r"\b(error|fatal|panic|failed|cannot|denied|in use)\b|^F\d{4} ", re.IGNORECASE)
LOG_TAIL_BYTES = 64 * 1024
APPEND = (os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
# Settings of the caller's shell that would change what a server does, secrets among them.
FOREIGN_SETTINGS = ("AWS_", "PG", "WEED_", "DYNOXIDE_", "GOMEMLIMIT", "GODEBUG")
# Kept, because Python warns of a forgotten child, and these outlive their parent on purpose.
STARTED: list["subprocess.Popen[bytes]"] = []


@dataclass(frozen=True)
class Launch:
    """What a program is started with; `settings` is the text of its configuration file.

    The environment is what is set beside the caller's own.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    settings: str = field(default="", repr=False)

    @property
    def digest(self) -> str:
        """Give a hash that tells two launches apart, and tells nothing of the secrets in them."""
        items = sorted(self.environment.items())
        return hashlib.sha256(repr((list(self.command), items, self.settings)).encode()).hexdigest()


@dataclass(frozen=True)
class Daemon:
    """One program whose record, log and working folder is `folder`; `name` is for messages.

    Its whole tree carries the folder in its environment: what outlives the program is found by
    that, even where the program was killed and could not end its own children.
    """

    name: str
    folder: Path

    @property
    def log(self) -> Path:
        """Give the log: what the program writes to stdout and stderr, of all its lives."""
        return self.folder / "log"

    @property
    def pid(self) -> int | None:
        """Give the pid of the running program, None where it is down."""
        process = self._process()
        return process.pid if process else None

    def is_running(self) -> bool:
        """Tell whether the recorded process lives: that very one, not a later one of its pid."""
        return self._process() is not None

    def bring_up(
        self, launch: Launch, is_ready: Callable[[], bool], seconds: float, grace: float
    ) -> None:
        """Have the program run as `launch` says and answer; one that does so stays as it is.

        One that was started otherwise is stopped first, and so is one that does not answer in
        time: it may be dying of a kill -9 just now. A fresh program that does not become ready
        is ended too, so that the next try begins from nothing.

        Raises:
            LocalAwsError: It cannot be started, or is not ready in time.
        """
        is_fresh = self._record().get("digest") != launch.digest or not self.is_running()
        if is_fresh:
            self.stop(grace)
            self.start(launch)
        try:
            self.wait_until(is_ready, seconds)
        except LocalAwsError:
            self.stop(grace)
            if is_fresh:
                raise
            self.bring_up(launch, is_ready, seconds, grace)

    def start(self, launch: Launch) -> None:
        """Start the program in its own session; one that runs must be stopped first.

        Raises:
            LocalAwsError: The program, or the folder, cannot be used.
        """
        command = launch.command
        if not os.access(command[0], os.X_OK):
            raise LocalAwsError(f"{self.name}: no program {command[0]}: install it again")
        processes.make_private_folder(self.folder, processes.Account())
        self._end_survivors()
        kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN_SETTINGS)}
        marked = kept | dict(launch.environment) | {FOLDER_VARIABLE: str(self.folder), "TZ": "UTC"}
        with processes.write_access(self.log), os.fdopen(os.open(self.log, *APPEND), "ab") as log:
            log.write(f"--- {self.name} starts\n".encode())
            log.flush()
            gate = subprocess.Popen(
                ["/bin/sh", "-c", GATE, self.name, *command],
                env=marked,
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        STARTED.append(gate)
        self._record_and_open(gate, launch.digest)

    def wait_until(self, is_ready: Callable[[], bool], seconds: float) -> None:
        """Wait for the program's first answer.

        Raises:
            LocalAwsError: It ended, or is not ready in time; the message has its last word.
        """
        deadline = time.monotonic() + seconds
        while not is_ready():
            if not self.is_running():
                raise LocalAwsError(f"{self.name} ended: {self.last_word()}: see {self.log}")
            if time.monotonic() > deadline:
                raise LocalAwsError(
                    f"{self.name} is not ready after {seconds:g} s: {self.last_word()}: "
                    f"see {self.log}"
                )
            time.sleep(POLL_SECONDS)

    def stop(self, grace: float = 5.0) -> None:
        """End the program and all that it started: TERM, and KILL after `grace` seconds."""
        process = self._process()
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
                if not has_ended(process, grace):
                    process.kill()
                    has_ended(process, KILL_SECONDS)
        self._end_survivors()
        with processes.write_access(self._record_file):
            self._record_file.unlink(missing_ok=True)

    def last_word(self) -> str:
        """Give the last line of its log that tells of an error, else the last line."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - LOG_TAIL_BYTES))
                tail = log.read().decode(errors="replace")
        except OSError:
            return "it left no log"
        this_life = tail.rpartition(f"--- {self.name} starts\n")[2]
        lines = [line.strip() for line in this_life.splitlines() if line.strip()]
        telling = [line for line in lines if TELLING.search(line)]
        return (telling or lines or ["it said nothing"])[-1]

    @property
    def _record_file(self) -> Path:
        return self.folder / "process.json"

    def _record(self) -> dict[str, object]:
        try:
            record = json.loads(self._record_file.read_text())
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}

    def _record_and_open(self, gate: "subprocess.Popen[bytes]", started_by: str) -> None:
        started = psutil.Process(gate.pid).create_time()
        record = {"pid": gate.pid, "started": started, "digest": started_by}
        # Where the record cannot be written, the pipe closes unused and the program never begins.
        # A gate that was killed meanwhile shows as a program that ended.
        with contextlib.suppress(BrokenPipeError), gate.stdin or contextlib.nullcontext() as pipe:
            text = json.dumps(record)
            processes.write_private_file(self._record_file, text, processes.Account())
            if pipe is not None:
                pipe.write(b"go\n")

    def _process(self) -> psutil.Process | None:
        record = self._record()
        pid, started = record.get("pid"), record.get("started")
        if not isinstance(pid, int) or not isinstance(started, float):
            return None
        try:
            process = psutil.Process(pid)
            is_same = abs(process.create_time() - started) < SAME_START_SECONDS
        except psutil.Error:
            return None
        return process if is_same and is_alive(process) else None

    def _end_survivors(self) -> None:
        survivors = list(self._tree())
        for process in survivors:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for process in survivors:
            has_ended(process, KILL_SECONDS)

    def _tree(self) -> Iterator[psutil.Process]:
        """Find every live process that this daemon started, directly or not."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                is_ours = process.environ().get(FOLDER_VARIABLE) == str(self.folder)
                if is_ours and process.pid != os.getpid():
                    yield process


def has_ended(process: psutil.Process, seconds: float) -> bool:
    """Wait for a process to end. One that its parent, or init, has yet to reap has ended."""
    deadline = time.monotonic() + seconds
    while is_alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    for child in STARTED:
        child.poll()
    return True


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process, and not a later one of its pid, still runs and holds its ports."""
    try:
        # A zombie that has threads is still closing its files.
        is_zombie = process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
        return process.is_running() and not is_zombie
    except psutil.Error:
        return False
