"""What the Spark jobs find in the bucket, and when it is put there."""

import dataclasses
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands.airflow_run.artifacts import (
    PACKAGE,
    ROOT,
    SHARED,
    build_package,
    collect_artifacts,
    put_artifacts,
)
from commands.spark import native
from conf import accelerators
from conf.settings import load_settings
from dags.protocol.job_arguments import JOBS, build_properties
from dags.systems.emr_serverless import Task, build_attempt, jdbc_properties
from tests.pipeline_world import World

SETTINGS = load_settings("local")
KEYS = {
    "artifacts/jobs/extract_metadata.py",
    "artifacts/jobs/validate_data.py",
    "artifacts/jobs/transform_kpis.py",
    "artifacts/spark_jobs.zip",
    "artifacts/jars/postgresql-42.7.14.jar",
}


def test_artifacts_are_put_once_and_again_where_another_content_lies(world: World) -> None:
    assert set(put_artifacts(world.bucket, SETTINGS)) == KEYS
    assert put_artifacts(world.bucket, SETTINGS) == []

    world.bucket.put("artifacts/jobs/validate_data.py", b"print('of another version')\n")

    assert put_artifacts(world.bucket, SETTINGS) == ["artifacts/jobs/validate_data.py"]
    found = world.bucket.read("artifacts/jobs/validate_data.py")
    assert found == (ROOT / "spark_jobs" / "jobs" / "validate_data.py").read_bytes()


def test_each_job_names_what_is_put() -> None:
    keys = collect_artifacts(SETTINGS).keys()
    now = datetime(2024, 6, 1, tzinfo=UTC)

    for job in JOBS:
        task = Task("music_streaming_etl", "a-run-00000000", job, now)
        driver = build_attempt(task, 1, SETTINGS, "b", [], {}).job_driver["sparkSubmit"]
        assert driver["entryPoint"].removeprefix("s3://b/") in keys
        package = driver["sparkSubmitParameters"].removeprefix("--py-files s3://b/")
        assert package in keys

    assert jdbc_properties(SETTINGS, "b")["spark.jars"].removeprefix("s3://b/") in keys


def test_the_accelerators_jar_is_put_where_one_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = tmp_path / accelerators.COMET_JAR
    jar.write_bytes(b"native")
    monkeypatch.setattr(native, "fetch_jar", lambda: jar)
    settings = dataclasses.replace(SETTINGS, spark_accelerator="comet")

    artifacts = collect_artifacts(settings)

    named = build_properties("transform_kpis", settings, is_small=False)["spark.jars"]
    assert artifacts[named.removeprefix("s3://music-streaming-local/")] == b"native"
    assert artifacts.keys() - collect_artifacts(SETTINGS).keys() == {f"artifacts/jars/{jar.name}"}


def test_equal_files_make_an_equal_package_whenever_they_were_written(tmp_path: Path) -> None:
    packages = []
    for number, names in enumerate((("b.py", "a.py"), ("a.py", "b.py"))):
        root = tmp_path / str(number)
        folder = root / PACKAGE
        for place in (folder, root / "conf"):
            place.mkdir(parents=True)
        for shared in SHARED:
            (root / shared).write_text("")
        for name in names:
            (folder / name).write_text(f"x = {name!r}\n")
            os.utime(folder / name, (1_000_000_000 + number, 1_000_000_000 + number))
        (folder / "a.pyc").write_text("not packed")
        packages.append(build_package(root))

    assert packages[0] == packages[1]


def test_the_packed_modules_are_imported_from_the_zip(tmp_path: Path) -> None:
    packed = tmp_path / "spark_jobs.zip"
    packed.write_bytes(build_package(ROOT))
    with zipfile.ZipFile(packed) as package:
        names = package.namelist()
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); "
        "from spark_jobs import probe, schemas; from spark_jobs.transforms import examples; "
        "print(schemas.__file__)"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(packed)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == f"{packed}/spark_jobs/schemas.py\n", done.stderr
    assert {f"spark_jobs/jobs/{job}.py" for job in JOBS} <= set(names)
    assert set(SHARED) <= set(names)
    assert names == sorted(names)
