"""Small files and listings by Hadoop's file systems: S3 on EMR, folders on a laptop."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from py4j.protocol import Py4JJavaError

from spark_jobs.errors import JobError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PARALLEL_CALLS = 16
Item = TypeVar("Item")
Result = TypeVar("Result")


def join_uri(*parts: str) -> str:
    """Join the parts of a URI with single slashes."""
    return "/".join([*(part.rstrip("/") for part in parts[:-1]), parts[-1]])


def escape_pattern(uri: str) -> str:
    """Give a URI as a pattern that means this one file: Spark's readers expand patterns.

    Spark's switch against that, `__globPaths__`, is none: with it every path that looks like a
    pattern stands for all paths given, and all their rows come twice (4.1.1).
    """
    return re.sub(r"([{}\[\]*?\\])", r"\\\1", uri)


def is_beyond_escaping(uri: str) -> bool:
    """Tell whether Hadoop's globber fails on a URI even when escaped.

    It takes what stands before a colon in a name for a scheme.
    """
    key = uri.partition(":")[2]
    return ":" in key and escape_pattern(key) != key


def java_path(spark: SparkSession, uri: str) -> Any:
    """Give Hadoop's qualified path of a URI: as Spark names it in `_metadata.file_path`."""
    path = jvm(spark).org.apache.hadoop.fs.Path(uri)
    return file_system(spark, path).makeQualified(path)


def file_system(spark: SparkSession, path: Any) -> Any:
    return path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())


def jvm(spark: SparkSession) -> Any:
    return spark.sparkContext._jvm


def read_bytes(spark: SparkSession, uri: str) -> bytes:
    """Read a small file whole.

    Raises:
        JobError: There is no such file, or it cannot be read.
    """
    try:
        path = java_path(spark, uri)
        stream = file_system(spark, path).open(path)
        try:
            return bytes(stream.readAllBytes())
        finally:
            stream.close()
    except Py4JJavaError as error:
        raise JobError(f"{uri} cannot be read: {java_message(error)}") from error


def write_bytes(spark: SparkSession, uri: str, content: bytes) -> None:
    """Write a small file that is not there yet.

    Raises:
        JobError: The file is there already, or cannot be written.
    """
    try:
        path = java_path(spark, uri)
        stream = file_system(spark, path).create(path, False)
        try:
            stream.write(content)
        finally:
            stream.close()
    except Py4JJavaError as error:
        raise JobError(f"{uri} cannot be written: {java_message(error)}") from error


def delete(spark: SparkSession, uri: str) -> None:
    """Delete a folder and what is in it; nothing where there is none."""
    path = java_path(spark, uri)
    file_system(spark, path).delete(path, True)


def list_sizes(spark: SparkSession, uri: str) -> dict[str, int]:
    """List what is in a folder, sorted: names and bytes; nothing where there is no such folder."""
    statuses = list_statuses(spark, uri)
    return dict(sorted((each.getPath().getName(), int(each.getLen())) for each in statuses))


def list_folders(spark: SparkSession, uri: str) -> list[str]:
    """List the names of the folders in a folder, sorted; none where there is no such folder."""
    statuses = list_statuses(spark, uri)
    return sorted(status.getPath().getName() for status in statuses if status.isDirectory())


def list_statuses(spark: SparkSession, uri: str) -> Iterable[Any]:
    path = java_path(spark, uri)
    system = file_system(spark, path)
    return system.listStatus(path) if system.exists(path) else ()


def list_files(spark: SparkSession, uri: str) -> dict[str, int]:
    """Give the bytes of each file below a folder, by its path relative to the folder.

    What lies below a name that begins with `_` or `.` is a committer's own, and not given.
    """
    folder = java_path(spark, uri)
    found = {}
    statuses = file_system(spark, folder).listFiles(folder, True)
    prefix = folder.toUri().getPath().rstrip("/") + "/"
    while statuses.hasNext():
        status = statuses.next()
        relative = status.getPath().toUri().getPath().removeprefix(prefix)
        if not any(part.startswith(("_", ".")) for part in relative.split("/")):
            found[relative] = int(status.getLen())
    return dict(sorted(found.items()))


def in_parallel(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Apply a function that waits for the file system, several calls at a time, in order."""
    with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
        return list(pool.map(function, items))


def java_message(error: Py4JJavaError) -> str:
    """Give the first line of what a Java error was caused by in the end."""
    cause = error.java_exception
    while cause.getCause() is not None:
        cause = cause.getCause()
    lines = str(cause.toString()).splitlines()
    return lines[0] if lines else "unknown Java error"
