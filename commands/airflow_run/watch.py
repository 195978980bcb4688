"""What a run of Airflow does, seen from outside: by its log and its database."""

import contextlib
import re
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from commands.console import say

DAG_ID = "music_streaming_etl"
STARTING = re.compile(r"\[DAG TEST\] starting task_id=([A-Za-z0-9_.-]+) ")
# The second is what 2.9 says of a task that failed.
ENDING = ("[DAG TEST] end task task_id=", "Task failed; ti=<TaskInstance: ")
STILL_RUNNING_SECONDS = 15.0
ENDED = ("success", "failed", "skipped")


@dataclass
class Watch:
    """What Airflow's log and database tell of a run that goes on.

    The log names the task that runs: the database of 2.9 notes neither that nor when it began.
    """

    database: Path
    started: float = field(default_factory=time.monotonic)
    seconds: dict[str, float] = field(default_factory=dict)
    running: tuple[str, float] | None = None
    told: float = field(default_factory=time.monotonic)
    newest: int = 0

    def __post_init__(self) -> None:
        """Remember the newest run of before."""
        self.newest = max((found[0] for found in self._ask("SELECT id FROM dag_run")), default=0)

    def see(self, line: str) -> None:
        """Take note of a line of the log."""
        if any(words in line for words in ENDING):
            self.end()
        elif match := STARTING.search(line):
            self.end()
            self.running = (match[1], time.monotonic())
            self._tell(match[1], "started")

    def tick(self) -> None:
        """Say now and then that a task still runs."""
        running = self.running
        if running and time.monotonic() - self.told > STILL_RUNNING_SECONDS:
            self._tell(running[0], "still running")

    def find_run(self) -> str | None:
        """Give the id of the run that is watched, None before it is there."""
        sql = "SELECT run_id FROM dag_run WHERE dag_id = ? AND id > ? ORDER BY id DESC LIMIT 1"
        found = self._ask(sql, DAG_ID, self.newest)
        return str(found[0][0]) if found else None

    def read_states(self) -> dict[str, str]:
        """Give the state of each task of the run."""
        sql = "SELECT task_id, state FROM task_instance WHERE dag_id = ? AND run_id = ?"
        return {task: str(state) for task, state in self._ask(sql, DAG_ID, self.find_run())}

    def end(self) -> None:
        """Take note that the task that runs, if any, has ended."""
        if self.running is None:
            return
        task, began = self.running
        self.running = None
        self.seconds[task] = time.monotonic() - began
        state = self.read_states().get(task)
        self._tell(task, f"{state if state in ENDED else 'ended'} after {self.seconds[task]:.1f} s")

    def _tell(self, task: str, message: str) -> None:
        self.told = time.monotonic()
        say(f"  {task:22} {self.told - self.started:5.0f} s  {message}")

    def _ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database without ever writing; nothing where there is none, or it is busy."""
        if not self.database.exists():
            return []
        uri = f"file:{quote(str(self.database))}?mode=ro"
        try:
            with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
                return database.execute(sql, values).fetchall()
        except sqlite3.Error:
            return []
