"""Statements run as Redshift would run them, on one open connection, in its transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2
import sqlglot
from sqlglot import TokenType, exp

from localaws.redshift_data import ddl
from localaws.redshift_data.copy_sources import open_sources
from localaws.redshift_data.copy_statement import read_copy
from localaws.redshift_data.gate import Parsed, parse
from localaws.redshift_data.login import create_user, read_new_user
from localaws.redshift_data.merge import check_merge, check_views
from localaws.redshift_data.parquet_copy import copy_parquet, read_columns
from localaws.redshift_data.sql_error import NotSupportedError, SqlError, translate
from localaws.redshift_data.translation import to_postgres

# PostgreSQL's type numbers: Redshift's names of them.
TYPE_NAMES = {
    16: "bool", 18: "char", 20: "int8", 21: "int2", 23: "int4", 25: "varchar", 700: "float4",
    701: "float8", 1042: "bpchar", 1043: "varchar", 1082: "date", 1083: "time",
    1114: "timestamp", 1184: "timestamptz", 1700: "numeric",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of a result, as the API describes it."""

    name: str
    type_name: str
    length: int
    precision: int
    scale: int


@dataclass(frozen=True)
class Outcome:
    """What a statement did: a result set, or none (`columns` is None), and the rows it touched."""

    columns: tuple[Column, ...] | None
    rows: list[tuple[Any, ...]]
    row_count: int


class Session:
    """One connection whose transaction the caller ends."""

    def __init__(
        self,
        connection: "psycopg2.extensions.connection",
        *,
        copy_roles: Sequence[str],
        s3: Any,
    ) -> None:
        self._connection = connection
        self._copy_roles = copy_roles
        self._s3 = s3

    def execute(self, sql: str) -> Outcome:
        """Run one statement; only TRUNCATE commits, as on Redshift.

        Raises:
            SqlError: It was refused, or it failed.
        """
        new_user = read_new_user(sql)
        parsed = None if new_user else parse(sql)
        try:
            return self._execute(parsed) if parsed else self._run(create_user(str(new_user)))
        except psycopg2.Error as error:
            raise translate(error) from error

    def _execute(self, parsed: Parsed) -> Outcome:
        tree = parsed.tree
        if isinstance(tree, exp.Copy):
            return self._copy(parsed)
        if isinstance(tree, exp.Analyze | exp.Set):
            return Outcome(None, [], -1)  # nothing here has statistics, nor a cache of results
        if isinstance(tree, exp.Merge):
            check_merge(tree)
            check_views(self._connection, tree)
        outcome = self._run(write_for_postgres(parsed))
        if isinstance(tree, exp.TruncateTable):
            self._connection.commit()
        return outcome

    def _run(self, sql: str | psycopg2.sql.Composed) -> Outcome:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            if cursor.description is None:
                return Outcome(None, [], cursor.rowcount)
            columns = tuple(describe(column) for column in cursor.description)
            try:
                return Outcome(columns, cursor.fetchall(), cursor.rowcount)
            except ValueError as error:
                raise NotSupportedError("a date before year 1 or after year 9999") from error

    def _copy(self, parsed: Parsed) -> Outcome:
        statement = read_copy(parsed.tokens)
        if statement.role != "default" and statement.role not in self._copy_roles:
            raise SqlError(
                f"ERROR: User is not authorized to assume IAM Role {statement.role}: it is none of "
                "the roles of this namespace"
            )
        columns = read_columns(self._connection, statement.table, statement.columns)
        count = 0
        for source in open_sources(self._s3, statement):
            count += copy_parquet(self._connection, statement.table, columns, source)
        return Outcome(None, [], count)


def write_for_postgres(parsed: Parsed) -> str:
    """Give PostgreSQL's text of a statement."""
    tree = parsed.tree
    if isinstance(tree, exp.Create) and tree.args.get("no_schema_binding"):
        raise NotSupportedError("WITH NO SCHEMA BINDING")
    if isinstance(tree, exp.Alter):
        return ddl.alter_table(tree) or parsed.sql
    if not isinstance(tree, exp.Create) or tree.kind != "TABLE":
        return to_postgres(parsed)
    query = to_postgres(query_of(parsed)) if tree.expression is not None else ""
    return ddl.create_table(tree, query)


def query_of(parsed: Parsed) -> Parsed:
    """Give the query of a CREATE TABLE … AS, which stands behind the first AS."""
    start = next(t.end + 1 for t in parsed.tokens if t.token_type == TokenType.ALIAS)
    sql = parsed.sql[start:]
    return Parsed(sql, tuple(sqlglot.tokenize(sql, read="redshift")), parsed.tree.expression)


def describe(column: "psycopg2.extensions.Column") -> Column:
    """Describe a column of a cursor."""
    return Column(
        name=column.name,
        type_name=TYPE_NAMES.get(column.type_code, "varchar"),
        length=column.internal_size if (column.internal_size or -1) > 0 else 0,
        precision=column.precision or 0,
        scale=column.scale or 0,
    )
