"""What a job's log and Spark's event log say of a run: start, calls to S3, tasks."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from commands.console import CommandError

# S3A's own counters, told when Java ends; the sums are what the stand-in's server counts too.
CALLS = {
    "HEAD": "action_http_head_request",
    "LIST": "object_list_request",
    "GET": "action_http_get_request",
    "PUT": "object_put_request",
    "COPY": "object_copy_requests",
    "DELETE": "object_delete_request",
}
ALL_CALLS = "store_io_request"
COUNTER = re.compile(r"^(?:.*counters=\()?\((\w+)=(\d+)\)", re.MULTILINE)


def read_start(log: str) -> float:
    """Read how many seconds a job's start took, Java's included."""
    ready = [line for line in log.splitlines() if "session is ready after" in line]
    return float(ready[0].split()[-2])


def read_calls(log: str) -> Counter[str]:
    """Read a job's calls to S3: `all` of them, and those of the frequent kinds.

    Raises:
        CommandError: The log does not tell them.
    """
    _, told, counters = log.partition("IOStatistics: counters=(")
    if not told:
        raise CommandError("S3A told no counters at the job's end")
    found = {name: int(count) for name, count in COUNTER.findall(counters.partition(");\n")[0])}
    by_kind = {kind: found.get(name, 0) for kind, name in CALLS.items()}
    return Counter({"all": found[ALL_CALLS], **by_kind})


def read_tasks(events: Path) -> list[dict[str, Any]]:
    """Read the metrics of each task from Spark's event log."""
    tasks = []
    for path in events.iterdir():
        with path.open() as lines:
            for line in lines:
                if line.startswith('{"Event":"SparkListenerTaskEnd"'):
                    tasks.append(json.loads(line).get("Task Metrics"))
    return [metrics for metrics in tasks if metrics]
