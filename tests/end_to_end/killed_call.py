"""`make spark-run` that kills itself at a named point: what a power cut would do to it."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from commands import spark_run
from commands.spark import submit

DEADLINE_SECONDS = 200.0


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def die_when_a_job_has_begun(job: str, folder: str) -> None:
    """Die as soon as a job has made a folder of the staging area."""
    start_job = submit.start_job

    def start_and_die(name: str, *args: Any, properties: Path, **options: Any) -> Any:
        started = start_job(name, *args, properties=properties, **options)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while name == job and time.monotonic() < deadline:
            if (properties.parent / folder).exists():
                die()
            time.sleep(0.02)
        return started

    submit.start_job = start_and_die


def die_at_the_switch() -> None:
    replace = Path.replace

    def replace_or_die(self: Path, target: Any) -> Path:
        return die() if self.name == "current.new" else replace(self, target)

    Path.replace = replace_or_die  # type: ignore[method-assign]


def die_at(name: str) -> Callable[[], None]:
    return lambda: setattr(spark_run, name, die)


POINTS: dict[str, Callable[[], None]] = {
    "after_the_metadata_load": die_at("claim_files"),
    "while_validating": lambda: die_when_a_job_has_begun("validate_data", "validate_data/lines"),
    "while_transforming": lambda: die_when_a_job_has_begun("transform_kpis", "transform_kpis"),
    "before_the_commit_is_moved": die_at("publish"),
    "before_the_switch": die_at_the_switch,
    "before_the_report": die_at("print_report"),
}

if __name__ == "__main__":
    POINTS[sys.argv[1]]()
    sys.exit(spark_run.main(sys.argv[2:]))
