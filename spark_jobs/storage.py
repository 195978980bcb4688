"""The only reader and writer of datasets: Parquet whose files `_files.json` names."""

import json
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, DataFrameWriter, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, LongType, StructField, StructType, TimestampType

from spark_jobs import hadoop_files
from spark_jobs.errors import JobError, SchemaMismatchError

FILES_JSON = "_files.json"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

log = logging.getLogger(__name__)


def read(spark: SparkSession, uri: str, schema: StructType) -> DataFrame:
    """Read a dataset that a job has finished writing.

    Reads what `_files.json` lists, never a listing: a killed attempt leaves other files.

    Args:
        uri: The dataset's folder.
        schema: Its shape in `schemas`; columns come in this order.

    Raises:
        JobError: There is no `_files.json`: the dataset is missing or was not finished.
        SchemaMismatchError: The dataset was written with another shape.
    """
    listing = json.loads(
        hadoop_files.read_bytes(spark, hadoop_files.join_uri(uri, FILES_JSON)).decode()
    )
    if listing["schema"] != describe(schema):
        raise SchemaMismatchError(
            f"{uri} holds ({listing['schema']}), expected ({describe(schema)}): "
            "write it anew with this version of the jobs"
        )
    paths = [hadoop_files.join_uri(uri, file["path"]) for file in listing["files"]]
    return read_parquet(spark, paths, schema)


def read_parquet(spark: SparkSession, uris: list[str], schema: StructType) -> DataFrame:
    """Read Parquet files by their names, whatever characters these hold."""
    if not uris:
        return from_rows(spark, [], schema)
    paths = [hadoop_files.escape_pattern(uri) for uri in uris]
    return spark.read.schema(schema).parquet(*paths).select(*schema.fieldNames())


def write(
    frame: DataFrame, uri: str, schema: StructType, *, partition_column: str | None = None
) -> int:
    """Write a dataset into a fresh folder, `_files.json` last, and give its number of rows.

    Args:
        frame: Exactly the columns of `schema`; with `partition_column`, that one after them.
        uri: A folder that is not there yet: an attempt's folder is written once.
        schema: The dataset's shape; nullability is not compared, since Spark forgets it.
        partition_column: Parts the files into folders, and is not in them.

    Raises:
        SchemaMismatchError: The frame has other columns, another order or other types.
        JobError: The folder is there already, or cannot be written.
    """
    check_schema(frame, uri, schema, partition_column)
    writer = frame.write.mode("errorifexists")
    if partition_column:
        writer = writer.partitionBy(partition_column)
    save(writer, uri)
    return finish(frame.sparkSession, uri, schema)


def finish(spark: SparkSession, uri: str, schema: StructType) -> int:
    """Write `_files.json` of what lies in a folder, and give its number of rows."""
    files = describe_files(spark, uri)
    rows = sum(int(file["rows"]) for file in files)
    content = json.dumps({"schema": describe(schema), "files": files}, indent=1).encode()
    hadoop_files.write_bytes(spark, hadoop_files.join_uri(uri, FILES_JSON), content)
    log.info("wrote %s: %d rows in %d files", uri, rows, len(files))
    return rows


def from_rows(spark: SparkSession, rows: Iterable[Sequence[Any]], schema: StructType) -> DataFrame:
    """Give a few rows as a frame; timestamps come with their zone.

    `createDataFrame` would start a Python worker for them, which takes a second.
    """
    names = schema.fieldNames()
    instants = {field.name for field in schema if isinstance(field.dataType, TimestampType)}
    documents = [
        {
            name: (value - EPOCH) // MICROSECOND if name in instants and value else value
            for name, value in zip(names, row, strict=True)
        }
        for row in rows
    ]
    if not documents:  # known to be empty when it is planned
        nothing = spark.range(1).where(F.lit(False))
        return nothing.select(*(F.lit(None).cast(f.dataType).alias(f.name) for f in schema))
    shape = StructType(
        [StructField(f.name, LongType() if f.name in instants else f.dataType) for f in schema]
    )
    parsed = F.from_json(F.lit(json.dumps(documents)), ArrayType(shape), {"mode": "FAILFAST"})
    return (
        spark.range(1)
        .select(F.inline(parsed))
        .select(*(F.timestamp_micros(n).alias(n) if n in instants else n for n in names))
    )


def write_scratch(frame: DataFrame, uri: str, schema: StructType) -> DataFrame:
    """Write what only jobs read, the fastest way, and give it back as it was written."""
    check_schema(frame, uri, schema, None)
    # Nearly all values differ: looking each up in a dictionary would only take time.
    writer = frame.write.mode("errorifexists").option("parquet.enable.dictionary", "false")
    save(writer.option("compression", "lz4_raw"), uri)
    finish(frame.sparkSession, uri, schema)
    return read(frame.sparkSession, uri, schema)


def save(writer: DataFrameWriter, uri: str) -> None:
    """Write the Parquet files of a folder that is not there yet.

    Raises:
        JobError: The folder is there already.
    """
    try:
        writer.parquet(uri)
    except AnalysisException as error:
        if error.getCondition() == "PATH_ALREADY_EXISTS":
            raise JobError(
                f"{uri} is there already: an attempt's folder is written once, name a fresh one"
            ) from error
        raise


def check_schema(
    frame: DataFrame, uri: str, schema: StructType, partition_column: str | None
) -> None:
    """Refuse a frame whose names, order or types are not the schema's."""
    fields = frame.schema.fields
    if partition_column and fields and fields[-1].name == partition_column:
        fields = fields[:-1]
    found = describe(StructType(fields))
    if found != describe(schema):
        raise SchemaMismatchError(f"{uri} takes ({describe(schema)}), got ({found})")


def describe(schema: StructType) -> str:
    """Give a schema as text: names, types and order."""
    return ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in schema.fields)


def describe_files(spark: SparkSession, uri: str) -> list[dict[str, Any]]:
    """Give path, bytes and rows of each Parquet file of a dataset, the rows from its footer."""
    sizes = hadoop_files.list_files(spark, uri)
    jvm = hadoop_files.jvm(spark)
    configuration = spark.sparkContext._jsc.hadoopConfiguration()

    def count_rows(relative: str) -> int:
        path = hadoop_files.java_path(spark, hadoop_files.join_uri(uri, relative))
        source = jvm.org.apache.parquet.hadoop.util.HadoopInputFile.fromPath(path, configuration)
        reader = jvm.org.apache.parquet.hadoop.ParquetFileReader.open(source)
        try:
            return int(reader.getRecordCount())
        finally:
            reader.close()

    rows = hadoop_files.in_parallel(count_rows, sizes)
    return [
        {"path": path, "bytes": size, "rows": count}
        for (path, size), count in zip(sizes.items(), rows, strict=True)
    ]
