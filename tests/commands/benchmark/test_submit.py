"""How a checkout says what it submits: its own settings, and what the benchmark asks besides."""

import io
import json
import sys
from pathlib import Path

import pytest

from commands.benchmark import submit
from commands.spark import submit as spark_submit


def test_a_checkouts_settings_stand_unless_the_benchmark_asks_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.conf").write_text("spark.driver.memory 4g\nspark.local.dir /tmp\n")
    monkeypatch.setattr(spark_submit, "LOCAL_SETTINGS", tmp_path / "own.conf")
    monkeypatch.setattr(spark_submit, "java_home", lambda: tmp_path / "java")
    monkeypatch.setattr(spark_submit, "ARCHIVES", tmp_path / "archives")
    own = {"spark.local.dir": "/scratch"}
    asked = {"arguments": ["--lake", "file:/x"], "properties": own, "is_small": True}
    plan = {"jobs": {"transform_kpis": asked}, "work": str(tmp_path), "is_native": False}
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(plan) + "\n"))

    submit.main()

    answer = json.loads(capsys.readouterr().out)
    command = answer["commands"]["transform_kpis"]
    properties = Path(command[command.index("--properties-file") + 1]).read_text()
    assert properties == "spark.driver.memory 4g\nspark.local.dir /scratch\n"
    assert command[-2:] == ["--lake", "file:/x"]
    assert "-XX:TieredStopAtLevel=1" in command[command.index("--driver-java-options") + 1]
    assert answer["environment"]["PYTHONPATH"] == str(spark_submit.ROOT)
