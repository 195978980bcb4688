"""A daemon is started once, known for itself, and ended with all that it started."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from localaws.daemon import Daemon, has_ended
from localaws.errors import LocalAwsError

from .daemon_programs import FOREVER, SECONDS, a_launch, bring_up, is_alive


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon("the server", tmp_path / "server")
    yield daemon
    daemon.stop(1.0)


def test_a_daemon_runs_in_a_session_of_its_own_with_stdin_closed(daemon: Daemon) -> None:
    pid = bring_up(
        daemon, a_launch(f"print('read:', repr(sys.stdin.read()), flush=True); {FOREVER}")
    )

    assert os.getsid(pid) == pid != os.getsid(0)
    assert "read: ''" in daemon.log.read_text()


def test_the_recorded_process_is_the_program_itself(daemon: Daemon) -> None:
    pid = bring_up(daemon, a_launch(FOREVER))

    record = json.loads((daemon.folder / "process.json").read_text())
    assert (daemon.folder / "up").read_text() == str(pid)
    assert (record["pid"], record["started"]) == (pid, psutil.Process(pid).create_time())


def test_a_running_daemon_stays_and_one_with_other_settings_is_replaced(daemon: Daemon) -> None:
    first = bring_up(daemon, a_launch(FOREVER, "port 1"))

    again = bring_up(daemon, a_launch(FOREVER, "port 1"))
    changed = bring_up(daemon, a_launch(FOREVER, "port 2"))

    assert first == again != changed
    assert not is_alive(first)


def test_one_that_runs_and_does_not_answer_is_replaced(daemon: Daemon) -> None:
    first = bring_up(daemon, a_launch(FOREVER))

    daemon.bring_up(a_launch(FOREVER), lambda: daemon.pid != first, 0.2, grace=1.0)

    assert daemon.is_running()
    assert not is_alive(first)


def test_another_object_of_the_same_folder_knows_and_ends_it(daemon: Daemon) -> None:
    pid = bring_up(daemon, a_launch(FOREVER))
    another = Daemon("the server", daemon.folder)
    was_running = another.is_running()

    another.stop()

    assert was_running
    assert not daemon.is_running()
    assert not is_alive(pid)


def test_a_process_that_took_over_the_pid_is_neither_the_daemon_nor_ended(daemon: Daemon) -> None:
    daemon.folder.mkdir()
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        started = psutil.Process(stranger.pid).create_time() - 60.0
        record = {"pid": stranger.pid, "started": started, "digest": ""}
        (daemon.folder / "process.json").write_text(json.dumps(record))
        was_running = daemon.is_running()

        daemon.stop()

        assert not was_running
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": "1", "started": 1.0}', "{", "\x00"])
def test_a_garbage_record_is_a_daemon_that_is_down(daemon: Daemon, text: str) -> None:
    daemon.folder.mkdir()
    (daemon.folder / "process.json").write_text(text)

    assert not daemon.is_running()
    bring_up(daemon, a_launch(FOREVER))


def test_a_daemon_that_ignores_term_is_killed_after_its_grace(daemon: Daemon) -> None:
    ignoring = f"signal.signal(signal.SIGTERM, signal.SIG_IGN); {FOREVER}"
    pid = bring_up(daemon, a_launch(ignoring))

    daemon.stop(grace=0.2)

    assert not is_alive(pid)


def test_what_the_daemon_started_ends_with_it_in_whatever_session(daemon: Daemon) -> None:
    child = "subprocess.Popen(['sleep', '600'], start_new_session=True).pid"
    bring_up(daemon, a_launch(f"pathlib.Path('child').write_text(str({child})); {FOREVER}"))
    pid = int((daemon.folder / "child").read_text())
    was_running = is_alive(pid)

    daemon.stop()

    assert was_running
    assert not is_alive(pid)


def test_orphans_of_a_killed_daemon_end_before_it_starts_again(daemon: Daemon) -> None:
    child = "subprocess.Popen(['sleep', '600'], start_new_session=True).pid"
    code = f"pathlib.Path('child').write_text(str({child})); {FOREVER}"
    os.kill(bring_up(daemon, a_launch(code)), signal.SIGKILL)
    orphan = int((daemon.folder / "child").read_text())

    bring_up(daemon, a_launch(FOREVER))

    assert not is_alive(orphan)


def test_a_starter_killed_before_the_record_leaves_no_program(daemon: Daemon) -> None:
    starter = f"""
import os, signal
from pathlib import Path
from localaws import daemon, processes
processes.write_private_file = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
launch = daemon.Launch(["/bin/sh", "-c", "touch begun"], {{}})
daemon.Daemon("the server", Path({str(daemon.folder)!r})).start(launch)
"""
    ended = subprocess.run([sys.executable, "-c", starter], cwd=Path.cwd(), check=False)
    gates = [p for p in psutil.process_iter() if str(daemon.folder) in environment_of(p)]

    are_gone = all(has_ended(gate, SECONDS) for gate in gates)

    assert ended.returncode == -signal.SIGKILL
    assert are_gone
    assert not (daemon.folder / "begun").exists()


def environment_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.environ().values())
    except psutil.Error:
        return ""


def test_stopping_twice_at_once_and_what_never_ran_is_quiet(daemon: Daemon) -> None:
    daemon.stop()
    bring_up(daemon, a_launch(FOREVER))
    failures: list[BaseException] = []

    def stop() -> None:
        try:
            daemon.stop()
        except (LocalAwsError, OSError, psutil.Error) as error:
            failures.append(error)

    threads = [threading.Thread(target=stop) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert not daemon.is_running()
