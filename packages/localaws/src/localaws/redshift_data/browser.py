"""Databases, schemas, tables and columns, as the API lists them."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import psycopg2

from localaws.endpoint.service import Operation, ServiceError
from localaws.errors import LocalAwsError
from localaws.redshift_data.paging import cut_page, is_like
from localaws.redshift_data.places import Places
from localaws.redshift_data.session import TYPE_NAMES
from localaws.redshift_data.translation import SCHEMA

SCHEMAS = """
    SELECT nspname
    FROM pg_namespace
    WHERE nspname NOT LIKE %s AND nspname <> %s
    ORDER BY nspname
"""
TABLES = """
    SELECT table_schema, table_name, table_type
    FROM information_schema.tables
    WHERE table_schema NOT LIKE %s AND table_schema <> %s
    ORDER BY table_schema, table_name
"""
COLUMNS = """
    SELECT attname, atttypid::integer, attnotnull, atttypmod - 4, pg_get_expr(adbin, adrelid)
    FROM pg_attribute
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    JOIN pg_class ON pg_class.oid = attrelid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = %s AND relname = %s AND attnum > 0 AND NOT attisdropped
    ORDER BY attnum
"""
INTERNAL = "pg\\_%"
NUMERIC = 1700


class Browser:
    """The operations that list what is there."""

    def __init__(self, places: Places, find_dsn: Callable[[str], dict[str, Any]]) -> None:
        self._places = places
        self._find_dsn = find_dsn
        self.operations: Mapping[str, Operation] = {
            "ListDatabases": self.list_databases,
            "ListSchemas": self.list_schemas,
            "ListTables": self.list_tables,
            "DescribeTable": self.describe_table,
        }

    def list_databases(self, values: dict[str, Any]) -> dict[str, Any]:
        """List the databases of a workgroup."""
        self._places.check(values)
        names, token = cut_page(self._places.databases(values["WorkgroupName"]), values)
        return {"Databases": names, "NextToken": token}

    def list_schemas(self, values: dict[str, Any]) -> dict[str, Any]:
        """List the schemas of a database."""
        self._places.check(values)
        names = [
            name
            for name in self._list_schemas(values["Database"])
            if is_like(name, values.get("SchemaPattern"))
        ]
        names, token = cut_page(names, values)
        return {"Schemas": names, "NextToken": token}

    def list_tables(self, values: dict[str, Any]) -> dict[str, Any]:
        """List the tables of a database."""
        self._places.check(values)
        tables = [
            table
            for table in self._list_tables(values["Database"])
            if is_like(table["schema"], values.get("SchemaPattern"))
            and is_like(table["name"], values.get("TablePattern"))
        ]
        tables, token = cut_page(tables, values)
        return {"Tables": tables, "NextToken": token}

    def describe_table(self, values: dict[str, Any]) -> dict[str, Any]:
        """Give the columns of a table; none where there is no such table."""
        self._places.check(values)
        columns = self._list_columns(
            values["Database"], values.get("Schema", "public"), values.get("Table", "")
        )
        columns, token = cut_page(columns, values)
        return {"TableName": values.get("Table"), "ColumnList": columns, "NextToken": token}

    def _list_schemas(self, database: str) -> list[str]:
        return [row[0] for row in self._fetch(database, SCHEMAS, (INTERNAL, SCHEMA))]

    def _list_tables(self, database: str) -> list[dict[str, str]]:
        rows = self._fetch(database, TABLES, (INTERNAL, SCHEMA))
        kinds = {"BASE TABLE": "TABLE", "VIEW": "VIEW"}
        return [
            {"schema": schema, "name": name, "type": kinds.get(kind, "SYSTEM TABLE")}
            for schema, name, kind in rows
        ]

    def _list_columns(self, database: str, schema: str, table: str) -> list[dict[str, Any]]:
        rows = self._fetch(database, COLUMNS, (schema, table))
        return [
            {
                "name": name,
                "label": name,
                "typeName": TYPE_NAMES.get(type_number, "varchar"),
                "nullable": 0 if is_required else 1,
                **measure(type_number, size),
                "schemaName": schema,
                "tableName": table,
                "columnDefault": default,
            }
            for name, type_number, is_required, size, default in rows
        ]

    def _fetch(self, database: str, sql: str, values: tuple[str, ...]) -> list[tuple[Any, ...]]:
        try:
            connection = psycopg2.connect(**self._find_dsn(database))
        except (psycopg2.OperationalError, LocalAwsError) as error:
            message = f"the database cannot be reached: {' '.join(str(error).split())}"
            raise ServiceError("DatabaseConnectionException", message) from error
        with contextlib.closing(connection), connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())


def measure(type_number: int, size: int) -> dict[str, int]:
    """Give a column's length, precision and scale from PostgreSQL's one number for them."""
    if size < 0:
        return {"length": 0, "precision": 0, "scale": 0}
    if type_number == NUMERIC:
        return {"length": 0, "precision": size >> 16, "scale": size & 0x7FF}
    return {"length": size, "precision": 0, "scale": 0}
