"""Say how one checkout of this repository submits its two jobs: the one that PYTHONPATH names.

    PYTHONPATH=checkout python -P commands/bench_submit.py

Reads a plan from stdin and answers with the commands and their environment, both JSON of a line.
When stdin ends the jobs have run. `python -P` leaves out this file's own folder, so that all
imports are the checkout's, which may be older: only what each has since bc83d7e is asked of it.
"""

import json
import sys
from pathlib import Path
from typing import Any

from commands import class_archive, spark_submit


def main() -> None:
    print(json.dumps(describe(json.loads(sys.stdin.readline()))), flush=True)
    sys.stdin.read()
    # In this process: the part's name holds the id of the one that composed the commands.
    class_archive.keep_written(class_archive.archive_path())


def describe(plan: dict[str, Any]) -> dict[str, Any]:
    """Compose the settings of each measured job, which is done nowhere else."""
    commands = {}
    for job, asked in plan["jobs"].items():
        settings = spark_submit.read_local_settings() | asked["properties"]
        properties = Path(plan["work"]) / f"{job}.conf"
        spark_submit.write_properties(properties, settings)
        commands[job] = spark_submit.submit_command(job, asked["arguments"], properties)
    return {"commands": commands, "environment": spark_submit.job_environment()}


if __name__ == "__main__":
    main()
