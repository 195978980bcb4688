"""The metadata of sample data as extract_metadata writes it, without a database."""

import json
from pathlib import Path

import pyarrow.csv as pcsv
import pyarrow.parquet as pq
from pyspark.sql.types import StructType

from maintenance.parquet_tables import arrow_schema
from spark_jobs import schemas


def write_metadata(data: Path, metadata: Path) -> None:
    """Write users and songs as datasets that the jobs read."""
    for table, schema in (("users", schemas.USERS), ("songs", schemas.SONGS)):
        folder = metadata / table
        folder.mkdir(parents=True, exist_ok=True)
        types = {field.name: field.type for field in arrow_schema(schema)}
        options = pcsv.ConvertOptions(column_types=types)
        rows = pcsv.read_csv(data / table / f"{table}.csv", convert_options=options)
        pq.write_table(rows.select(schema.fieldNames()), folder / "part-0.parquet")
        write_listing(folder, schema)


def write_listing(folder: Path, schema: StructType) -> None:
    """Write `_files.json` over the Parquet files of a folder."""
    described = ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in schema)
    files = [
        {
            "path": path.name,
            "bytes": path.stat().st_size,
            "rows": pq.read_metadata(path).num_rows,
        }
        for path in sorted(folder.glob("*.parquet"))
    ]
    (folder / "_files.json").write_text(json.dumps({"schema": described, "files": files}))
