"""A job ends with a code and a line that an operator can act on; its results are in UTC."""

import argparse
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from commands.spark import submit
from conf import spark_sizes
from spark_jobs import hadoop_files, session
from spark_jobs.errors import JobError, SchemaMismatchError

ROOT = Path(__file__).resolve().parents[2]
ARGS = argparse.Namespace(claim="s3://bucket/claim.json")
Job = Callable[[SparkSession, argparse.Namespace], None]


class Borrowed:
    """The tests' session, handed to a job that stops it: the stop is noted, not done."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self.stops = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.spark, name)

    def stop(self) -> None:
        self.stops += 1


@pytest.fixture
def borrowed(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Borrowed:
    lent = Borrowed(spark)
    monkeypatch.setattr(session, "build_session", lambda app_name: lent)
    return lent


def failing(error: Exception) -> Job:
    def fail(spark: SparkSession, args: argparse.Namespace) -> None:
        raise error

    return fail


def describe_footer(folder: Path) -> tuple[set[str], set[str]]:
    """Give the codecs and encodings that the footers of a folder's files name."""
    files = [pq.ParquetFile(path).metadata for path in folder.glob("*.parquet")]
    chunks = [file.row_group(0).column(n) for file in files if file.num_rows for n in range(2)]
    encodings = {encoding for chunk in chunks for encoding in chunk.encodings}
    return {chunk.compression for chunk in chunks}, encodings


