"""The jobs under measurement: plays validated and transformed, and what Spark did for it."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commands import spark_submit
from commands.delivery import DeliveredFile, list_delivery
from commands.measured import Measurement, measure
from conf import spark_sizes

JOBS = ("validate_data", "transform_kpis")


@dataclass(frozen=True)
class SparkRun:
    """A run of both jobs: each one's measurement, its start, and its shuffles and spills."""

    jobs: dict[str, Measurement]
    start_seconds: dict[str, float]
    shuffles: dict[str, list[int]]
    spilled_bytes: int
    input_bytes_read: int
    output: Path

    @property
    def total(self) -> Measurement:
        first, second = self.jobs.values()
        return first + second


def write_claim(path: Path, files: Sequence[DeliveredFile], *, commit: int) -> None:
    claim = {
        "run": "bench",
        "claim": "bench-00000000",
        "run_time": datetime.now(UTC).isoformat(),
        "commit": commit,
        "metadata_version": "bench",
        "backfill_dates": [],
        "files": [
            {
                "file_key": file.file_key,
                "uri": f"file:{file.path}",
                "etag": file.etag,
                "size": file.size,
                "last_modified": file.last_modified.isoformat(),
            }
            for file in files
        ],
    }
    path.write_text(json.dumps(claim))


def run_spark(data: Path, metadata: Path, lake: Path, work: Path, *, commit: int) -> SparkRun:
    """Run both jobs over a data folder, starts counted, and read Spark's own record of it."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    files = list_delivery(data).streams
    write_claim(work / "claim.json", files, commit=commit)
    size = spark_sizes.weigh((file.file_key, file.size) for file in files)
    is_small = spark_sizes.is_small(size)
    common = ["--claim", f"file:{work}/claim.json", "--lake", f"file:{lake}"]
    arguments = {
        "validate_data": ["--output", f"file:{work}/validated", "--quarantine", f"file:{work}/q"],
        "transform_kpis": [
            *("--validated", f"file:{work}/validated", "--metadata", f"file:{metadata}"),
            *("--output", f"file:{work}/kpis"),
        ],
    }
    measured, starts, shuffles, spilled, read = {}, {}, {}, 0, 0
    for job in JOBS:
        events = work / f"events-{job}"
        events.mkdir()
        settings = spark_submit.read_local_settings() | {
            "spark.local.dir": str(work / "spark"),
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": f"file:{events}",
            "spark.eventLog.rolling.enabled": "false",
            "spark.eventLog.compress": "false",
        }
        words = [*common, *arguments[job]]
        measured[job], starts[job] = run_job(job, words, settings, work, is_small=is_small)
        tasks = read_tasks(events)
        shuffles[job] = sum_shuffles(tasks)
        spilled += sum(task["Disk Bytes Spilled"] for _, task in tasks)
        read += sum(task["Input Metrics"]["Bytes Read"] for _, task in tasks)
    return SparkRun(measured, starts, shuffles, spilled, read, work)


def run_job(
    job: str, arguments: Sequence[str], settings: Mapping[str, str], work: Path, *, is_small: bool
) -> tuple[Measurement, float]:
    """Run a job by plain spark-submit and give what it took and how long its start took."""
    properties = work / f"{job}.conf"
    spark_submit.write_properties(properties, settings)
    log = work / f"{job}.log"
    archive = spark_submit.archive_for(properties)
    command = spark_submit.submit_command(job, arguments, properties, archive, is_small=is_small)
    measurement = measure(command, env=spark_submit.job_environment(), log=log)
    archive.keep()
    ready = [line for line in log.read_text().splitlines() if "session is ready after" in line]
    return measurement, float(ready[0].split()[-2])


def read_tasks(events: Path) -> list[tuple[int, dict[str, Any]]]:
    """Read the metrics of each task, with its stage, from Spark's event log."""
    tasks = []
    for path in events.iterdir():
        for line in path.read_text().splitlines():
            event = json.loads(line)
            if event["Event"] == "SparkListenerTaskEnd" and "Task Metrics" in event:
                tasks.append((event["Stage ID"], event["Task Metrics"]))
    return tasks


def sum_shuffles(tasks: Sequence[tuple[int, dict[str, Any]]]) -> list[int]:
    """Give the bytes that each stage with a shuffle wrote, the greatest first."""
    written: dict[int, int] = {}
    for stage, metrics in tasks:
        size = metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
        if size:
            written[stage] = written.get(stage, 0) + size
    return sorted(written.values(), reverse=True)
