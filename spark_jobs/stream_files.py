"""The claimed stream files: which can be read, and their lines by one scan."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs import hadoop_files, probe, schemas, storage
from spark_jobs.claim import ClaimedFile


@dataclass(frozen=True)
class StreamFiles:
    """The claimed files that can be read, by index, and those refused, by key.

    Indexes follow the byte order of the keys.
    """

    readable: dict[int, tuple[ClaimedFile, probe.Layout]]
    refused: dict[str, probe.Refusal]

    def file_key(self, file_index: int) -> str:
        return self.readable[file_index][0].file_key


def probe_files(spark: SparkSession, claimed: Iterable[ClaimedFile]) -> StreamFiles:
    """Look at the header of each file, several at a time."""
    files = list(claimed)
    findings = hadoop_files.in_parallel(lambda file: probe.probe_file(spark, file.uri), files)
    readable, refused = {}, {}
    for file_index, (file, finding) in enumerate(zip(files, findings, strict=True)):
        if isinstance(finding, probe.Layout):
            readable[file_index] = (file, finding)
        else:
            refused[file.file_key] = finding
    return StreamFiles(readable, refused)


def describe_files(spark: SparkSession, files: StreamFiles) -> DataFrame:
    """Give the readable files as CLAIMED_FILES."""
    rows = [
        (
            layout.path,
            file_index,
            file.file_key,
            layout.field_count,
            layout.user_position,
            layout.track_position,
            layout.time_position,
            layout.header_line,
            file.last_modified,
        )
        for file_index, (file, layout) in files.readable.items()
    ]
    return storage.from_rows(spark, rows, schemas.CLAIMED_FILES)


def read_lines(spark: SparkSession, files: StreamFiles) -> DataFrame:
    """Read the lines of the readable files: `value`, all but its LF, `path` and `line_id`.

    A line ends by LF alone, else the reader would end it by a lone CR too. Within the first block
    of a file, which one task reads in its order, `line_id` grows by one from line to line.
    """
    uris = [file.uri for file, _ in files.readable.values()]
    reader = spark.read.option("lineSep", "\n")
    # Alone, `__globPaths__` does what it says: see `escape_pattern`.
    single = spark.read.option("lineSep", "\n").option("__globPaths__", "false")
    alone = [uri for uri in uris if hadoop_files.is_beyond_escaping(uri)]
    together = [
        hadoop_files.escape_pattern(uri) for uri in uris if not hadoop_files.is_beyond_escaping(uri)
    ]
    reads = [reader.text(together)] if together else []
    reads += [single.text(uri) for uri in alone]
    is_first_block = F.col("_metadata.file_block_start") == 0
    lines = [
        read.select(
            "value",
            F.col("_metadata.file_path").alias("path"),
            F.when(is_first_block, F.monotonically_increasing_id()).alias("line_id"),
        )
        for read in reads
    ]
    return reduce(DataFrame.unionByName, lines)
