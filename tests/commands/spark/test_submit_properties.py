"""What goes into a job's properties file, and its log where that cannot be written."""

import stat
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from commands.spark import submit
from commands.spark.submit import Job, write_properties
from localaws.class_archive import ClassArchive


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("log", ["/dev/full", "/no/such/folder/log"])
def test_what_a_job_says_is_heard_though_its_log_cannot_be_written(log: str) -> None:
    said = ["noise\n", "2024-06-01 10:00:00,123 ERROR the disk is full\n"]
    process: Any = SimpleNamespace(stdout=iter(said))
    archive = ClassArchive(Path("none"), Path("none"))
    job = Job("a_job", process, Path(log), archive, time.monotonic())

    submit.follow(job)

    assert job.errors == ["the disk is full"]


def test_properties_are_closed_to_others_and_hold_any_value(tmp_path: Path) -> None:
    path = tmp_path / "new" / "spark.conf"
    path.parent.mkdir()
    path.write_text("left by an older call")
    path.chmod(0o644)

    write_properties(path, {"a.password": "x\\y\nz", "a.path": "/with space/[x]"})

    assert path.read_text() == "a.password x\\\\y\\nz\na.path /with space/[x]\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_local_settings_are_pairs_without_comments() -> None:
    settings = submit.read_local_settings()

    assert settings["spark.master"] == "local[*]"
    assert settings["spark.ui.enabled"] == "false"
    assert all(name.startswith("spark.") for name in settings)
