"""The warehouse's SQL is the schemas': names, order, types, widths and keys."""

import re
from importlib import resources

import pytest
from pyspark.sql.types import StructField, StructType

from conf.sql import list_migrations
from dags.protocol.users import NAMES as USER_NAMES
from dags.systems.warehouse import LITERALS, SQL_FOLDER, read_sql
from spark_jobs import schemas

TYPES = {
    "bigint": "BIGINT",
    "int": "INTEGER",
    "double": "DOUBLE PRECISION",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
FILES = [file.name for file in resources.files(SQL_FOLDER).iterdir()]
NAMES = sorted(name.removesuffix(".sql") for name in FILES if name.endswith(".sql"))
MERGE = re.compile(
    r"MERGE INTO (?P<table>\w+)\n"
    r"USING stage_(?P=table) AS stage\n"
    r"ON (?P<on>.*?)\n"
    r"WHEN MATCHED THEN UPDATE SET\n(?P<set>.*?)\n"
    r"WHEN NOT MATCHED THEN INSERT \(\n(?P<insert>.*?)\n\)\n"
    r"VALUES \(\n(?P<values>.*?)\n\)",
    re.DOTALL,
)


def quoted(name: str) -> str:
    return '"explicit"' if name == "explicit" else name


def expected_column(field: StructField) -> str:
    width = field.metadata.get("width")
    kind = f"VARCHAR({width})" if width else TYPES[field.dataType.simpleString()]
    return f"{quoted(field.name)} {kind}" + ("" if field.nullable else " NOT NULL")


def text_of(name: str) -> str:
    """Give a file with its header."""
    return resources.files(SQL_FOLDER).joinpath(f"{name}.sql").read_text("utf-8")


def lines_of(text: str) -> list[str]:
    return [line.strip().removesuffix(",") for line in text.splitlines()]


@pytest.mark.parametrize(("table", "schema"), schemas.TABLES.items())
def test_a_table_has_the_columns_of_its_schema(table: str, schema: StructType) -> None:
    (name,) = [
        name for _, name in list_migrations(SQL_FOLDER) if name.endswith(f"_create_{table}.sql")
    ]
    body = re.search(r"CREATE TABLE \w+ \(\n(.*?)\n\)", read_sql(name.removesuffix(".sql")), re.S)
    assert body is not None

    lines = lines_of(body[1])

    keys = ", ".join(field.name for field in schema if not field.nullable)
    assert lines == [*map(expected_column, schema), f"PRIMARY KEY ({keys})"]


@pytest.mark.parametrize(("table", "schema"), schemas.TABLES.items())
def test_a_merge_brings_every_column_of_its_schema_in_order(table: str, schema: StructType) -> None:
    found = MERGE.fullmatch(read_sql(f"merge_{table}"))
    assert found is not None

    names = [quoted(field.name) for field in schema]
    keys = [field.name for field in schema if not field.nullable]
    # MERGE needs something to set: where all is key, its last column is set to itself.
    changed = [quoted(field.name) for field in schema if field.nullable] or keys[-1:]
    assert found["table"] == table
    assert found["on"].split("\nAND ") == [f"{table}.{key} = stage.{key}" for key in keys]
    assert lines_of(found["set"]) == [f"{name} = stage.{name}" for name in changed]
    assert lines_of(found["insert"]) == names
    assert lines_of(found["values"]) == [f"stage.{name}" for name in names]


@pytest.mark.parametrize("table", schemas.TABLES)
def test_a_stage_is_made_filled_and_counted_as_its_table(table: str) -> None:
    copied = "IAM_ROLE $role\nFORMAT AS PARQUET\nMANIFEST"

    assert read_sql(f"create_stage_{table}") == f"CREATE TEMP TABLE stage_{table} (LIKE {table})"
    assert read_sql(f"copy_stage_{table}") == f"COPY stage_{table}\nFROM $manifest\n{copied}"
    assert read_sql(f"check_stage_{table}") == (
        f"SELECT 1 / (CASE WHEN (SELECT COUNT(*) FROM stage_{table}) = $rows THEN 1 ELSE 0 END)"
    )


def test_the_stage_of_the_touched_hours_has_the_columns_of_its_schema() -> None:
    body = re.search(r"\(\n(.*?)\n\)", read_sql("create_stage_touched_hours"), re.S)
    assert body is not None

    assert lines_of(body[1]) == [*map(expected_column, schemas.TOUCHED_HOURS)]
    assert read_sql("copy_stage_touched_hours").startswith("COPY stage_touched_hours\nFROM $man")


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [number for number, _ in list_migrations(SQL_FOLDER)]

    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == 7


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_what_it_does_and_whether_it_may_be_repeated(name: str) -> None:
    header, code = re.fullmatch(r"((?:--[^\n]*\n)+)(.*)", text_of(name), re.S).groups()

    assert header.startswith("-- ")
    assert "Safe to repeat: " in header
    assert "--" not in code


@pytest.mark.parametrize("name", NAMES)
def test_a_file_names_its_markers_and_each_has_its_pattern(name: str) -> None:
    stated = re.search(r"Markers: ([a-z_, ]+)\.", text_of(name))

    markers = set(re.findall(r"\$([a-z_]+)", read_sql(name)))

    assert markers == (set(stated[1].split(", ")) if stated else set())
    assert markers <= LITERALS.keys() | USER_NAMES.keys()


def test_no_date_part_is_written_where_a_column_has_its_name() -> None:
    assert [name for name in NAMES if re.search(r"DATE_?ADD", read_sql(name))] == []
    assert "MAX(hour) + INTERVAL '1 hour'" in read_sql("check_hours")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_holds_one_statement(name: str) -> None:
    assert ";" not in read_sql(name)
    assert read_sql(name).split()[0] in {
        *("SELECT", "SET", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "CREATE"),
        *("GRANT", "REVOKE"),
    }


@pytest.mark.parametrize("name", ["select_etl_state", "reconcile_streams", "reconcile_hourly_kpis"])
def test_a_state_that_is_asked_alone_is_never_answered_from_the_cache(name: str) -> None:
    assert "WHERE GETDATE() IS NOT NULL" in read_sql(name)


def test_no_file_is_overlooked() -> None:
    per_table = {"merge", "create_stage", "copy_stage", "check_stage"}
    expected = {f"{verb}_{table}" for verb in per_table for table in schemas.TABLES}

    assert expected <= set(NAMES)
    assert len(NAMES) > 40
