"""What `make run` prints at its end: accounting, both KPI tables, where all lies, or why not."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from commands.airflow_run.airflow import DagRun, last_words
from commands.console import print_rows
from commands.folder_run.corrections import describe_old_hours
from commands.folder_run.report import cut, print_explained, print_files, print_metadata, show
from commands.stack.describe import DEFAULT_STATE
from conf import places
from dags.systems.bucket import Bucket
from dags.systems.warehouse import Statement, Warehouse

KPI_QUERIES = {
    "genre_kpis": (
        "SELECT track_genre, listen_count, avg_track_duration_ms, popularity_index, track_name "
        "FROM genre_kpis ORDER BY listen_count DESC LIMIT 5"
    ),
    "hourly_kpis": (
        "SELECT hour, unique_listeners, total_plays, top_artist, track_diversity_index "
        "FROM hourly_kpis ORDER BY total_plays DESC LIMIT 5"
    ),
}
FIRST_AND_LAST_HOUR = "SELECT MIN(hour) AS first_hour, MAX(hour) AS last_hour FROM hourly_kpis"
HAS_FAILED = ("failed", "up_for_retry")


@dataclass(frozen=True)
class Answer:
    """Where a summary reads: the bucket, the warehouse, and the state folder that holds both."""

    bucket: Bucket
    warehouse: Warehouse
    state: Path


def has_succeeded(run: DagRun) -> bool:
    return run.exit_code == 0 and bool(run.states) and not set(run.states.values()) & {*HAS_FAILED}


def print_summary(answer: Answer, run: DagRun, seconds: float) -> None:
    """Print what a run did that ended well."""
    name = places.run_name(str(run.run_id))
    content = answer.bucket.read(places.report_key(name, "json"))
    report = None if content is None else json.loads(content)
    if report is not None:
        call = f"make quarantine{of_state(answer.state)}"
        if report["metadata"]:
            place = answer.bucket.uri(places.metadata_quarantine_key(name))
            print_metadata(report["metadata"], place, call)
            print_old_hours(answer, report)
        print_files(report, whole="the report")
        place = answer.bucket.uri(f"{report['quarantine']}/")
        print_explained(report, place, call, whole="the report")
    elif run.states.get("extract_streaming") == "skipped":
        print("nothing new: no stream file and no metadata changed since the last run")
    for table in KPI_QUERIES:
        print_kpis(answer.warehouse, table)
    print_places(answer, run, report)
    print_seconds(run, seconds)


def print_old_hours(answer: Answer, report: Mapping[str, Any]) -> None:
    """Print which hours keep their artists, where songs changed after the first commit."""
    if (report["commit"] or 0) > 1 and report["kind"] != "rebuild":
        ((first, last),) = answer.warehouse.query(Statement(FIRST_AND_LAST_HOUR)).rows
        days = [date.fromisoformat(str(hour)[:10]) for hour in (first, last) if hour]
        call = f"make backfill{of_state(answer.state)}"
        for line in describe_old_hours(report["metadata"], days, call):
            print(line)


def print_kpis(warehouse: Warehouse, table: str) -> None:
    """Print the top of a KPI table, as Redshift answers."""
    answer = warehouse.query(Statement(KPI_QUERIES[table]))
    print(f"\n{table}, top 5")
    print_rows(answer.columns, [[cut(show(value)) for value in row] for row in answer.rows])


def print_places(answer: Answer, run: DagRun, report: Mapping[str, Any] | None) -> None:
    """Print where the run's results lie, and how to get there."""
    bucket = answer.bucket
    found = {"lake": bucket.uri(f"{places.LAKE}/")}
    if report is not None:
        name = places.run_name(str(run.run_id))
        found["report"] = f"{bucket.uri(places.report_key(name, 'html'))} and .json"
        rejected = [file["rows_rejected"] for file in report["files"].values()]
        rejected += [each.get("reasons") for each in report["explained"].values()]
        if any(rejected):
            found["quarantine"] = bucket.uri(f"{report['quarantine']}/")
        found["logs of Spark"] = bucket.uri(f"{report['logs']}/")
    found["log of Airflow"] = str(run.log)
    print()
    for what, place in found.items():
        print(f"  {what:15} {place}")
    print(f'to reach them: eval "$(make -s env{of_state(answer.state)})"')
    print(f"               .venv/bin/aws s3 ls --recursive {bucket.uri('')}")
    print(f"the local AWS stays up: make down{of_state(answer.state)} ends it")


def print_seconds(run: DagRun, seconds: float) -> None:
    parts = ", ".join(f"{task} {needed:.1f}" for task, needed in run.seconds.items())
    print(f"\n{seconds:.0f} s in all; by task: {parts}")


def describe_failure(answer: Answer, run: DagRun) -> list[str]:
    """Give the lines that say which task failed, why, where its log lies, and what to do."""
    reason = read_reason(answer.bucket, run)
    return [
        f"error: {reason}",
        f"the log: {run.log}",
        "nothing is lost: mend it where the reason names a fault, and call it again; the next run "
        "takes the same files",
    ]


def read_reason(bucket: Bucket, run: DagRun) -> str:
    """Give the failed task and its reason: as the task left it, else as the log has it."""
    if run.run_id is None:
        return f"the run did not begin: {last_words(run.log)}"
    content = bucket.read(places.failure_key(places.run_name(run.run_id)))
    if content is not None:
        failure = json.loads(content)
        return f"{failure['task']} failed: {failure['reason']}"
    failed = [task for task, state in sorted(run.states.items()) if state in HAS_FAILED]
    return f"{', '.join(failed) or 'the run'} failed: {last_words(run.log)}"


def of_state(state: Path) -> str:
    """Give what a verb needs to find this state folder; nothing for the default one."""
    return "" if state == DEFAULT_STATE else f" STATE={shlex.quote(str(state))}"
