"""The command line: what it hands to the stack, what it prints, and how it ends."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from localaws import __main__ as program
from localaws import stack_state
from localaws.errors import LocalAwsError
from localaws.spark_programs import find_java_home, find_spark_submit, spark_config
from localaws.stack import ServiceStatus, Stack


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Stack]:
    """Start nothing; give the stacks that `up` would start, in a machine without Spark or Java."""
    stacks: list[Stack] = []
    running = [
        ServiceStatus(name, "http://127.0.0.1:8333", 4242, is_running=True)
        for name in program.SERVES
    ]
    monkeypatch.setattr(Stack, "up", lambda stack: stacks.append(stack))
    monkeypatch.setattr(Stack, "status", lambda _: running)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return stacks


def a_program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_up_says_what_runs_where_and_that_there_is_no_spark(
    started: list[Stack], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = program.main(["up", "--state", str(tmp_path / "state")])

    printed = capsys.readouterr().out
    (stack,) = started
    assert code == 0
    assert stack.config.state == tmp_path / "state"
    assert (stack.config.bucket, stack.config.workgroups) == ("local", {"default": ["dev"]})
    assert "s3        running, pid 4242   http://127.0.0.1:8333" in printed
    assert "read FAILED: no spark-submit here" in printed


def test_up_hands_on_what_it_is_asked(started: list[Stack], tmp_path: Path) -> None:
    spark = a_program(tmp_path / "spark" / "spark-submit")
    java = a_program(tmp_path / "jdk" / "bin" / "java").parents[1]
    words = ["--bucket", "lake", "--database", "a", "--database", "b", "--port", "s3=8333"]
    words += ["--spark-submit", str(spark), "--java-home", str(java), "--jars", str(tmp_path)]
    words += ["--cache", str(tmp_path / "cache"), "--workgroup", "w", "--region", "us-east-1"]

    assert program.main(["up", *words]) == 0

    config = started[0].config
    assert (config.bucket, config.databases, config.region) == ("lake", ["a", "b"], "us-east-1")
    assert (config.workgroups, config.ports) == ({"w": ["a", "b"]}, {"s3": 8333})
    assert config.cache == tmp_path / "cache"
    assert (config.spark.spark_submit, config.spark.java_home) == (str(spark), str(java))
    assert config.spark.class_path == f"{tmp_path}/*"


def test_nothing_was_ever_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = ["--state", str(tmp_path / "state")]

    codes = [program.main([verb, *state]) for verb in ("status", "env", "down")]

    printed = capsys.readouterr()
    assert codes == [1, 2, 0]
    assert [line.split()[:2] for line in printed.out.splitlines()] == [
        [name, "down"] for name in ("s3", "postgres", "dynamodb", "endpoint")
    ]
    expected = f"error: nothing was ever started in {tmp_path / 'state'}: start it first\n"
    assert printed.err == expected


def test_env_prints_exports_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = stack_state.choose_ports(stack_state.new_state("eu-west-1"), {}, ())
    stack_state.make_state_folder(tmp_path / "state")
    stack_state.write_state(tmp_path / "state", state)

    assert program.main(["env", "--state", str(tmp_path / "state")]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert f"export AWS_ENDPOINT_URL_S3=http://127.0.0.1:{state.ports['s3']}" in lines
    assert f"export AWS_SECRET_ACCESS_KEY={state.secret_access_key}" in lines
    assert all(line.startswith("export AWS_") for line in lines)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--spark-submit", "missing"], "missing is no program"),
        (["--java-home", "missing"], "missing holds no bin/java"),
        (["--jars", "missing"], "missing is no folder"),
    ],
)
def test_a_program_that_is_not_there_is_one_line(
    started: list[Stack], words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["up", *words]) == 2

    assert started == []
    assert capsys.readouterr().err.startswith(f"error: {said}")


@pytest.mark.parametrize("words", [[], ["over"], ["up", "--port", "8333"], ["down", "--bucket=b"]])
def test_words_that_are_no_verb_or_option_exit_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        program.main(words)


def test_the_module_answers_by_its_name() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "localaws", "--help"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "up|down|status|env" in done.stdout


def test_spark_is_that_of_the_environment_else_of_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = a_program(tmp_path / "path" / "spark-submit")
    environment = {"PATH": str(on_path.parent)}
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))

    assert find_spark_submit(None, {"PATH": str(tmp_path)}) is None
    assert find_spark_submit(None, environment) == on_path
    own = a_program(tmp_path / "bin" / "spark-submit")
    assert find_spark_submit(None, environment) == own


def test_java_is_that_of_java_home_else_of_the_path(tmp_path: Path) -> None:
    homes = [a_program(tmp_path / name / "bin" / "java").parents[1] for name in ("a", "b")]
    path: Mapping[str, str] = {"PATH": str(homes[1] / "bin")}

    assert find_java_home(None, {"PATH": str(tmp_path)}) is None
    assert find_java_home(None, path) == homes[1]
    assert find_java_home(None, {**path, "JAVA_HOME": str(homes[0])}) == homes[0]
    with pytest.raises(LocalAwsError, match="holds no bin/java"):
        find_java_home(None, {**path, "JAVA_HOME": str(tmp_path)})


def test_jobs_run_with_the_python_beside_spark_submit(tmp_path: Path) -> None:
    spark = a_program(tmp_path / "spark" / "spark-submit")
    assert spark_config(spark, None, None).python == sys.executable

    python = a_program(tmp_path / "spark" / "python")

    config = spark_config(spark, None, None)
    assert config.python == str(python)
    assert 1 <= config.cores <= (os.cpu_count() or 1)
