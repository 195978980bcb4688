"""What all tests share: one Spark session, UTC everywhere, no network."""

import logging
import os
import sys
import time
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from commands.spark import jars, native
from commands.spark.java import java_home
from commands.stack.bring_up import bring_up
from commands.stack.describe import describe_stack
from conf.settings import load_settings
from localaws.stack import Stack
from spark_jobs.session import SETTINGS
from tests.pipeline_world import World

# Python's own clock too: collect() gives local datetimes.
os.environ["TZ"] = "UTC"
time.tzset()
# Airflow turns everybody's log on; py4j tells of each connection, the last when stderr is closed.
logging.getLogger("py4j").setLevel(logging.WARNING)

# Fixtures that start a server or a JVM: a test that asks for one is marked `server`.
SERVERS = frozenset(
    {
        *("spark", "pipeline_stack", "postgres", "dynamodb", "stack"),
        # Of localaws' own tests.
        *("s3_server", "dynamodb_server", "s3_endpoint", "moto_services", "a_seaweedfs"),
        *("a_dynoxide", "port", "make_stack", "start_service"),
    }
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server or a JVM, which make test-fast leaves out."""
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server)


@pytest.fixture(scope="session")
def pipeline_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stand-in, once for all worlds of a process."""
    stack, settings = describe_stack(tmp_path_factory.mktemp("aws"))
    try:
        bring_up(stack, settings)
        yield stack
    finally:
        stack.down()


@pytest.fixture
def world(pipeline_stack: Stack) -> World:
    return World(pipeline_stack, load_settings("local"))


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    session = start_session()
    yield session
    session.stop()


def is_native() -> bool:
    """Tell whether the tests are to run with Comet: make test NATIVE=1."""
    return bool(os.environ.get("NATIVE"))


def start_session(memory: str = "2g") -> SparkSession:
    """Start the one session of all tests: one core, one shuffle partition, loopback only."""
    os.environ["JAVA_HOME"] = str(java_home())
    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = SETTINGS | {
        "spark.master": "local[1]",
        "spark.driver.memory": memory,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        # As conf/spark-local.conf: no .crc files, and names may hold a colon.
        "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        "spark.sql.shuffle.partitions": "1",
        # S3A too: the flow's tests reach the stand-in's S3 by this session.
        "spark.driver.extraClassPath": f"{jars.jars_dir('jdbc')}/*:{jars.jars_dir('s3a')}/*",
        # Short lives: the second compiler costs more than it gives back.
        "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    }
    if is_native():
        # Frames of Python rows too: else only what is read from files would be computed natively.
        rows = {"spark.comet.sparkToColumnar.enabled": "true"}
        settings = native.accelerate(settings) | rows
    builder = SparkSession.builder.appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
