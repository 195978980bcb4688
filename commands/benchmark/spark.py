"""The jobs under measurement: plays validated and transformed, and what Spark did for it."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commands.benchmark.measured import measure
from commands.benchmark.record import read_start, read_tasks
from commands.benchmark.rounds import Run
from commands.checkout import ROOT
from commands.console import CommandError
from commands.folder_run.delivery import list_delivery
from commands.spark import native
from conf import spark_sizes
from conf.accelerators import FIRST_COMPILER_JOBS

JOBS = ("validate_data", "transform_kpis")
OURS = "spark"
NATIVE = "spark-native"
SUBMIT = Path(__file__).with_name("submit.py")


@dataclass(frozen=True)
class SparkEngine:
    """A way of running the two jobs: whose code, and whether with Comet."""

    name: str
    checkout: Path
    is_native: bool = False

    @property
    def python(self) -> str:
        """Give the Python of the checkout's own environment, else this one."""
        own = self.checkout / ".venv" / "bin" / "python"
        return str(own) if own.exists() else sys.executable


@dataclass(frozen=True)
class Workload:
    """What the jobs read: stream files and metadata below `data`, and a lake at a commit.

    `uri` is where the jobs find what lies in the folder `data`.
    """

    data: Path
    uri: str
    lake: str
    commit: int

    @property
    def is_small(self) -> bool:
        files = list_delivery(self.data).streams
        return spark_sizes.is_small(spark_sizes.weigh((f.file_key, f.size) for f in files))


@dataclass(frozen=True)
class SparkRun(Run):
    """A run of both jobs: their starts, what Spark shuffled and spilled, and its calls to S3."""

    start_seconds: float
    shuffled_bytes: int
    spilled_bytes: int
    calls: Counter[str] = field(default_factory=Counter)


def spark_engines(against: Path | None, *, is_native: bool = False) -> list[SparkEngine]:
    """List the ways of running the jobs that are measured, ours first.

    Args:
        is_native: Measure ours with Comet too.

    Raises:
        CommandError: `against` is no checkout, or Comet cannot be fetched or run here.
    """
    engines = [SparkEngine(OURS, ROOT)]
    if is_native:
        native.fetch()
        engines.append(SparkEngine(NATIVE, ROOT, is_native=True))
    if against is not None:
        jobs = [against / "spark_jobs" / "jobs" / f"{job}.py" for job in JOBS]
        if not all(path.is_file() for path in jobs):
            raise CommandError(
                f"AGAINST={against} is no checkout of this repository: make one with "
                "git worktree add"
            )
        engines.append(SparkEngine("against", against.absolute()))
    return engines


def write_claim(workload: Workload, work: Path) -> Path:
    """Begin a run's folder with its claim."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    claim = {
        "run": "bench",
        "claim": "bench-00000000",
        "run_time": datetime.now(UTC).isoformat(),
        "commit": workload.commit,
        "metadata_version": "bench",
        "backfill_dates": [],
        "files": [
            {
                "file_key": file.file_key,
                "uri": f"{workload.uri}/{file.file_key.removeprefix('data/')}",
                "etag": file.etag,
                "size": file.size,
                "last_modified": file.last_modified.isoformat(),
            }
            for file in list_delivery(workload.data).streams
        ],
    }
    path = work / "claim.json"
    path.write_text(json.dumps(claim))
    return path


def run_local(engine: SparkEngine, workload: Workload, work: Path) -> SparkRun:
    """Run both jobs over files of this machine, which they read and write in the run's folder."""
    write_claim(workload, work)
    return run_spark(engine, workload, work, f"file:{work}", {})


def run_spark(
    engine: SparkEngine, workload: Workload, work: Path, uri: str, properties: Mapping[str, str]
) -> SparkRun:
    """Run both jobs, starts counted, and read Spark's own record of it.

    Args:
        work: The run's folder, for logs and scratch files.
        uri: Where the claim lies and the jobs write to.
        properties: What Spark needs to reach `uri`.
    """
    asked = {
        job: {
            "arguments": arguments,
            "properties": {**properties, **recording(work, job)},
            "is_small": workload.is_small or (engine.is_native and job in FIRST_COMPILER_JOBS),
        }
        for job, arguments in build_arguments(workload, uri).items()
    }
    logs = {job: work / f"{job}.log" for job in JOBS}
    with submitting(engine, asked, work) as answer:
        parts = {
            job: measure(command, env=answer["environment"], log=logs[job])
            for job, command in answer["commands"].items()
        }
    tasks = [task for job in JOBS for task in read_tasks(work / f"events-{job}")]
    return SparkRun(
        parts=parts,
        output=work,
        start_seconds=sum(read_start(path.read_text()) for path in logs.values()),
        shuffled_bytes=sum(t["Shuffle Write Metrics"]["Shuffle Bytes Written"] for t in tasks),
        spilled_bytes=sum(task["Disk Bytes Spilled"] for task in tasks),
    )


def build_arguments(workload: Workload, uri: str) -> dict[str, list[str]]:
    """Build the arguments of both jobs."""
    common = ["--claim", f"{uri}/claim.json", "--lake", workload.lake]
    validated = f"{uri}/validated"
    read = ["--validated", validated, "--metadata", f"{workload.uri}/metadata"]
    return {
        "validate_data": [*common, "--output", validated, "--quarantine", f"{uri}/quarantine"],
        "transform_kpis": [*common, *read, "--output", f"{uri}/kpis"],
    }


def recording(work: Path, job: str) -> dict[str, str]:
    """Give the settings that keep a job's scratch files and its record in the run's folder."""
    events = work / f"events-{job}"
    events.mkdir()
    return {
        "spark.local.dir": str(work / "spark"),
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": f"file:{events}",
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.compress": "false",
    }


@contextlib.contextmanager
def submitting(
    engine: SparkEngine, jobs: Mapping[str, Any], work: Path
) -> Iterator[dict[str, Any]]:
    """Ask a checkout how it submits the jobs; it waits until they have run.

    Raises:
        CommandError: It does not say; what it said instead stands above.
    """
    plan = {"jobs": jobs, "work": str(work), "is_native": engine.is_native}
    # When Java ends, its logging could stop before S3A has told its calls.
    options = "-Dlog4j.shutdownHookEnabled=false"
    ours = (engine.checkout, engine.checkout / "packages" / "localaws" / "src")
    paths = {"PYTHONPATH": os.pathsep.join(map(str, ours)), "SPARK_SUBMIT_OPTS": options}
    with subprocess.Popen(
        [engine.python, "-P", str(SUBMIT)],
        cwd=engine.checkout,
        env=os.environ | paths,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as submitter:
        assert submitter.stdin is not None
        assert submitter.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            submitter.stdin.write(json.dumps(plan) + "\n")
            submitter.stdin.flush()
        answer = submitter.stdout.readline()
        if not answer:
            raise CommandError(f"{engine.checkout} does not say how it submits its jobs")
        yield json.loads(answer)
