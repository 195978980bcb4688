"""From a job run to spark-submit: what it is told, and real ones that do it."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localaws.emr_serverless.spark_command import Share, build, share_of, write_properties
from localaws.emr_serverless.worker_sizes import read_workers
from localaws.endpoint.config import EndpointConfig, SparkConfig
from localaws.endpoint.moto_services import MotoServices

from .emr_service import Service, a_config, serve

ROOT = Path(__file__).resolve().parents[4]
PAGE = "emr/latest/EMR-Serverless-UserGuide/jobs-spark.html"
JOB = """
import os
import sys
from pyspark.sql import SparkSession
import greeting

spark = SparkSession.builder.getOrCreate()
spark.range(1000).write.mode("overwrite").parquet(sys.argv[1])
rows = spark.read.parquet(sys.argv[1].replace("s3://", "s3a://")).count()
print(greeting.WORD, rows, spark.sparkContext.master, os.environ["A_NAME"], os.getenv("PYTHONPATH"))
if "fail" in sys.argv:
    raise ValueError("no such genre")
"""
LARGE_JOB = """
import sys
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
rows = spark.range(1500000).select(F.sha2(F.col("id").cast("string"), 256).alias("text"))
rows.coalesce(1).write.mode("overwrite").parquet(sys.argv[1])
print("distinct", spark.read.parquet(sys.argv[1]).distinct().count())
"""


@pytest.fixture
def config(tmp_path: Path) -> EndpointConfig:
    """Give a configuration without a service."""
    return a_config(tmp_path, port=4566, s3_endpoint="http://127.0.0.1:8333")


def a_command(config: EndpointConfig, parameters: str = "--verbose", **properties: str) -> Any:
    driver = {
        "entryPoint": "s3://code/job.py",
        "entryPointArguments": ["--a", "b c"],
        "sparkSubmitParameters": parameters,
    }
    named = {name.replace("_", "."): text for name, text in properties.items()}
    folder = Path("/job")
    request = {"jobDriver": {"sparkSubmit": driver}}
    return build(config, request, named, share=Share(2, 1024), folder=folder)


def test_the_command_is_spark_submit_with_a_properties_file(config: EndpointConfig) -> None:
    command = a_command(config, "--py-files s3://code/a.zip --conf spark.a=b")

    assert command.arguments == [
        config.spark.spark_submit,
        "--properties-file",
        "/job/spark.properties",
        "--py-files",
        "s3://code/a.zip",
        "s3://code/job.py",
        "--a",
        "b c",
    ]


def test_this_machine_is_not_a_jobs_to_choose(config: EndpointConfig) -> None:
    command = a_command(
        config,
        spark_master="yarn",
        spark_ui_enabled="true",
        spark_driver_bindAddress="0.0.0.0",
        spark_driver_memory="14g",
        spark_driver_extraClassPath="/extra/*",
        spark_driver_extraJavaOptions="-Da=b",
        spark_sql_shuffle_partitions="7",
    )

    assert command.properties["spark.master"] == "local[2]"
    assert command.properties["spark.ui.enabled"] == "false"
    assert command.properties["spark.driver.bindAddress"] == "127.0.0.1"
    assert command.properties["spark.driver.memory"] == "1024m"
    assert command.properties["spark.driver.extraClassPath"] == f"/jars/*{os.pathsep}/extra/*"
    assert command.properties["spark.driver.extraJavaOptions"] == (
        '"-Djava.io.tmpdir=/job/local" -Da=b'
    )
    assert command.properties["spark.sql.shuffle.partitions"] == "7"
    assert command.properties["spark.hadoop.fs.s3a.endpoint"] == "http://127.0.0.1:8333"


@pytest.mark.rule(
    "driverEnv and executorEnv properties become environment variables", page=PAGE, group="emr"
)
def test_environment_properties_become_the_environment(
    config: EndpointConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SPARK_HOME", "PYTHONPATH", "AWS_PROFILE", "PYSPARK_SUBMIT_ARGS"):
        monkeypatch.setenv(name, "of the caller")
    properties = {
        "spark.emr-serverless.driverEnv.A_NAME": "driver",
        "spark.executorEnv.A_NAME": "executor",
        "spark.executorEnv.ANOTHER": "executor",
        "spark.executorEnv.AWS_ACCESS_KEY_ID": "another",
    }
    driver = {"jobDriver": {"sparkSubmit": {"entryPoint": "s3://code/job.py"}}}

    command = build(config, driver, properties, share=Share(1, 1024), folder=Path("/job"))

    assert command.environment["A_NAME"] == "driver"
    assert command.environment["ANOTHER"] == "executor"
    assert command.environment["AWS_ACCESS_KEY_ID"] == "local"
    assert command.environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert command.environment["TZ"] == "UTC"
    assert "of the caller" not in command.environment.values()
    assert not [name for name in command.properties if "Env" in name]


def test_a_share_is_what_is_asked_for_and_at_most_the_machine(config: EndpointConfig) -> None:
    small = {
        "spark.driver.cores": "1",
        "spark.driver.memory": "1700m",
        "spark.executor.cores": "1",
        "spark.executor.memory": "1700m",
        "spark.executor.instances": "2",
    }

    assert share_of(read_workers({}), config.spark) == Share(4, 4096)
    machine = replace(config.spark, memory_mib=65_536)
    assert share_of(read_workers(small), machine) == Share(2, 5100)


def test_properties_are_read_back_as_they_were_and_by_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "spark.properties"

    write_properties(path, {"spark.a": "b=c: \\d\ne", "spark.#": "é !"})

    assert path.read_text() == "spark.a=b\\=c\\:\\ \\\\d\\ne\nspark.\\#=é\\ \\!\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.fixture
def real_service(
    tmp_path: Path, moto_services: MotoServices, s3_endpoint: str
) -> Iterator[Service]:
    """Serve with the repository's own Spark, Java and jars."""
    jars = ROOT / ".cache" / "jars" / "s3a"
    if not jars.is_dir():
        pytest.skip("no S3A jars: make setup takes them")
    java = subprocess.run(
        [sys.executable, "-m", "commands.spark.java"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    spark = SparkConfig(
        spark_submit=str(Path(sys.executable).parent / "spark-submit"),
        python=sys.executable,
        java_home=java.stdout.strip(),
        class_path=f"{jars}/*",
        cores=1,
        memory_mib=1024,
        java_options="-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    )
    config = replace(a_config(tmp_path, port=0, s3_endpoint=s3_endpoint), spark=spark)
    service = serve(config, moto_services, tmp_path)
    yield service
    service.stop()


def put_job(s3: Any, tmp_path: Path, text: str) -> None:
    from zipfile import ZipFile

    with ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("greeting.py", "WORD = 'hello'\n")
    s3.put_object(Bucket="code", Key="job.py", Body=text.encode())
    s3.put_object(Bucket="code", Key="a.zip", Body=(tmp_path / "a.zip").read_bytes())


PARAMETERS = (
    "--py-files s3://code/a.zip --conf spark.emr-serverless.driverEnv.A_NAME=a-value"
    " --conf spark.sql.shuffle.partitions=1"
)


def test_a_real_spark_job_reads_code_and_data_from_s3(
    real_service: Service, s3: Any, tmp_path: Path
) -> None:
    put_job(s3, tmp_path, JOB)
    application = real_service.create()

    run_id = real_service.start(application, "s3://code/out", parameters=PARAMETERS)
    run = real_service.wait(application, run_id)

    assert run["state"] == "SUCCESS", run["stateDetails"]
    assert "hello 1000 local[1] a-value" in real_service.driver_output(run_id)


@pytest.mark.slow
def test_a_real_spark_job_that_raises_says_what(
    real_service: Service, s3: Any, tmp_path: Path
) -> None:
    put_job(s3, tmp_path, JOB)
    application = real_service.create()

    run_id = real_service.start(application, "s3://code/out-2", "fail", parameters=PARAMETERS)
    run = real_service.wait(application, run_id)

    assert run["state"] == "FAILED"
    assert "ExitCode: 1" in run["stateDetails"]
    assert "ValueError: no such genre" in run["stateDetails"]


@pytest.mark.slow
def test_a_real_spark_job_writes_an_object_larger_than_a_part(
    real_service: Service, s3: Any, tmp_path: Path
) -> None:
    put_job(s3, tmp_path, LARGE_JOB)
    application = real_service.create()

    run_id = real_service.start(application, "s3://code/large", parameters=PARAMETERS)
    run = real_service.wait(application, run_id)

    sizes = [
        item["Size"] for item in s3.list_objects_v2(Bucket="code", Prefix="large/")["Contents"]
    ]
    assert run["state"] == "SUCCESS", run["stateDetails"]
    assert "distinct 1500000" in real_service.driver_output(run_id)
    assert max(sizes) > 5 * 1024 * 1024
