"""Datasets are written once, in one shape, and read by what `_files.json` lists."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs import schemas, storage
from spark_jobs.errors import JobError, SchemaMismatchError
from tests.builders import A_TRACK, a_play, at, frame, plays

STREAMS_TEXT = "user_id bigint, track_id string, listen_time timestamp"


def listing_of(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "_files.json").read_text())
    return document


def assert_same_rows(actual: DataFrame, expected: DataFrame) -> None:
    assert_df_equality(
        actual, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True
    )


def test_a_dataset_comes_back_as_written_in_the_schemas_order(
    spark: SparkSession, tmp_path: Path
) -> None:
    written = plays(spark, a_play(1), a_play(2, "🎵", "2000-01-01 00:00:00.000001"))

    rows = storage.write(written, f"file:{tmp_path}/streams", schemas.STREAMS)

    found = storage.read(spark, f"file:{tmp_path}/streams", schemas.STREAMS)
    assert rows == 2
    assert found.columns == ["user_id", "track_id", "listen_time"]
    assert_same_rows(found, written)


def test_the_listing_gives_schema_path_bytes_and_rows_of_each_file(
    spark: SparkSession, tmp_path: Path
) -> None:
    folder = tmp_path / "streams"
    written = spark.range(0, 100, 1, 3).select(
        F.col("id").alias("user_id"),
        F.lit("t").alias("track_id"),
        F.lit("2024-06-25").cast("timestamp").alias("listen_time"),
    )

    rows = storage.write(written, f"file:{folder}", schemas.STREAMS)

    listing = listing_of(folder)
    assert rows == 100
    assert listing["schema"] == STREAMS_TEXT
    assert len(listing["files"]) == 3
    for file in listing["files"]:
        path = folder / file["path"]
        assert file["bytes"] == path.stat().st_size
        assert file["rows"] == pyarrow.parquet.ParquetFile(path).metadata.num_rows
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
    assert {file["path"] for file in listing["files"]} == found
    assert {path.name for path in folder.iterdir()} == {"_files.json", *found}


def test_a_partition_column_parts_the_files_and_is_not_in_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    folder = tmp_path / "streams"
    written = plays(
        spark, a_play(1, "t", "2024-06-25 00:00:00"), a_play(2, "t", "2024-06-26 00:00:00")
    )
    with_day = written.withColumn("listen_date", F.col("listen_time").cast("date"))

    storage.write(with_day, f"file:{folder}", schemas.STREAMS, partition_column="listen_date")

    paths = [file["path"] for file in listing_of(folder)["files"]]
    assert [path.split("/")[0] for path in paths] == [
        "listen_date=2024-06-25",
        "listen_date=2024-06-26",
    ]
    for path in paths:
        names = pyarrow.parquet.read_schema(folder / path).names
        assert names == ["user_id", "track_id", "listen_time"]
    assert_same_rows(storage.read(spark, f"file:{folder}", schemas.STREAMS), written)


@pytest.mark.parametrize("partition_column", [None, "listen_date"])
def test_a_dataset_of_no_rows_is_written_and_read(
    spark: SparkSession, tmp_path: Path, partition_column: str | None
) -> None:
    empty = plays(spark)
    if partition_column:
        empty = empty.withColumn(partition_column, F.lit(date(2024, 6, 25)))

    rows = storage.write(
        empty, f"file:{tmp_path}/streams", schemas.STREAMS, partition_column=partition_column
    )

    assert rows == 0
    assert sum(file["rows"] for file in listing_of(tmp_path / "streams")["files"]) == 0
    assert_same_rows(storage.read(spark, f"file:{tmp_path}/streams", schemas.STREAMS), plays(spark))


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (["user_id", "track_id"], "user_id bigint, track_id string"),
        (["track_id", "user_id", "listen_time"], "track_id string, user_id bigint, "),
        (["user_id", "track_id", "listen_time", "user_id AS x"], f"{STREAMS_TEXT}, x bigint"),
        (["user_id", "track_id", "listen_time AS hour"], "hour timestamp"),
        (["user_id", "track_id AS Track_id", "listen_time"], "Track_id string"),
        (["int(user_id) AS user_id", "track_id", "listen_time"], "user_id int, "),
        (["user_id", "binary(track_id) AS track_id", "listen_time"], "track_id binary"),
        (["user_id", "track_id", "date(listen_time) AS listen_time"], "listen_time date"),
        (
            ["user_id", "track_id", "CAST(listen_time AS TIMESTAMP_NTZ) AS listen_time"],
            "listen_time timestamp_ntz",
        ),
    ],
    ids=lambda value: None if isinstance(value, str) else value[-1],
)
def test_the_writer_refuses_other_names_order_or_types(
    spark: SparkSession, tmp_path: Path, columns: list[str], found: str
) -> None:
    wrong = plays(spark, a_play()).selectExpr(*columns)

    with pytest.raises(SchemaMismatchError) as error:
        storage.write(wrong, f"file:{tmp_path}/streams", schemas.STREAMS)

    assert f"streams takes ({STREAMS_TEXT}), got (" in str(error.value)
    assert found in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_the_partition_column_stands_last_and_is_named(spark: SparkSession, tmp_path: Path) -> None:
    first = plays(spark, a_play()).selectExpr("date(listen_time) AS day", "*")

    for name in ("day", "other"):
        with pytest.raises(SchemaMismatchError):
            storage.write(first, f"file:{tmp_path}/x", schemas.STREAMS, partition_column=name)


def test_a_folder_that_is_there_is_not_written_to(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "part-0.parquet").write_bytes(b"of a killed attempt")

    with pytest.raises(JobError, match="is there already: an attempt's folder is written once"):
        storage.write(plays(spark, a_play()), f"file:{tmp_path}", schemas.STREAMS)

    assert [path.name for path in tmp_path.iterdir()] == ["part-0.parquet"]


def test_a_file_that_is_not_listed_is_not_read(spark: SparkSession, tmp_path: Path) -> None:
    folder, other = tmp_path / "streams", tmp_path / "other"
    storage.write(plays(spark, a_play(1)), f"file:{folder}", schemas.STREAMS)
    storage.write(plays(spark, a_play(2)), f"file:{other}", schemas.STREAMS)
    for path in other.glob("*.parquet"):
        shutil.copy(path, folder / f"leftover-{path.name}")
    (folder / "broken.parquet").write_bytes(b"no parquet")

    found = storage.read(spark, f"file:{folder}", schemas.STREAMS)

    assert_same_rows(found, plays(spark, a_play(1)))


@pytest.mark.parametrize("exists", [True, False])
def test_a_dataset_without_its_listing_is_not_read(
    spark: SparkSession, tmp_path: Path, exists: bool
) -> None:
    if exists:
        storage.write(plays(spark, a_play()), f"file:{tmp_path}/streams", schemas.STREAMS)
        (tmp_path / "streams" / "_files.json").unlink()

    with pytest.raises(JobError, match=r"streams/_files\.json cannot be read"):
        storage.read(spark, f"file:{tmp_path}/streams", schemas.STREAMS)


def test_a_dataset_of_another_shape_is_not_read(spark: SparkSession, tmp_path: Path) -> None:
    totals = frame(spark, schemas.TRACK_PLAYS, (A_TRACK, 1))
    storage.write(totals, f"file:{tmp_path}/x", schemas.TRACK_PLAYS)

    with pytest.raises(SchemaMismatchError, match=r"x holds \(track_id string, play_count bigint"):
        storage.read(spark, f"file:{tmp_path}/x", schemas.STREAMS)


def test_times_are_stored_as_microseconds_of_utc(spark: SparkSession, tmp_path: Path) -> None:
    hour = frame(spark, schemas.TOUCHED_HOURS, (at("2024-06-25 17:00:00"),))

    storage.write(hour, f"file:{tmp_path}/x", schemas.TOUCHED_HOURS)

    (path,) = (tmp_path / "x").glob("*.parquet")
    field = pyarrow.parquet.ParquetFile(path).schema.column(0)
    assert field.physical_type == "INT64"
    assert "timeUnit=microseconds" in str(field.logical_type)
    assert "isAdjustedToUTC=true" in str(field.logical_type)


def test_scratch_comes_back_as_written_and_is_never_overwritten(
    spark: SparkSession, tmp_path: Path
) -> None:
    written = plays(spark, a_play(1), a_play(1), a_play(2))

    found = storage.write_scratch(written, f"file:{tmp_path}/lines", schemas.STREAMS)

    assert_same_rows(found, written)
    with pytest.raises(JobError, match="is there already"):
        storage.write_scratch(written, f"file:{tmp_path}/lines", schemas.STREAMS)
    with pytest.raises(SchemaMismatchError):
        storage.write_scratch(written, f"file:{tmp_path}/other", schemas.TRACK_PLAYS)


def test_few_rows_come_as_they_are_without_a_python_worker(spark: SparkSession) -> None:
    odd = 'a "quote"\n\x00\u2028 é\U0001f600 \\ {}'
    rows = [
        ("p", 2**31 - 1, odd, 3, 0, 1, 2, odd, at("2024-06-25 17:00:00.000001")),
        ("q", 0, "", 3, 0, 1, 2, "", at("1969-12-31 23:59:59.999999")),
    ]

    found = storage.from_rows(spark, rows, schemas.CLAIMED_FILES)

    assert_same_rows(found, frame(spark, schemas.CLAIMED_FILES, *rows))
    plan = found._jdf.queryExecution().executedPlan().toString()  # type: ignore[operator]
    assert "ExistingRDD" not in plan


def test_no_rows_are_known_to_be_none_when_they_are_planned(spark: SparkSession) -> None:
    nothing = storage.from_rows(spark, [], schemas.STREAMS)

    assert storage.describe(nothing.schema) == storage.describe(schemas.STREAMS)
    assert nothing.collect() == []
    plan = nothing._jdf.queryExecution().optimizedPlan().toString()  # type: ignore[operator]
    assert plan.startswith("LocalRelation <empty>")
