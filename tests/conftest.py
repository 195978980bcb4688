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
from spark_jobs.session import SETTINGS

# Python's own clock too: collect() gives local datetimes.
os.environ["TZ"] = "UTC"
time.tzset()
# Airflow turns everybody's log on; py4j tells of each connection, the last when stderr is closed.
logging.getLogger("py4j").setLevel(logging.WARNING)


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
