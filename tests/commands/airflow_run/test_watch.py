"""What is told of a run while it goes on, by the lines and rows of both Airflows."""

import sqlite3
import time
from pathlib import Path

import pytest

from commands.airflow_run import watch as dag_watch
from commands.airflow_run.watch import Watch

# As 3.3.1 and 2.9.2 write them.
STARTS = {
    "3.3.1": "2026-11-25T18:28:34.300047Z [info     ] [DAG TEST] starting task_id=a map_index=-1 "
    "[airflow.sdk.definitions.dag] loc=dag.py:1501\n",
    "2.9.2": "[2026-11-25T18:28:53.597+0000] {dag.py:4171} INFO - [DAG TEST] starting task_id=a "
    "map_index=-1\n",
}
ENDS = {
    "3.3.1": "2026-11-25T18:28:34.294422Z [info     ] [DAG TEST] end task task_id=a map_index=-1 "
    "[airflow.sdk.definitions.dag] loc=dag.py:1563\n",
    "2.9.2": "[2026-11-25T18:28:53.597+0000] {dag.py:4182} INFO - [DAG TEST] end task task_id=a "
    "map_index=-1\n",
}
FAILS_IN_2 = (
    "[2026-11-25T18:46:02.508+0000] {dag.py:2932} ERROR - Task failed; ti=<TaskInstance: "
    "music_streaming_etl.a manual__2026-11-25T18:46:00.848099+00:00 [failed]>\n"
)


class Database:
    """Airflow's two tables, as far as they are read; the journal is of either version."""

    def __init__(self, path: Path, journal: str) -> None:
        self.path = path
        self.execute(f"PRAGMA journal_mode = {journal}")
        self.execute("CREATE TABLE dag_run (id INTEGER PRIMARY KEY, dag_id TEXT, run_id TEXT)")
        self.execute("CREATE TABLE task_instance (dag_id TEXT, run_id TEXT, task_id, state TEXT)")

    def execute(self, sql: str, *values: object) -> None:
        with sqlite3.connect(self.path) as database:
            database.execute(sql, values)

    def begin_run(self, run_id: str, dag_id: str = "music_streaming_etl") -> None:
        self.execute("INSERT INTO dag_run (dag_id, run_id) VALUES (?, ?)", dag_id, run_id)

    def set_state(self, run_id: str, task: str, state: str | None) -> None:
        values = ("music_streaming_etl", run_id, task, state)
        self.execute("INSERT INTO task_instance VALUES (?, ?, ?, ?)", *values)


@pytest.fixture(params=["wal", "delete"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return Database(tmp_path / "airflow.db", request.param)


def told(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    return [line.split() for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize("version", STARTS)
def test_a_tasks_start_and_end_are_told_with_its_state(
    database: Database, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    watch = Watch(database.path)
    database.begin_run("this")

    watch.see(STARTS[version])
    database.set_state("this", "a", "skipped")
    watch.see(ENDS[version])
    watch.see("a line of something else: end task\n")

    lines = told(capsys)
    assert lines[0] == ["a", "0", "s", "started"]
    assert lines[1] == ["a", "0", "s", "skipped", "after", "0.0", "s"]
    assert len(lines) == 2
    assert list(watch.seconds) == ["a"]


def test_a_failed_task_of_2_9_ends_by_another_line(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    watch = Watch(database.path)
    database.begin_run("this")
    database.set_state("this", "a", "failed")

    watch.see(STARTS["2.9.2"])
    watch.see(FAILS_IN_2)

    assert told(capsys)[1][3] == "failed"
    assert watch.running is None


def test_a_task_whose_process_was_ended_has_ended(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    watch = Watch(database.path)
    database.begin_run("this")
    database.set_state("this", "a", "running")

    watch.see(STARTS["3.3.1"])
    watch.end()
    watch.end()

    assert told(capsys)[1:] == [["a", "0", "s", "ended", "after", "0.0", "s"]]


def test_a_long_task_is_told_of_now_and_then(
    database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(database.path)
    watch.tick()
    watch.see(STARTS["3.3.1"])
    watch.tick()
    watch.told = time.monotonic() - dag_watch.STILL_RUNNING_SECONDS - 1

    watch.tick()
    watch.tick()

    assert [line[3:] for line in told(capsys)] == [["started"], ["still", "running"]]


def test_only_a_run_that_is_newer_than_the_watch_is_watched(database: Database) -> None:
    database.begin_run("killed")
    database.set_state("killed", "a", "running")
    watch = Watch(database.path)
    assert watch.find_run() is None
    assert watch.read_states() == {}

    database.begin_run("this")
    database.begin_run("of another DAG", dag_id="another")
    database.set_state("this", "a", None)
    database.set_state("this", "b", "success")

    assert watch.find_run() == "this"
    assert watch.read_states() == {"a": "None", "b": "success"}


def test_without_a_database_nothing_is_known(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "a %20 ? # path" / "airflow.db")

    assert (watch.newest, watch.find_run(), watch.read_states()) == (0, None, {})
    assert not (tmp_path / "a %20 ? # path").exists()


def test_a_path_of_any_characters_is_read_and_a_damaged_file_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "a %20 ? # path"
    folder.mkdir()
    Database(folder / "airflow.db", "delete").begin_run("a run")
    (tmp_path / "damaged.db").write_text("no database")

    assert Watch(folder / "airflow.db").newest == 1
    assert Watch(tmp_path / "damaged.db").newest == 0
