"""Run a job by plain spark-submit: Java found, output logged, progress shown."""

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from commands.checkout import CACHE, ROOT
from commands.console import CommandError, say
from commands.spark.java import java_home
from conf import spark_sizes
from localaws.class_archive import ClassArchive, find_archive

ARCHIVES = CACHE / "java"
LOCAL_SETTINGS = ROOT / "conf" / "spark-local.conf"
JOB_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?P<level>[A-Z]+) (?P<message>.*)")
STILL_RUNNING_SECONDS = 15
KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)  # Java itself, or the Python that it waits for
BOUND_TO_PARENT = Path(__file__).with_name("bound_to_parent.py")


@dataclass
class Job:
    """A job that was started: its process, its log, and what it logged as an error."""

    name: str
    process: subprocess.Popen[str]
    log: Path
    archive: ClassArchive
    started: float
    reader: threading.Thread | None = None
    errors: list[str] = field(default_factory=list)


def read_local_settings() -> dict[str, str]:
    """Read `conf/spark-local.conf`."""
    lines = [line.strip() for line in LOCAL_SETTINGS.read_text().splitlines()]
    pairs = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    return {pair[0]: pair[1] for pair in pairs}


def write_properties(path: Path, settings: Mapping[str, str]) -> None:
    """Write a properties file that only its owner can read: it may hold a password."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        for name, value in settings.items():
            escaped = value.replace("\\", "\\\\").replace("\n", "\\n")
            file.write(f"{name} {escaped}\n")


def start_job(
    name: str, arguments: Sequence[str], *, properties: Path, log: Path, is_small: bool = False
) -> Job:
    """Start a job of `spark_jobs/jobs` and show its own log lines while it runs."""
    log.parent.mkdir(parents=True, exist_ok=True)
    archive = archive_for(properties)
    command = submit_command(name, arguments, properties, archive, is_small=is_small)
    process = subprocess.Popen(
        [*bound_to_this_process(), *command],
        env=job_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    job = Job(name, process, log, archive, time.monotonic())
    job.reader = threading.Thread(target=follow, args=(job,), daemon=True)
    job.reader.start()
    return job


def archive_for(properties: Path) -> ClassArchive:
    """Give the archive of Spark's classes for the class path that a properties file sets."""
    lines = properties.read_text().splitlines() if properties.exists() else []
    settings = dict(line.split(" ", 1) for line in lines if " " in line)
    class_path = settings.get("spark.driver.extraClassPath", "")
    return find_archive(ARCHIVES, java_home(), class_path, writer=str(os.getpid()))


def submit_command(
    name: str,
    arguments: Sequence[str],
    properties: Path,
    archive: ClassArchive,
    *,
    is_small: bool,
) -> list[str]:
    """Give the command that runs a job, as a user would type it."""
    options = [archive.java_options(f"{name}.py"), spark_sizes.java_options(is_small=is_small)]
    return [
        str(Path(sys.executable).parent / "spark-submit"),
        "--properties-file",
        str(properties),
        "--driver-java-options",
        " ".join(options),
        str(ROOT / "spark_jobs" / "jobs" / f"{name}.py"),
        *arguments,
    ]


def job_environment() -> dict[str, str]:
    """Give the environment of spark-submit: this Python, a Java that fits, UTC, our packages."""
    return os.environ | {
        "JAVA_HOME": str(java_home()),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": str(ROOT),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TZ": "UTC",
    }


def bound_to_this_process() -> list[str]:
    """Give what goes before a command so that it ends when this verb is killed (Linux)."""
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", str(BOUND_TO_PARENT), str(os.getpid())]


def follow(job: Job) -> None:
    """Copy a job's output to its log and show the lines that the job itself logged."""
    assert job.process.stdout is not None
    with open_log(job.log, "wb") as log:
        for line in job.process.stdout:
            with contextlib.suppress(OSError):  # a full disk must not hide what the job says
                log.write(line.encode())
            match = JOB_LINE.match(line)
            if match and not match["message"].startswith(f"{job.name} "):
                show(job, match["message"])
            if match and match["level"] == "ERROR":
                job.errors.append(match["message"])


def open_log(path: Path, mode: Literal["wb", "ab"]) -> io.FileIO:
    """Open a log without a buffer: on a full disk one could not even be closed."""
    try:
        return path.open(mode, buffering=0)
    except OSError:
        return Path(os.devnull).open("wb", buffering=0)


def show(job: Job, message: str) -> None:
    seconds = time.monotonic() - job.started
    say(f"  {job.name:16} {seconds:5.0f} s  {message}")


def finish_job(job: Job) -> None:
    """Wait for a job, saying now and then that it still runs.

    Raises:
        CommandError: The job failed; the message is its own, or says where its log lies.
    """
    while True:
        try:
            code = job.process.wait(timeout=STILL_RUNNING_SECONDS)
            break
        except subprocess.TimeoutExpired:
            show(job, "still running")
    assert job.reader is not None
    job.reader.join()
    job.archive.end(is_success=code == 0)
    if code == 0:
        show(job, "done")
    elif code in KILLED:
        raise CommandError(
            f"{job.name} was killed, perhaps since memory ran out: end other programs, or lower "
            f"spark.driver.memory in conf/spark-local.conf, and call it again; its log is {job.log}"
        )
    elif job.errors:
        raise CommandError(job.errors[-1])
    else:
        raise CommandError(f"{job.name} failed with exit code {code}: its log is {job.log}")


def stop_jobs(jobs: Sequence[Job]) -> None:
    """End the jobs that still run, with all their processes."""
    for job in jobs:
        if job.process.poll() is None:
            os.killpg(job.process.pid, signal.SIGKILL)
            job.process.wait()
