"""`make run`: what a user may get wrong, and that only one call works on a state folder."""

import fcntl
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from commands import run
from commands.airflow_run import dead_runs, summary
from commands.airflow_run.airflow import DagRun
from commands.folder_run.delivery import Delivery
from tests.flow_deliveries import SONGS
from tests.pipeline_world import World

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test whose call would start servers: a mistake is told before."""

    def start(*_: Any) -> None:
        raise AssertionError("servers were started")

    monkeypatch.setattr(run, "bring_up", start)


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """Give the one line that was told, and check that it is one."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.strip()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--data", "no such folder"], "no such folder/users is no folder: DATA names a folder"),
        (["--data", "tests"], "tests/users is no folder: DATA names a folder that holds"),
        (["--airflow", "2.8.1"], "AIRFLOW is 3.3.1 or 2.9.2, got '2.8.1'"),
        (["--conf", "{rebuild: true}"], "CONF is no JSON: Expecting property name"),
        (["--conf", "[1]"], "CONF is a JSON object of files, from_date, to_date"),
        (["--conf", '{"rebuld": true}'], "CONF is a JSON object of files, from_date, to_date"),
        (["--conf", '{"rebuild": "yes"}'], "CONF: rebuild is true or false, got 'yes'"),
        (["--conf", '{"from_date": "2024-06-01"}'], "CONF: from_date and to_date go together"),
        (["--state", "README.md"], "README.md: File exists: choose a state folder"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(["--state", str(tmp_path / "state"), *words]) == 2

    line = told(capsys)
    assert line.startswith("error: ")
    assert message in line


def test_parameters_that_the_dag_has_are_taken() -> None:
    for conf in ("", "{}", '{"rebuild": true}', '{"files": ["data/streams/a.csv"]}'):
        run.check_conf(conf)


def test_a_second_call_on_the_same_state_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "LOCK_SECONDS", 0.2)

    with run.alone(tmp_path / "state"):
        assert run.main(["--state", str(tmp_path / "state")]) == 2

    line = told(capsys)
    assert line.startswith(f"error: another make run works on {tmp_path}/state: wait for it")


def test_the_lock_of_a_call_that_ended_is_free(tmp_path: Path) -> None:
    with run.alone(tmp_path):
        pass
    with run.alone(tmp_path) as descriptor:
        with (tmp_path / "run.lock").open("a") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert descriptor > 0


def test_ctrl_c_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "bring_up", stop)

    assert run.main(["--state", str(tmp_path)]) == 130
    assert told(capsys) == "stopped: nothing is lost, call it again to go on"


def test_a_stand_in_that_was_ended_meanwhile_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    monkeypatch.setattr(run, "bring_up", fail)

    assert run.main(["--state", str(tmp_path)]) == 1
    assert told(capsys).startswith("error: the local AWS does not answer: Could not connect to")


def test_a_run_that_is_stopped_gives_its_files_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deliver_metadata(SONGS)
    key = world.deliver("a.csv", "1,dawn,2024-06-01 10:00:00")

    def claim_and_stop(*_: Any) -> None:
        life = world.life("stopped")
        life.load_metadata()
        assert life.extract()
        assert world.status(key) == "CLAIMED"
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "airflow_local", SimpleNamespace(migrate=claim_and_stop))

    with pytest.raises(KeyboardInterrupt):
        run.run_dag(None, world.stack, world.settings, "")  # type: ignore[arg-type]

    assert world.status(key) == "FAILED"


def test_a_failed_run_is_told_on_stderr_and_by_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["error: a failed: why", "the log: /a/log", "call it again"]
    monkeypatch.setattr(summary, "describe_failure", lambda *_: lines)
    dag_run = DagRun(1, "r", {"a": "failed"}, {}, Path("/a/log"))

    assert run.tell(None, dag_run, 1.0) == 1  # type: ignore[arg-type]

    assert capsys.readouterr() == ("", "".join(f"{line}\n" for line in lines))


def test_what_prepares_a_run_ends_dead_ones_first(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(dead_runs, "end_dead_runs", lambda _: done.append("ended") or 0)
    monkeypatch.setattr(run, "upload_delivery", lambda *_: done.append("uploaded") or 0)
    monkeypatch.setattr(run, "put_artifacts", lambda *_: done.append("artifacts") or [])
    delivery = Delivery((), (), (), ())

    run.prepare(world.stack, world.settings, world.bucket, delivery)
    run.prepare(world.stack, world.settings, world.bucket, None)

    assert done == ["ended", "uploaded", "artifacts", "ended", "artifacts"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "--state .local/aws --data tests/sample"),
        (["DATA=/a b", "STATE=/c d"], "--state /c d --data /a b"),
        (["CONF={}"], "--state .local/aws --conf $CONF"),
        (["CONF={}", "DATA=/a"], "--state .local/aws --data /a --conf $CONF"),
        (["AIRFLOW=2.9.2"], "--state .local/aws --airflow 2.9.2 --data tests/sample"),
    ],
)
def test_make_hands_over_what_it_is_given(words: list[str], expected: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", "run", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},  # no words of a make that runs these tests
        capture_output=True,
        text=True,
        check=True,
    )

    call = done.stdout[done.stdout.index("-m commands.run ") :].split("commands.run ")[1]
    assert " ".join(call.replace("\\\n", " ").replace('"', "").split()) == expected
    assert ("airflow-2.9.2" in done.stdout) == ("AIRFLOW=2.9.2" in words)
