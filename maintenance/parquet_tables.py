"""The project's schemas as Arrow knows them, and small tables read and merged by it."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql.types import StructType

ARROW_TYPES = {
    "bigint": pa.int64(),
    "int": pa.int32(),
    "string": pa.string(),
    "binary": pa.binary(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def arrow_schema(schema: StructType) -> pa.Schema:
    """Give a schema as Arrow reads it from our Parquet; Spark writes every column nullable."""
    fields = [(field.name, ARROW_TYPES[field.dataType.simpleString()]) for field in schema.fields]
    return pa.schema(fields)


def read_table(folder: Path, schema: StructType) -> pa.Table:
    """Read the Parquet files of a folder; an empty table where there is none."""
    expected = arrow_schema(schema)
    files = sorted(folder.glob("*.parquet"))
    tables = [pq.ParquetFile(path).read().cast(expected) for path in files]
    return pa.concat_tables(tables) if tables else expected.empty_table()


def merge_hours(previous: pa.Table, computed: pa.Table) -> pa.Table:
    """Put the newly computed hours in the place of the previous ones, as MERGE does."""
    is_kept = pc.invert(pc.is_in(previous["hour"], value_set=computed["hour"].combine_chunks()))
    merged = pa.concat_tables([previous.filter(is_kept), computed])
    return merged.sort_by("hour")


def write_table(table: pa.Table, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / "part-00000.parquet", coerce_timestamps="us")


def count_rows(files: Iterable[Path]) -> int:
    """Count the rows of Parquet files by their footers."""
    return sum(pq.read_metadata(path).num_rows for path in files)
