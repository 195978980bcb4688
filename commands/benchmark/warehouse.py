"""Measure the local warehouse: COPY + MERGE of all five tables, and COPY of a million plays."""

import argparse
import io
import json
import sys
import time
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.types import StructType

from commands.console import CommandError, verb
from commands.stack.bring_up import MISTAKES, bring_up
from commands.stack.describe import describe_stack, make_client
from commands.stack.seed import open_warehouse
from conf.settings import Settings
from dags.systems.warehouse import Statement, Warehouse
from maintenance.parquet_tables import arrow_schema
from spark_jobs import schemas

PLAYS = 1_000_000
STAGE = Template("CREATE TEMP TABLE stage_$table (LIKE $table)")
COPY = Template("COPY $target FROM '$manifest' IAM_ROLE '$role' FORMAT AS PARQUET MANIFEST")
MERGE = Template(
    "MERGE INTO $table USING stage_$table AS stage ON $condition "
    "WHEN MATCHED THEN UPDATE SET $changes "
    "WHEN NOT MATCHED THEN INSERT ($columns) VALUES ($values)"
)


@verb(*MISTAKES)
def main(argv: list[str]) -> int:
    """Print both figures; a user's mistake is told in one line."""
    parser = argparse.ArgumentParser(prog="make bench-warehouse", description=__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="OUT of make spark-run")
    parser.add_argument("--state", type=Path, default=Path(".local/bench-aws"))
    args = parser.parse_args(argv)
    stack, settings = describe_stack(args.state)
    bring_up(stack, settings)
    try:
        s3, warehouse = make_client(stack, "s3"), open_warehouse(stack, settings)
        merge_tables(s3, warehouse, settings, args.tables)
        copy_plays(s3, warehouse, settings)
    finally:
        stack.down()
    return 0


def merge_tables(s3: Any, warehouse: Warehouse, settings: Settings, tables: Path) -> None:
    """Load all five tables in one batch, and again, when every row is there already."""
    statements, rows = [], 0
    for table, schema in schemas.TABLES.items():
        files = sorted((tables / table).glob("*.parquet"))
        if not files:
            raise CommandError(f"{tables / table} holds no Parquet: name an OUT of make spark-run")
        contents = [path.read_bytes() for path in files]
        rows += sum(pq.read_metadata(path).num_rows for path in files)
        manifest = upload(s3, settings, f"bench/{table}", contents)
        copy = COPY.substitute(target=f"stage_{table}", manifest=manifest, role=settings.copy_role)
        statements += [STAGE.substitute(table=table), copy, write_merge(table, schema)]
    for name in ("first", "again"):
        started = time.monotonic()
        warehouse.run_batch([Statement(sql) for sql in statements])
        seconds = time.monotonic() - started
        print(f"COPY + MERGE of five tables, {rows:,} rows, {name}: {seconds:.2f} s")


def write_merge(table: str, schema: StructType) -> str:
    names = [f'"{field.name}"' if field.name == "explicit" else field.name for field in schema]
    keys = [field.name for field in schema if not field.nullable]
    others = [name for name in names if name not in keys] or keys[:1]
    return MERGE.substitute(
        table=table,
        condition=" AND ".join(f"{table}.{key} = stage.{key}" for key in keys),
        changes=", ".join(f"{name} = stage.{name}" for name in others),
        columns=", ".join(names),
        values=", ".join(f"stage.{name}" for name in names),
    )


def copy_plays(s3: Any, warehouse: Warehouse, settings: Settings) -> None:
    """Load a million plays from one object into an empty table."""
    rng = np.random.default_rng(5)
    tracks = pa.array([f"track-{number:016d}" for number in range(90_000)])
    plays = pa.Table.from_arrays(
        [
            pa.array(rng.integers(1, 2**62, size=PLAYS)),
            tracks.take(pa.array(rng.integers(0, len(tracks), size=PLAYS))),
            pa.array(1_717_200_000_000_000 + np.arange(PLAYS), pa.timestamp("us", tz="UTC")),
        ],
        schema=arrow_schema(schemas.STREAMS),
    )
    buffer = io.BytesIO()
    pq.write_table(plays, buffer)
    manifest = upload(s3, settings, "bench/plays", [buffer.getvalue()])
    copy = COPY.substitute(target="plays", manifest=manifest, role=settings.copy_role)
    started = time.monotonic()
    warehouse.run_batch([Statement("CREATE TEMP TABLE plays (LIKE streams)"), Statement(copy)])
    seconds = time.monotonic() - started
    print(f"COPY of {PLAYS:,} plays: {seconds:.2f} s, {PLAYS / seconds:,.0f} rows a second")


def upload(s3: Any, settings: Settings, prefix: str, contents: list[bytes]) -> str:
    """Put objects and a manifest of them, and give the manifest's address."""
    entries = []
    for number, content in enumerate(contents):
        key = f"{prefix}/part-{number}.parquet"
        s3.put_object(Bucket=settings.data_bucket, Key=key, Body=content)
        entries.append(
            {
                "url": f"s3://{settings.data_bucket}/{key}",
                "mandatory": True,
                "meta": {"content_length": len(content)},
            }
        )
    manifest = json.dumps({"entries": entries}).encode()
    s3.put_object(Bucket=settings.data_bucket, Key=f"{prefix}.manifest", Body=manifest)
    return f"s3://{settings.data_bucket}/{prefix}.manifest"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
