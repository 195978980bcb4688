"""Say how one checkout of this repository submits its two jobs: the one that PYTHONPATH names.

    PYTHONPATH=checkout python -P commands/benchmark/submit.py

Reads a plan from stdin and answers with the commands and their environment, both JSON of a line.
When stdin ends the jobs have run. `python -P` leaves out this file's own folder, so that all
imports are the checkout's, which may be older: only what each has since bc83d7e is asked of it.
"""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

try:
    spark_submit: Any = importlib.import_module("commands.spark.submit")
except ImportError:
    spark_submit = importlib.import_module("commands.spark_submit")  # where older ones have it


def main() -> None:
    answer, keep_archives = describe(json.loads(sys.stdin.readline()))
    print(json.dumps(answer), flush=True)
    sys.stdin.read()
    # In this process: the part's name holds the id of the one that composed the commands.
    for keep in keep_archives:
        keep()


def describe(plan: dict[str, Any]) -> tuple[dict[str, Any], list[Callable[[], None]]]:
    """Compose the settings of each measured job, which is done nowhere else.

    Returns:
        The commands with their environment, and what keeps the classes that a job archived.
    """
    commands, keep_archives = {}, []
    for job, asked in plan["jobs"].items():
        settings = spark_submit.read_local_settings() | asked["properties"]
        if plan["is_native"]:  # asked of this checkout alone
            from commands.spark import native

            settings = native.accelerate(settings)
        properties = Path(plan["work"]) / f"{job}.conf"
        spark_submit.write_properties(properties, settings)
        commands[job], keep = submit(job, asked["arguments"], properties, asked["is_small"])
        keep_archives.append(keep)
    return {"commands": commands, "environment": spark_submit.job_environment()}, keep_archives


def submit(
    job: str, arguments: list[str], properties: Path, is_small: bool
) -> tuple[list[str], Callable[[], None]]:
    if hasattr(spark_submit, "archive_for"):
        archive = spark_submit.archive_for(properties)
        command = spark_submit.submit_command(
            job, arguments, properties, archive, is_small=is_small
        )
        return command, lambda: archive.end(is_success=True)
    # An older checkout has one archive, and one way of starting whatever the size.
    class_archive = importlib.import_module("commands.class_archive")
    command = spark_submit.submit_command(job, arguments, properties)
    return command, lambda: class_archive.keep_written(class_archive.archive_path())


if __name__ == "__main__":
    main()
