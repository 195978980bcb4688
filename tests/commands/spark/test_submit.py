"""A job by spark-submit: its settings, its log, its progress, its end. Spark is a shell script."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from commands.console import CommandError
from commands.spark import submit as spark_submit
from commands.spark.submit import Job, finish_job, start_job, stop_jobs, write_properties
from tests.end_to_end.spark_run_helpers import processes_naming

INFO = "2024-06-01 12:00:00,123 INFO"
ERROR = "2024-06-01 12:00:00,123 ERROR"
DEADLINE_SECONDS = 20.0


@pytest.fixture(autouse=True)
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python whose neighbour `spark-submit` the test writes."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(Path(sys.executable).resolve())
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(spark_submit, "ARCHIVES", tmp_path / "archives")
    monkeypatch.setattr(spark_submit, "java_home", lambda: tmp_path / "java")
    return python


def start(tmp_path: Path, script: str, *arguments: str, is_small: bool = False) -> Job:
    """Start a job whose spark-submit is this script."""
    submit = tmp_path / "bin" / "spark-submit"
    submit.write_text(f"#!/bin/bash\n{script}\n")
    submit.chmod(0o755)
    properties, log = tmp_path / "spark.conf", tmp_path / "logs" / "validate_data.log"
    return start_job("validate_data", arguments, properties=properties, log=log, is_small=is_small)


def test_a_job_gets_its_settings_its_file_and_its_arguments(tmp_path: Path) -> None:
    job = start(tmp_path, 'printf "%s\\n" "$@"', "--claim", "file:/a b/claim.json")

    finish_job(job)

    words = job.log.read_text().splitlines()
    job_file = spark_submit.ROOT / "spark_jobs" / "jobs" / "validate_data.py"
    assert job_file.is_file()
    assert words[:2] == ["--properties-file", str(tmp_path / "spark.conf")]
    assert words[-3:] == [str(job_file), "--claim", "file:/a b/claim.json"]


@pytest.mark.parametrize(("is_small", "compilers"), [(True, 1), (False, 0)])
def test_a_small_job_does_without_javas_second_compiler(
    tmp_path: Path, is_small: bool, compilers: int
) -> None:
    job = start(tmp_path, 'printf "%s\n" "$@"', is_small=is_small)

    finish_job(job)

    assert job.log.read_text().count("-XX:TieredStopAtLevel=1") == compilers


def test_a_job_that_ends_well_leaves_its_classes_to_the_later_ones(tmp_path: Path) -> None:
    class_path = tmp_path / "jars" / "*"
    write_properties(tmp_path / "spark.conf", {"spark.driver.extraClassPath": str(class_path)})
    # What Java does at its end, with the name that stands in quotes.
    write = """for word in "$@"; do
        case "$word" in *AtExit=*) name="${word##*AtExit=}"; echo x > "${name%%\\"*}" ;; esac
    done"""

    finish_job(start(tmp_path, write))
    second = start(tmp_path, 'echo "$@"')
    finish_job(second)

    (archive,) = (tmp_path / "archives").iterdir()
    assert f"-XX:SharedArchiveFile={archive}" in second.log.read_text()


def test_a_job_runs_in_utc_on_this_python_and_a_java_that_fits(
    tmp_path: Path, python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("JAVA_HOME", "/nowhere")

    job = start(tmp_path, 'echo "$TZ $JAVA_HOME $PYSPARK_PYTHON $SPARK_LOCAL_IP $PYTHONPATH"')
    finish_job(job)

    expected = ["UTC", str(tmp_path / "java"), str(python), "127.0.0.1", str(spark_submit.ROOT)]
    assert job.log.read_text().split() == expected


def test_what_a_job_logs_is_shown_and_all_it_says_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (
        f"{INFO} validate_data starts with secrets",
        f"{INFO} 3 files to read",
        "WARNING: Java says something",
    )
    script = "\n".join(f"echo '{line}'" for line in lines)

    job = start(tmp_path, f"{script}\nprintf '\\xff\\n' >&2")
    finish_job(job)

    shown = [line.split(" s  ")[1] for line in capsys.readouterr().err.splitlines()]
    assert shown == ["3 files to read", "done"]
    assert job.log.read_text().splitlines() == [*lines, "\ufffd"]


def test_a_job_that_says_nothing_is_said_to_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark_submit, "STILL_RUNNING_SECONDS", 0.05)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    shown: list[str] = []

    def open_gate(_: Job, message: str) -> None:
        shown.append(message)
        if shown == ["still running"]:
            gate.write_text("go\n")

    monkeypatch.setattr(spark_submit, "show", open_gate)

    finish_job(start(tmp_path, f"read -r line < '{gate}'"))

    assert shown[0] == "still running"
    assert shown[-1] == "done"


def test_a_failed_job_gives_its_last_error(tmp_path: Path) -> None:
    lines = (
        f"{ERROR} first", f"{ERROR} validate_data: the disk is full: free some space", f"{INFO} end"
    )  # fmt: skip
    job = start(tmp_path, "\n".join(f"echo '{line}'" for line in lines) + "\nexit 2")

    with pytest.raises(CommandError) as error:
        finish_job(job)

    assert str(error.value) == "validate_data: the disk is full: free some space"


def test_a_job_that_fails_without_a_word_names_its_log(tmp_path: Path) -> None:
    job = start(tmp_path, "echo 'Traceback: no log line'; exit 3")

    with pytest.raises(CommandError) as error:
        finish_job(job)

    assert str(error.value) == f"validate_data failed with exit code 3: its log is {job.log}"


@pytest.mark.parametrize("end", ["exit 137", "kill -9 $$"])
def test_a_job_that_was_killed_is_told_as_killed(tmp_path: Path, end: str) -> None:
    job = start(tmp_path, f"echo '{ERROR} what it said before'; {end}")

    with pytest.raises(CommandError, match="validate_data was killed, perhaps .* its log is /.*"):
        finish_job(job)


def test_stopping_ends_a_job_with_all_its_processes(tmp_path: Path) -> None:
    mark = tmp_path / "a mark of these processes"
    job = start(tmp_path, f"bash -c 'tail -f /dev/null; : \"{mark}\"' &\nwait")
    wait_until(lambda: len(processes_naming(mark)) == 1)

    stop_jobs([job])

    assert job.process.returncode == -9
    wait_until(lambda: not processes_naming(mark))


def test_stopping_leaves_a_job_that_has_ended(tmp_path: Path) -> None:
    job = start(tmp_path, "exit 0")
    finish_job(job)

    stop_jobs([job])

    assert job.process.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_job_dies_with_the_verb_that_started_it(tmp_path: Path) -> None:
    mark = tmp_path / "a mark of this job"
    (tmp_path / "bin" / "spark-submit").write_text(f"#!/bin/bash\nread -r line < '{mark}'\n")
    (tmp_path / "bin" / "spark-submit").chmod(0o755)
    os.mkfifo(mark)
    verb = (
        "import os, sys; from pathlib import Path; import commands.spark.submit as spark_submit;"
        f"sys.executable = {str(tmp_path / 'bin' / 'python')!r};"
        f"spark_submit.start_job('validate_data', [{str(mark)!r}],"
        f" properties=Path('p'), log=Path({str(tmp_path / 'log')!r}));"
        "sys.stdin.read(); os.kill(os.getpid(), 9)"
    )
    python = Path(sys.prefix) / "bin" / "python"
    with subprocess.Popen([python, "-c", verb], cwd=spark_submit.ROOT, stdin=-1) as process:
        wait_until(lambda: len(jobs_naming(mark)) == 1)
        assert process.stdin is not None
        process.stdin.close()
        process.wait()

    assert process.returncode == -9
    wait_until(lambda: not jobs_naming(mark))


def test_starting_a_job_runs_no_fork_hook_in_which_a_ctrl_c_would_be_lost(tmp_path: Path) -> None:
    (tmp_path / "bin" / "spark-submit").write_text("#!/bin/bash\n")
    (tmp_path / "bin" / "spark-submit").chmod(0o755)
    verb = (
        "import os, sys; from pathlib import Path; import commands.spark.submit as spark_submit;"
        f"sys.executable = {str(tmp_path / 'bin' / 'python')!r};"
        "os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), 2));"
        "job = spark_submit.start_job('validate_data', [],"
        f" properties=Path('p'), log=Path({str(tmp_path / 'log')!r}));"
        "spark_submit.finish_job(job)"
    )

    done = run_python(verb)

    assert done.stderr.splitlines()[-1].endswith("done"), done.stderr
    assert "KeyboardInterrupt" not in done.stderr


def run_python(verb: str) -> subprocess.CompletedProcess[str]:
    python = Path(sys.prefix) / "bin" / "python"
    return subprocess.run(
        [python, "-c", verb], cwd=spark_submit.ROOT, capture_output=True, text=True, check=False
    )


def jobs_naming(mark: Path) -> list[str]:
    return [line for line in processes_naming(mark).values() if "spark-submit" in line]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
