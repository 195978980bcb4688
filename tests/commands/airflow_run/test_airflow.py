"""How `make run` calls Airflow: its environment, its database, and that it never outlives us."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from commands.airflow_run import airflow as airflow_run
from commands.airflow_run.airflow import OWN_VERSION, Airflow, Session, find_airflow
from commands.airflow_run.watch import Watch
from commands.console import CommandError
from conf.settings import load_settings
from localaws.processes import try_lock

SETTINGS = load_settings("local")
AWS = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "LOCAL1"}
# As Airflow is called: -m airflow WORDS; it makes the database and a run, and does as it is told.
PROGRAM = """#!{python}
import os, sqlite3, sys, time
home = os.environ["AIRFLOW_HOME"]
print("called", *sys.argv[1:], flush=True)
with sqlite3.connect(home + "/airflow.db") as database:
    database.execute("CREATE TABLE IF NOT EXISTS dag_run (id INTEGER PRIMARY KEY, dag_id, run_id)")
    database.execute("CREATE TABLE IF NOT EXISTS task_instance (dag_id, run_id, task_id, state)")
    if "test" in sys.argv:
        dag = "music_streaming_etl"
        database.execute("INSERT INTO dag_run (dag_id, run_id) VALUES (?, 'r')", [dag])
        database.execute("INSERT INTO task_instance VALUES (?, 'r', 'a', 'success')", [dag])
print("[DAG TEST] starting task_id=a map_index=-1", flush=True)
{body}
print("[DAG TEST] end task task_id=a map_index=-1", flush=True)
"""
SLEEP = "time.sleep(600)"
ROOT = Path(__file__).resolve().parents[3]
STARTER = """
import fcntl, sys
from pathlib import Path
from commands.airflow_run import airflow as airflow_run
from commands.airflow_run.airflow import Airflow, Session, run_dag
python, home, lock = map(Path, sys.argv[1:4])
if sys.argv[4:] == ["unbound"]:
    airflow_run.bound_to_this_process = list
with lock.open("a") as held:
    fcntl.flock(held, fcntl.LOCK_EX)
    environment = {"AIRFLOW_HOME": str(home)}
    airflow = Airflow("3.3.1", python, home)
    run_dag(Session(airflow, environment, home / "log", held.fileno()), "")
"""

MakeSession = Callable[[str], Session]
Starter = tuple["subprocess.Popen[bytes]", Path, Callable[[], bool]]


@pytest.fixture
def make_session(tmp_path: Path) -> MakeSession:
    def make(body: str) -> Session:
        python, home = tmp_path / "python", tmp_path / "home"
        python.write_text(PROGRAM.format(python=sys.executable, body=body))
        python.chmod(0o755)
        home.mkdir(exist_ok=True)
        airflow = Airflow("3.3.1", python, home)
        lock = os.open(tmp_path / "lock", os.O_WRONLY | os.O_CREAT)
        return Session(airflow, {"AIRFLOW_HOME": str(home)}, tmp_path / "logs" / "log", lock)

    return make


def living(path: Path) -> list[int]:
    """Give the processes whose command names a path."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any(str(path) in word for word in process.info["cmdline"] or ())
    ]


def wait_until(is_so: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_environment_has_the_stacks_aws_and_nobody_elses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in (
        *("AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "AIRFLOW", "AIRFLOW__CORE__EXECUTOR"),
        *("PYTHONHOME", "https_proxy", "HTTP_PROXY"),
    ):
        monkeypatch.setenv(name, "somebody's")
    monkeypatch.setenv("LANG", "kept")

    environment = airflow_run.build_environment(find_airflow(OWN_VERSION, tmp_path), SETTINGS, AWS)

    assert "somebody's" not in environment.values()
    assert environment["LANG"] == "kept"
    assert AWS.items() <= environment.items()
    assert environment["AIRFLOW_HOME"] == str(tmp_path / f"airflow-{OWN_VERSION}")
    assert environment["AIRFLOW__CORE__DAGS_FOLDER"] == str(ROOT / "dags")
    assert environment["AIRFLOW__MUSIC_STREAMING__ENVIRONMENT"] == "local"
    assert (environment["TZ"], environment["PYTHONPATH"]) == ("UTC", str(ROOT))
    assert json.loads(environment["AIRFLOW__SECRETS__BACKEND_KWARGS"]) == {
        "connections_prefix": "airflow/connections",
        "connections_lookup_pattern": "^(rds_|redshift_)",
        "variables_prefix": None,
        "config_prefix": None,
    }


def test_each_version_has_a_home_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airflow_run, "SECOND_ENVIRONMENT", tmp_path)
    (tmp_path / "lock").write_text("")

    first, second = find_airflow(OWN_VERSION, tmp_path), find_airflow("2.9.2", tmp_path)

    assert first.python == Path(sys.executable)
    assert second.python == tmp_path / "bin" / "python"
    assert first.home != second.home


def test_an_environment_that_is_not_there_is_told_with_how_to_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airflow_run, "SECOND_ENVIRONMENT", tmp_path)

    with pytest.raises(CommandError, match=r"make run AIRFLOW=2\.9\.2 builds it"):
        find_airflow("2.9.2", tmp_path)
    with pytest.raises(CommandError, match=r"AIRFLOW is 3\.3\.1 or 2\.9\.2, got '2'"):
        find_airflow("2", tmp_path)


