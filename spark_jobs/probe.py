"""Headers and gzip files, looked at before the scan: which files can be read, and how."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JJavaError

from conf import explanations
from spark_jobs import hadoop_files
from spark_jobs.csv_grammar import TRIMMED, split_line
from spark_jobs.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import SparkSession

PLAY_COLUMNS = ("user_id", "track_id", "listen_time")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLANKS = b" \t"
FIRST_READ_BYTES = 4096
MAX_READ_BYTES = 1 << 20
MAX_HEADER_BYTES = 1 << 20
EXPLAINED_BYTES = 1 << 16


@dataclass(frozen=True)
class Layout:
    """How a file's lines are to be read.

    `header_line` is the header as the scan sees it, a row like others: without its end, and
    without a byte order mark, which Hadoop's reader drops. One line equal to it is no row. It is
    the `header_number`th line of the file.
    """

    path: str
    names: tuple[str, ...]
    user_position: int
    track_position: int
    time_position: int
    header_line: str
    header_number: int

    @property
    def field_count(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Refusal:
    """Why a file cannot be taken: a code, and an explanation as `conf.explanations` writes it."""

    reason: str
    explanation: dict[str, Any]


class RefusedFileError(Exception):
    """A file cannot be taken: its reason code, and the header by which it is explained."""

    def __init__(self, reason: str, header: bytes) -> None:
        super().__init__(reason)
        self.reason, self.header = reason, header[:EXPLAINED_BYTES]


def probe_file(spark: SparkSession, uri: str) -> Layout | Refusal:
    """Look at a stream file: give its layout, or why it is refused.

    Reasons: `empty`, `columns`, `unreadable`. A gzip file is read through to its end, by the
    codec that the scan will use: the scan would lose the rest of a broken one without a word.

    Raises:
        JobError: There is no such file, or the storage does not answer.
    """
    if not is_reachable(uri):
        return Refusal("unreadable", explanations.explain_cause("key"))
    try:
        path = hadoop_files.java_path(spark, uri)
        if uri.endswith(".gz"):
            check_gzip(spark, path)  # first: a fault is told as one wherever it lies
        header, header_number = read_header(open_file(spark, path))
        names = split_header(header)
        return Layout(
            path=str(path.toUri().toString()),
            names=tuple(names),
            user_position=names.index("user_id"),
            track_position=names.index("track_id"),
            time_position=names.index("listen_time"),
            header_line=header,
            header_number=header_number,
        )
    except RefusedFileError as refused:
        explanation = explanations.explain_header(refused.header, PLAY_COLUMNS)
        return Refusal(refused.reason, explanation)
    except Py4JJavaError as error:
        if is_broken_gzip(uri, error):
            return Refusal("unreadable", explanations.explain_cause("gzip"))
        raise JobError(f"{uri} cannot be read: {hadoop_files.java_message(error)}") from error


def is_reachable(uri: str) -> bool:
    """Tell whether Hadoop can name the key: it folds `//`, `.` and `..` inside a path."""
    key = uri.split("://", 1)[-1]
    return "//" not in key and posixpath.normpath(key) in (key, key.removeprefix("./"))


def open_file(spark: SparkSession, path: Any) -> Any:
    """Open a file for reading, through the codec that its name asks for."""
    stream = hadoop_files.file_system(spark, path).open(path)
    codec = find_codec(spark, path)
    return stream if codec is None else codec.createInputStream(stream)


def find_codec(spark: SparkSession, path: Any) -> Any:
    configuration = spark.sparkContext._jsc.hadoopConfiguration()
    jvm = hadoop_files.jvm(spark)
    return jvm.org.apache.hadoop.io.compress.CompressionCodecFactory(configuration).getCodec(path)


def check_gzip(spark: SparkSession, path: Any) -> None:
    """Read a compressed file to its end, in Java, keeping nothing."""
    stream = open_file(spark, path)
    try:
        sink = hadoop_files.jvm(spark).java.io.OutputStream.nullOutputStream()
        stream.transferTo(sink)
    finally:
        stream.close()


def is_broken_gzip(uri: str, error: Py4JJavaError) -> bool:
    """Tell a broken gzip file from a storage that fails, by the exception's class."""
    name = str(error.java_exception.getClass().getName())
    return uri.endswith(".gz") and name in ("java.io.IOException", "java.io.EOFException")


def read_header(stream: Any) -> tuple[str, int]:
    """Read up to the header, give it and its line's number, and close the stream."""
    try:
        return find_header(lambda size: bytes(stream.readNBytes(size)))
    finally:
        stream.close()


def find_header(read: Callable[[int], bytes]) -> tuple[str, int]:
    """Find the first line that is not blank, without a byte order mark and its end.

    Args:
        read: Gives the next bytes of the file, at most as many as asked for; none at its end.

    Returns:
        The line, and its number, counted from 1.
    """
    pending, size, is_end, number = b"", FIRST_READ_BYTES, False, 1
    while len(pending) < len(BYTE_ORDER_MARK) and not is_end:
        chunk = read(size)
        pending, is_end = pending + chunk, not chunk
    pending, start = pending.removeprefix(BYTE_ORDER_MARK), 0
    while True:
        end = pending.find(b"\n", start)
        if end >= 0 or is_end:
            text = pending[start : end if end >= 0 else None].removesuffix(b"\r")
            if text.strip(BLANKS):
                return decode(text), number
            if end < 0:
                raise RefusedFileError("empty", b"")
            start, number = end + 1, number + 1
        elif len(pending) - start > MAX_HEADER_BYTES:
            raise RefusedFileError("columns", pending[start:])
        else:
            size = min(size * 8, MAX_READ_BYTES)
            chunk = read(size)
            pending, start, is_end = pending[start:] + chunk, 0, not chunk


def decode(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedFileError("unreadable", line) from error


def split_header(header: str) -> list[str]:
    """Give the trimmed column names of a header that has each play column once."""
    fields = split_line(header)
    names = [field.strip(TRIMMED) for field in fields or ()]
    if any(names.count(column) != 1 for column in PLAY_COLUMNS):
        raise RefusedFileError("columns", header.encode())
    return names
