"""Find the Spark and the Java that job runs take, and what this machine can spare for them."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from localaws.endpoint.config import SparkConfig
from localaws.errors import LocalAwsError

SHARE_OF_MEMORY = 0.6  # the servers and the operating system need the rest


def find_spark_submit(asked: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Find spark-submit: the one asked for, else that of this environment, else PATH's.

    Raises:
        LocalAwsError: The one asked for is no program.
    """
    if asked is not None:
        if not is_program(asked):
            raise LocalAwsError(f"{asked} is no program: name the spark-submit of a Spark 4")
        return asked.absolute()
    own = Path(sys.executable).with_name("spark-submit")
    on_path = shutil.which("spark-submit", path=environment.get("PATH", ""))
    return own if is_program(own) else Path(on_path) if on_path else None


def find_java_home(asked: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Find Java's home: the one asked for, else JAVA_HOME, else that of PATH's java.

    Raises:
        LocalAwsError: The one asked for, or JAVA_HOME, holds no bin/java.
    """
    named = asked or (Path(environment["JAVA_HOME"]) if environment.get("JAVA_HOME") else None)
    if named is not None:
        if not is_program(named / "bin" / "java"):
            raise LocalAwsError(f"{named} holds no bin/java: name the home of a Java 17 or 21")
        return named.absolute()
    on_path = shutil.which("java", path=environment.get("PATH", ""))
    return Path(on_path).resolve().parents[1] if on_path else None


def is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def spark_config(
    spark_submit: Path | None, java_home: Path | None, jars: Path | None
) -> SparkConfig:
    """Describe how job runs are executed; without these programs each run reads FAILED.

    Raises:
        LocalAwsError: There is no folder `jars`.
    """
    if jars is not None and not jars.is_dir():
        raise LocalAwsError(f"{jars} is no folder: name the one that holds the S3A jars")
    beside = spark_submit.with_name("python") if spark_submit else None
    return SparkConfig(
        spark_submit=str(spark_submit or "spark-submit"),
        python=str(beside if beside and is_program(beside) else sys.executable),
        java_home=str(java_home or ""),
        class_path=f"{jars.absolute()}/*" if jars else "",
        cores=os.cpu_count() or 1,
        memory_mib=int(psutil.virtual_memory().total * SHARE_OF_MEMORY) >> 20,
    )