def errors_of(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_job_that_ends_well_gives_zero_and_logs_its_arguments(
    borrowed: Borrowed, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[Any] = []

    with caplog.at_level(logging.INFO):
        code = session.run_job("a_job", ARGS, lambda spark, args: calls.append((spark, args)))

    assert code == 0
    assert calls == [(borrowed, ARGS)]
    assert borrowed.stops == 1
    assert "a_job starts with {'claim': 's3://bucket/claim.json'}" in caplog.text
    assert caplog.messages[-1] == "a_job is done"
    assert errors_of(caplog) == []


@pytest.mark.parametrize("kind", [JobError, SchemaMismatchError])
def test_what_an_operator_can_act_on_is_one_line_and_code_two(
    borrowed: Borrowed, caplog: pytest.LogCaptureFixture, kind: type[JobError]
) -> None:
    code = session.run_job("a_job", ARGS, failing(kind("the claim is gone: write it anew")))

    (record,) = errors_of(caplog)
    assert code == 2
    assert record.getMessage() == "a_job: the claim is gone: write it anew"
    assert record.exc_info is None
    assert "Traceback" not in caplog.text
    assert borrowed.stops == 1


def test_any_other_error_keeps_its_stack_trace(
    borrowed: Borrowed, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ZeroDivisionError, match="a bug"):
        session.run_job("a_job", ARGS, failing(ZeroDivisionError("a bug")))

    assert borrowed.stops == 1
    assert "a_job is done" not in caplog.messages


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's full device")
def test_a_full_disk_is_told_in_one_line(
    borrowed: Borrowed, caplog: pytest.LogCaptureFixture
) -> None:
    def fill(spark: SparkSession, args: argparse.Namespace) -> None:
        stream = hadoop_files.jvm(borrowed.spark).java.io.FileOutputStream("/dev/full")
        stream.write(1)

    code = session.run_job("a_job", ARGS, fill)

    (record,) = errors_of(caplog)
    assert code == 2
    assert record.getMessage() == "a_job: the disk is full: free some space and run it again"
    assert borrowed.stops == 1


def test_another_java_error_keeps_its_stack_trace(borrowed: Borrowed) -> None:
    def read_nothing(spark: SparkSession, args: argparse.Namespace) -> None:
        hadoop_files.jvm(borrowed.spark).java.io.FileInputStream("/none")

    with pytest.raises(Exception, match="FileNotFoundException"):
        session.run_job("a_job", ARGS, read_nothing)

    assert borrowed.stops == 1


def test_settings_that_results_depend_on_are_set_whatever_the_environment_says(
    spark: SparkSession,
) -> None:
    found = session.build_session("tests")

    assert found is spark
    for name, value in session.SETTINGS.items():
        assert found.conf.get(name) == value, name
    assert found.conf.get("spark.sql.session.timeZone") == "UTC"
    assert found.conf.get("spark.sql.ansi.enabled") == "true"


def test_what_reads_little_is_planned_plainly_and_what_reads_much_as_before(
    spark: SparkSession,
) -> None:
    before = {name: spark.conf.get(name) for name in spark_sizes.SQL}

    with session.sized(spark, spark_sizes.SMALL_BYTES):
        small = {name: spark.conf.get(name) for name in spark_sizes.SQL}
        with session.sized(spark, spark_sizes.SMALL_BYTES + 1):
            large = {name: spark.conf.get(name) for name in spark_sizes.SQL}
    with pytest.raises(JobError), session.sized(spark, 0):
        raise JobError

    assert small == spark_sizes.SQL != before
    assert large == small  # the inner one changes nothing: parts of a job stand side by side
    assert {name: spark.conf.get(name) for name in spark_sizes.SQL} == before


def test_what_reads_raw_bytes_is_planned_in_java_for_that_while(spark: SparkSession) -> None:
    name = "spark.comet.enabled"
    before = spark.conf.get(name, None)

    with session.in_java(spark):
        inside = spark.conf.get(name)

    assert (inside, spark.conf.get(name, None)) == ("false", before)


def test_parquet_is_compressed_by_snappy_and_encoded_in_version_one(
    spark: SparkSession, tmp_path: Path
) -> None:
    """By keys that Spark heeds: the second one, changed, changes the encodings."""
    frame = spark.range(3).selectExpr("id", "string(id) AS text")

    frame.write.parquet(f"file:{tmp_path}/as_set")
    spark.conf.set("parquet.writer.version", "v2")
    try:
        frame.write.parquet(f"file:{tmp_path}/other")
    finally:
        spark.conf.unset("parquet.writer.version")

    assert session.SETTINGS["spark.hadoop.parquet.writer.version"] == "v1"
    assert describe_footer(tmp_path / "as_set") == ({"SNAPPY"}, {"PLAIN", "BIT_PACKED"})
    _, encodings = describe_footer(tmp_path / "other")
    assert encodings == {"DELTA_BINARY_PACKED", "DELTA_BYTE_ARRAY"}


def test_s3a_finds_the_local_files_that_it_buffers_uploads_in(
    spark: SparkSession, tmp_path: Path
) -> None:
    """With the jobs' settings alone, as on EMR: it takes them as Hadoop's LocalFileSystem."""
    hadoop = hadoop_files.jvm(spark).org.apache.hadoop
    configuration = hadoop.conf.Configuration()
    for name, value in session.SETTINGS.items():
        if name.startswith("spark.hadoop."):
            configuration.set(name.removeprefix("spark.hadoop."), value)
    configuration.set("fs.file.impl.disable.cache", "true")
    configuration.set("buffers", str(tmp_path))

    folders = hadoop.fs.LocalDirAllocator("buffers")
    folders.createTmpFileForWrite("block-", 1, configuration)

    assert [path.name[:6] for path in tmp_path.iterdir()] == ["block-"]


def test_local_files_are_read_and_written_as_they_are() -> None:
    """Else names with a colon cannot be read, and .crc files lie beside each result."""
    name = "spark.hadoop.fs.file.impl"

    assert submit.read_local_settings()[name] == "org.apache.hadoop.fs.RawLocalFileSystem"


@pytest.mark.parametrize("job", ["validate_data", "transform_kpis", "extract_metadata"])
def test_a_wrong_flag_fails_before_spark_starts(job: str) -> None:
    result = subprocess.run(
        [sys.executable, str(ROOT / "spark_jobs" / "jobs" / f"{job}.py"), "--no-such-flag"],
        env=submit.job_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 2
    assert f"usage: {job}" in result.stderr
    assert "Spark" not in result.stderr
    assert "Traceback" not in result.stderr


def test_a_submitted_job_ends_with_the_code_and_line_of_its_error(tmp_path: Path) -> None:
    """Also where the work fails, not the arguments: here the claim is missing."""
    properties = tmp_path / "spark.conf"
    settings = submit.read_local_settings() | {"spark.driver.memory": "1g"}
    submit.write_properties(properties, settings)
    arguments = ["--claim", f"file:{tmp_path}/claim.json", "--lake", f"file:{tmp_path}/lake"]
    arguments += ["--output", f"file:{tmp_path}/out", "--quarantine", f"file:{tmp_path}/bad"]

    job = submit.start_job(
        "validate_data", arguments, properties=properties, log=tmp_path / "validate.log"
    )
    code = job.process.wait(timeout=240)
    assert job.reader is not None
    job.reader.join()

    log = (tmp_path / "validate.log").read_text()
    assert code == 2
    assert len(job.errors) == 1
    assert "claim.json cannot be read: java.io.FileNotFoundException" in job.errors[0]
    assert "Traceback" not in log
    assert not list(tmp_path.glob("out*"))
