"""The warehouse's DDL is the schemas': names, order, types, widths and keys."""

import re

import pytest
from pyspark.sql.types import StructField, StructType

from dags.systems.warehouse import migrations, read_sql
from spark_jobs import schemas

TYPES = {
    "bigint": "BIGINT",
    "int": "INTEGER",
    "double": "DOUBLE PRECISION",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


def expected_column(field: StructField) -> str:
    name = '"explicit"' if field.name == "explicit" else field.name
    width = field.metadata.get("width")
    kind = f"VARCHAR({width})" if width else TYPES[field.dataType.simpleString()]
    return f"{name} {kind}" + ("" if field.nullable else " NOT NULL")


@pytest.mark.parametrize(("table", "schema"), schemas.TABLES.items())
def test_a_table_has_the_columns_of_its_schema(table: str, schema: StructType) -> None:
    (name,) = [name for _, name in migrations() if name.endswith(f"_create_{table}.sql")]
    body = re.search(r"CREATE TABLE \w+ \(\n(.*?)\n\)", read_sql(name.removesuffix(".sql")), re.S)
    assert body is not None

    lines = [line.strip().removesuffix(",") for line in body[1].splitlines()]

    keys = ", ".join(field.name for field in schema if not field.nullable)
    assert lines == [*map(expected_column, schema), f"PRIMARY KEY ({keys})"]


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [number for number, _ in migrations()]

    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == 7


def test_every_file_says_what_it_does_and_whether_it_may_be_repeated() -> None:
    names = [name.removesuffix(".sql") for _, name in migrations()]
    names += ["create_schema_version", "insert_schema_version", "select_schema_version"]

    texts = [read_sql(name) for name in names]

    assert all(text.startswith("-- ") and "Safe to repeat: " in text for text in texts)
    assert len(texts) == 10
