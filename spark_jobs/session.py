"""The only SparkSession, and how a job starts, logs and ends."""

import argparse
import contextlib
import logging
import sys
from collections.abc import Callable, Iterator, Mapping

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from conf import spark_sizes
from spark_jobs import hadoop_files
from spark_jobs.errors import JobError

# What the results depend on, wherever the job runs. Sizes, masters and file systems are the
# environment's.
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    # Else INT96, which Redshift's COPY is not known to take.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # What every reader knows, and the sizes are measured with; a platform's defaults may differ.
    "spark.sql.parquet.compression.codec": "snappy",
    "spark.hadoop.parquet.writer.version": "v1",
    # `_files.json` says what counts; a marker would only be one object more.
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    # Above 128 groups a task Spark would sort all its rows; listeners are kept in a few thousand.
    "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "1000000",
    # A task of a month's load writes some thirty days; a sort by day costs more than open files.
    "spark.sql.maxConcurrentOutputFileWriters": "64",
    "spark.sql.autoBroadcastJoinThreshold": "64m",
    # Its small map in front of the hash table only costs where nearly all keys differ, as of plays.
    "spark.sql.codegen.aggregate.map.twolevel.enabled": "false",
}

# What reads raw bytes: of those that are no UTF-8 Comet (1.2.0) makes other ones, without a word.
IN_JAVA = {"spark.comet.enabled": "false"}

USAGE_ERROR_EXIT_CODE = 2
DISK_FULL = "No space left on device"


def build_session(app_name: str) -> SparkSession:
    """Get the session of a job, with the settings that its results depend on."""
    builder = SparkSession.builder.appName(app_name)
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


@contextlib.contextmanager
def sized(spark: SparkSession, bytes_read: int) -> Iterator[None]:
    """Plan what reads little as plainly as it can be; what reads much as the environment says."""
    chosen = spark_sizes.SQL if spark_sizes.is_small(bytes_read) else {}
    with planned(spark, chosen):
        yield


@contextlib.contextmanager
def in_java(spark: SparkSession) -> Iterator[None]:
    """Plan what looks at the bytes of lines in Java alone, whatever computes the rest."""
    with planned(spark, IN_JAVA):
        yield


@contextlib.contextmanager
def planned(spark: SparkSession, chosen: Mapping[str, str]) -> Iterator[None]:
    """Plan with other settings for a while."""
    before = {name: spark.conf.get(name, None) for name in chosen}
    for name, value in chosen.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, earlier in before.items():
            if earlier is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, earlier)


def java_uptime_seconds(spark: SparkSession) -> float:
    """Give for how long Java has run: what a job's start took, at its session's beginning."""
    factory = hadoop_files.jvm(spark).java.lang.management.ManagementFactory
    return float(factory.getRuntimeMXBean().getUptime()) / 1000


def run_job(
    app_name: str,
    args: argparse.Namespace,
    run: Callable[[SparkSession, argparse.Namespace], None],
) -> int:
    """Run a job from its parsed arguments and give its exit code.

    A `JobError` is told in one line on stderr; any other error keeps its stack trace.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    # py4j logs each callback; Spark's query contexts repeat the values of failing rows.
    logging.getLogger("py4j").setLevel(logging.WARNING)
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    log = logging.getLogger(app_name)
    log.info("%s starts with %s", app_name, vars(args))
    spark = build_session(app_name)
    log.info("session is ready after %.1f s", java_uptime_seconds(spark))
    try:
        run(spark, args)
    except JobError as error:
        log.error("%s: %s", app_name, error)
        return USAGE_ERROR_EXIT_CODE
    except Py4JJavaError as error:
        message = hadoop_files.java_message(error)
        if DISK_FULL not in message:
            raise
        log.error("%s: the disk is full: free some space and run it again", app_name)
        return USAGE_ERROR_EXIT_CODE
    finally:
        spark.stop()
    log.info("%s is done", app_name)
    return 0