@pytest.mark.parametrize("character", "%?$")
def test_a_path_that_airflow_would_misread_is_refused(tmp_path: Path, character: str) -> None:
    with pytest.raises(CommandError, match=rf"takes no \{character} in a path: name another STATE"):
        find_airflow(OWN_VERSION, tmp_path / f"100{character}")


def test_a_database_is_made_once_and_again_where_it_was_half_made(
    make_session: MakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session = make_session("")
    (session.airflow.home / "left by a killed call").write_text("")

    airflow_run.migrate(session)
    airflow_run.migrate(session)

    assert session.log.read_text().count("called -m airflow db migrate") == 1
    assert not (session.airflow.home / "left by a killed call").exists()
    assert capsys.readouterr().err.count("making the database of Airflow 3.3.1") == 1


def test_a_database_that_cannot_be_made_is_told_and_tried_again(make_session: MakeSession) -> None:
    session = make_session("raise SystemExit('sqlite3.OperationalError: disk is full')")

    for _ in range(2):
        with pytest.raises(CommandError, match="failed: sqlite3.OperationalError: disk is full"):
            airflow_run.migrate(session)


def test_a_run_is_called_with_a_date_of_its_own_and_its_parameters(
    make_session: MakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session = make_session("sys.exit(3)")

    run = airflow_run.run_dag(session, '{"rebuild": true}')

    called = session.log.read_text().splitlines()[0].split(" ", 6)
    assert called[:6] == ["called", "-m", "airflow", "dags", "test", "music_streaming_etl"]
    assert called[6].endswith('+00:00 --conf {"rebuild": true}')
    assert (run.exit_code, run.run_id, run.states) == (3, "r", {"a": "success"})
    assert list(run.seconds) == ["a"]
    assert "success after" in capsys.readouterr().err


def test_a_run_that_does_not_end_is_ended(make_session: MakeSession) -> None:
    session = make_session(SLEEP)
    watch = Watch(session.airflow.database)

    with pytest.raises(CommandError, match="has not ended in 1 s"):
        airflow_run.call(session, ("dags", "test"), watch, 1.0)

    assert living(session.airflow.python) == []


@pytest.fixture
def start(make_session: MakeSession, tmp_path: Path) -> Iterator[Callable[..., Starter]]:
    """Give a function that starts a call whose run never ends, and what its lock says."""
    session = make_session(SLEEP)
    paths = (session.airflow.python, session.airflow.home, tmp_path / "lock")
    with contextlib.ExitStack() as opened:

        def start(*words: str) -> Starter:
            command = [sys.executable, "-c", STARTER, *map(str, paths), *words]
            process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
            opened.enter_context(process)
            lock = opened.enter_context((tmp_path / "lock").open("a"))
            wait_until(session.airflow.database.exists)
            return process, session.airflow.python, lambda: try_lock(lock.fileno())

        yield start
        for pid in living(session.airflow.python):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux ends it")
def test_it_dies_with_the_call_that_was_killed(start: Callable[..., Starter]) -> None:
    process, python, is_free = start()
    assert not is_free()

    process.kill()
    process.wait()

    wait_until(is_free)
    assert living(python) == []


def test_where_it_lives_on_it_holds_the_lock(start: Callable[..., Starter]) -> None:
    process, python, is_free = start("unbound")
    process.kill()
    process.wait()
    (left,) = living(python)
    assert not is_free()

    os.kill(left, signal.SIGKILL)

    wait_until(is_free)


def test_the_telling_exception_is_found_in_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    own = "airflow.exceptions.AirflowException: Dag could not be found\n"
    log.write_text(f"conf.settings.SettingsError: a key is missing\nline\n{own}")
    assert airflow_run.last_words(log) == "conf.settings.SettingsError: a key is missing"

    log.write_text(f"a line\n{own}")
    assert airflow_run.last_words(log) == own.strip()

    log.write_text("a line\nKilled\n\n")
    assert airflow_run.last_words(log) == "Killed"
