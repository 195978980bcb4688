"""A program in the launcher, and what is left when one of them ends."""

import subprocess
import sys

import psutil
import pytest

from localaws.emr_serverless import launcher

from .emr_service import wait_until


def start(*command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-I", "-S", launcher.__file__, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)])
def test_the_exit_code_is_the_programs(script: str, code: int) -> None:
    with start("bash", "-c", script) as process:
        assert process.wait(timeout=30) == code


# Two threads of the launcher see the end, in either order: ten times, so that each comes up.
@pytest.mark.parametrize("_time", range(10))
def test_the_program_ends_when_its_starter_is_gone(_time: int) -> None:
    script = "setsid sleep 600 & echo $!; exec sleep 600"
    with start("bash", "-c", script) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        pid = int(process.stdout.readline())

        process.stdin.close()

        # Killed itself, or first the one to see that its program was.
        assert process.wait(timeout=30) in (-9, 137)
    wait_until(lambda: not psutil.pid_exists(pid), "a session of its own ends too")


def test_what_descends_from_the_program_ends_with_it() -> None:
    script = "(setsid sleep 600 > /dev/null & echo $!) & wait"
    with start("bash", "-c", script) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())

        assert process.wait(timeout=30) == 0

    wait_until(lambda: not psutil.pid_exists(pid), "the daemon ends")


def test_a_request_to_end_is_the_programs_to_follow() -> None:
    script = "trap 'exit 5' TERM; echo ready; while true; do sleep 0.05; done"
    with start("bash", "-c", script) as process:
        assert process.stdout is not None
        process.stdout.readline()

        for each in psutil.Process(process.pid).children():
            each.terminate()
        process.terminate()

        assert process.wait(timeout=30) == 5
