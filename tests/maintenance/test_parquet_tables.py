"""Small tables by Arrow: read, merged and written with the project's schemas."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from maintenance.parquet_tables import (
    arrow_schema,
    count_rows,
    merge_hours,
    read_table,
    write_table,
)
from spark_jobs import schemas


def an_hour(hour: int, plays: int = 1) -> tuple[object, ...]:
    return (datetime(2024, 6, 1, hour, tzinfo=UTC), plays, plays, plays, "Mira Vale", plays, 1.0)


def hours(*rows: tuple[object, ...]) -> pa.Table:
    schema = arrow_schema(schemas.HOURLY_KPIS)
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def test_a_computed_hour_takes_the_place_of_the_previous_one_and_others_stay() -> None:
    previous = hours(an_hour(1), an_hour(2), an_hour(3))
    computed = hours(an_hour(4, plays=40), an_hour(2, plays=20))

    merged = merge_hours(previous, computed)

    assert merged.equals(hours(an_hour(1), an_hour(2, plays=20), an_hour(3), an_hour(4, plays=40)))


def test_merging_with_nothing_changes_nothing() -> None:
    some, none = hours(an_hour(1)), hours()

    assert merge_hours(some, none).equals(some)
    assert merge_hours(none, some).equals(some)
    assert merge_hours(none, none).equals(none)


def test_a_folder_without_files_and_no_folder_are_empty_tables(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        table = read_table(folder, schemas.SONGS)

        assert table.num_rows == 0
        assert table.schema == arrow_schema(schemas.SONGS)


def test_what_is_written_is_read_with_the_projects_schema(tmp_path: Path) -> None:
    table = hours(an_hour(1), an_hour(2))

    write_table(table, tmp_path / "hourly_kpis")

    assert read_table(tmp_path / "hourly_kpis", schemas.HOURLY_KPIS).equals(table)
    stored = pq.read_schema(tmp_path / "hourly_kpis" / "part-00000.parquet")
    assert stored.field("hour").type == pa.timestamp("us", tz="UTC")


def test_all_files_of_a_folder_are_read_and_counted(tmp_path: Path) -> None:
    pq.write_table(hours(an_hour(1), an_hour(2)), tmp_path / "a.parquet")
    pq.write_table(hours(an_hour(3)), tmp_path / "b.parquet")
    (tmp_path / "notes.txt").write_text("no table")

    assert read_table(tmp_path, schemas.HOURLY_KPIS).num_rows == 3
    assert count_rows(sorted(tmp_path.glob("*.parquet"))) == 3


def test_every_type_of_every_dataset_has_its_arrow_type() -> None:
    for schema in (*schemas.TABLES.values(), schemas.QUARANTINE, schemas.TRACK_PLAYS):
        assert arrow_schema(schema).names == schema.fieldNames()
