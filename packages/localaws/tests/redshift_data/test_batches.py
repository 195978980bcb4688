"""A load as one batch: a temporary table, COPY by manifest, a check and a MERGE."""

import json
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from .conftest import BUCKET, ROLE, Warehouse

PAGE = "redshift/latest/mgmt/data-api.html"
COUNT_IS = "SELECT 1 / (CASE WHEN (SELECT count(*) FROM stage) = {} THEN 1 ELSE 0 END)"
MERGE = """
MERGE INTO plays_by_hour
USING stage
ON plays_by_hour.hour = stage.hour
WHEN MATCHED THEN UPDATE SET plays = stage.plays, artist = stage.artist
WHEN NOT MATCHED THEN INSERT (hour, plays, artist)
VALUES (stage.hour, stage.plays, stage.artist)
"""
NOON, ONE = (datetime.fromisoformat(f"2024-06-01 {hour}:00") for hour in (12, 13))


@pytest.fixture
def tables(warehouse: Warehouse) -> Warehouse:
    warehouse.run(
        "CREATE TABLE plays_by_hour (hour TIMESTAMP NOT NULL, plays BIGINT, artist VARCHAR(8),"
        " PRIMARY KEY (hour)) DISTSTYLE KEY DISTKEY (hour) SORTKEY (hour)",
        "INSERT INTO plays_by_hour VALUES ('2024-06-01 12:00:00', 1, 'old'),"
        " ('2024-05-31 09:00:00', 7, 'stays')",
    )
    return warehouse


def put_hours(warehouse: Warehouse, key: str, *rows: tuple[datetime, int, str | None]) -> None:
    """Put rows as a Parquet object, and a manifest that names it."""
    hours, plays, artists = zip(*rows, strict=True)
    table = pa.table(
        {
            "hour": pa.array(hours, pa.timestamp("us", tz="UTC")),
            "plays": pa.array(plays, pa.int64()),
            "artist": pa.array(artists, pa.string()),
        }
    )
    size = warehouse.put_parquet(f"{key}.parquet", table)
    entry = {
        "url": f"s3://{BUCKET}/{key}.parquet",
        "mandatory": True,
        "meta": {"content_length": size},
    }
    body = json.dumps({"entries": [entry]}).encode()
    warehouse.s3.put_object(Bucket=BUCKET, Key=f"{key}.manifest", Body=body)


def load(key: str, rows: int) -> list[str]:
    return [
        "CREATE TEMP TABLE stage (LIKE plays_by_hour)",
        f"COPY stage FROM 's3://{BUCKET}/{key}.manifest' IAM_ROLE '{ROLE}' FORMAT AS PARQUET"
        " MANIFEST",
        COUNT_IS.format(rows),
        MERGE,
        "DROP TABLE stage",
    ]


def hours(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.rows("SELECT hour, plays, artist FROM plays_by_hour ORDER BY hour")


@pytest.mark.rule("A batch is one transaction: all of it, or nothing", page=PAGE, group="data-api")
def test_a_load_is_one_batch_and_a_failed_check_undoes_all_of_it(tables: Warehouse) -> None:
    put_hours(tables, "loads/good", (NOON, 5, "new"), (ONE, 6, None))
    before = hours(tables)

    failed = tables.wait(tables.submit(*load("loads/good", rows=3)))
    states = [part["Status"] for part in failed["SubStatements"]]

    assert failed["Error"] == "ERROR: Divide by zero"
    assert states == ["FINISHED", "FINISHED", "FAILED", "ABORTED", "ABORTED"]
    assert hours(tables) == before
    for _ in range(2):  # a load may be repeated
        loaded = tables.run(*load("loads/good", rows=2))
        assert hours(tables) == [
            ("2024-05-31 09:00:00", 7, "stays"),
            ("2024-06-01 12:00:00", 5, "new"),
            ("2024-06-01 13:00:00", 6, None),
        ]
    assert [part["ResultRows"] for part in loaded["SubStatements"]][1:4] == [2, 1, 2]


def test_a_copy_that_fails_leaves_no_row_of_its_batch(tables: Warehouse) -> None:
    put_hours(tables, "loads/wide", (NOON, 5, "ninebytes"))
    put_hours(tables, "loads/fits", (NOON, 5, "eightbyt"))
    before = hours(tables)

    error = tables.refuse("DELETE FROM plays_by_hour", *load("loads/wide", rows=1))

    assert "Table: 8, Data: 9" in error
    assert hours(tables) == before
    tables.run("DELETE FROM plays_by_hour", *load("loads/fits", rows=1))
    assert hours(tables) == [("2024-06-01 12:00:00", 5, "eightbyt")]
