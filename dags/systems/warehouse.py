"""Redshift, by its Data API: statements, batches of one transaction, and its migrations."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from conf import places
from conf.forms import ROLE_ARN
from conf.sql import MIGRATION, list_migrations, read_statement

if TYPE_CHECKING:
    from types_boto3_redshift_data import RedshiftDataAPIServiceClient, type_defs

SQL_FOLDER = "conf.sql.redshift"
FIRST_POLL_SECONDS = 0.02
POLL_SECONDS = 1.0
# Serializable isolation violation; a table made after the transaction's snapshot.
CONFLICT = re.compile(r"ERROR: ?(1023|1018)\b")
ENDED = ("FINISHED", "FAILED", "ABORTED")

Value = str | int | float | bool | bytes | None


class WarehouseError(Exception):
    """The warehouse cannot do what was asked; the message is one line and says what to do."""


class SchemaVersionError(WarehouseError):
    """The warehouse is of another version than the code: no other try would do better."""


class TransactionConflictError(WarehouseError):
    """Another transaction was in the way (1023, 1018): nothing is changed, try the whole again."""


@dataclass(frozen=True)
class Statement:
    """One SQL statement, the values of its `:name` parameters, and what its failure means."""

    sql: str
    values: Mapping[str, str | int] | None = None
    failure: str = ""


@dataclass(frozen=True)
class Rows:
    """The answer of a query: names of its columns, and its rows; a null is None.

    Attributes:
        changed: the rows that a statement without an answer has touched; None where none is told.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Value, ...]]
    changed: int | None = None


@dataclass(frozen=True)
class Warehouse:
    """A database of a workgroup. `client` is boto3's of redshift-data.

    Its user is derived from the client's identity; a secret, by its ARN, names another one.
    """

    client: "RedshiftDataAPIServiceClient"
    workgroup: str
    database: str
    secret_arn: str = ""

    def query(self, statement: Statement) -> Rows:
        """Run one statement and give its rows; none for a statement that gives none.

        Raises:
            WarehouseError: The statement failed; the message is Redshift's.
        """
        request: type_defs.ExecuteStatementInputTypeDef
        request = {"Sql": statement.sql, "WorkgroupName": self.workgroup, "Database": self.database}
        if self.secret_arn:
            request["SecretArn"] = self.secret_arn
        if values := statement.values:
            request["Parameters"] = [{"name": n, "value": str(v)} for n, v in values.items()]
        answer = self.client.execute_statement(**request)
        description = self._wait(answer["Id"], [statement])
        if not description.get("HasResultSet"):
            changed = description.get("ResultRows", -1)  # -1: the API has no number
            return Rows((), [], changed if changed >= 0 else None)
        return self._read_result(answer["Id"])

    def run_batch(self, statements: Sequence[Statement]) -> None:
        """Run statements as one transaction: all of them, or none.

        Values are put into the SQL by `fill`: not every boto3 can bind them in a batch.

        Raises:
            TransactionConflictError: Another transaction was in the way.
            WarehouseError: One of them failed and all were rolled back.
        """
        sqls = [statement.sql for statement in statements]
        request: type_defs.BatchExecuteStatementInputTypeDef
        request = {"Sqls": sqls, "WorkgroupName": self.workgroup, "Database": self.database}
        if self.secret_arn:
            request["SecretArn"] = self.secret_arn
        answer = self.client.batch_execute_statement(**request)
        self._wait(answer["Id"], statements)

    def _wait(
        self, statement_id: str, statements: Sequence[Statement]
    ) -> "type_defs.DescribeStatementResponseTypeDef":
        pause = FIRST_POLL_SECONDS
        while True:
            description = self.client.describe_statement(Id=statement_id)
            if description["Status"] in ENDED:
                break
            time.sleep(pause)
            pause = min(POLL_SECONDS, pause * 2)
        if description["Status"] != "FINISHED":
            raise _error_of(description, statements)
        return description

    def _read_result(self, statement_id: str) -> Rows:
        columns: tuple[str, ...] = ()
        rows: list[tuple[Value, ...]] = []
        request: type_defs.GetStatementResultRequestTypeDef = {"Id": statement_id}
        while True:
            page = self.client.get_statement_result(**request)
            columns = tuple(column["name"] for column in page["ColumnMetadata"])
            rows += [tuple(_value(field) for field in record) for record in page["Records"]]
            if not page.get("NextToken"):
                return Rows(columns, rows)
            request["NextToken"] = page["NextToken"]


def _error_of(
    description: "type_defs.DescribeStatementResponseTypeDef", statements: Sequence[Statement]
) -> WarehouseError:
    """Give Redshift's error, with what the statement that failed stands for."""
    error = description.get("Error") or f"it was {description['Status'].lower()}"
    reason = " ".join(error.split())
    # A batch that fails as a whole may name no statement of it.
    states: list[str] = [part["Status"] for part in description.get("SubStatements", ())]
    if not states and len(statements) == 1:
        states = [description["Status"]]
    meanings = [
        statement.failure
        for state, statement in zip(states, statements, strict=False)
        if state == "FAILED" and statement.failure
    ]
    told = ": ".join([*meanings, f"Redshift refused statement {description['Id']}", reason])
    is_conflict = CONFLICT.search(reason) is not None
    return TransactionConflictError(told) if is_conflict else WarehouseError(told)


def missing_migrations(warehouse: Warehouse) -> list[str]:
    """Give the migrations that the warehouse lacks; the daily run applies none.

    Raises:
        SchemaVersionError: It has one that this version does not know.
        WarehouseError: It cannot be asked.
    """
    try:
        seen = read_schema_version(warehouse)
    except WarehouseError as error:
        if '"schema_version" does not exist' not in str(error):
            raise
        seen = set()
    known = dict(list_migrations(SQL_FOLDER))
    unknown = sorted(seen - known.keys())
    if unknown:
        raise SchemaVersionError(
            f"the warehouse has migrations {unknown}, which this version of the code does not "
            "know: deploy the version that made them"
        )
    return [file_name for version, file_name in known.items() if version not in seen]


def read_state(warehouse: Warehouse) -> tuple[int, str | None]:
    """Give the last commit and the key of its plan, None before the first one.

    Raises:
        WarehouseError: `etl_state` does not hold its one row.
    """
    rows = warehouse.query(Statement(read_sql("select_etl_state"))).rows
    if len(rows) != 1:
        raise WarehouseError(
            f"etl_state holds {len(rows)} rows and not one: restore the warehouse from a snapshot"
        )
    return int(str(rows[0][0])), cast("str | None", rows[0][1])


def migrate(warehouse: Warehouse) -> list[str]:
    """Apply the migrations that are missing, each in its transaction; give their file names."""
    warehouse.query(Statement(read_sql("create_schema_version")))
    seen = read_schema_version(warehouse)
    applied = []
    for version, file_name in list_migrations(SQL_FOLDER):
        if version not in seen:
            values: dict[str, str | int] = {"version": version, "file_name": file_name}
            note = fill(read_sql("insert_schema_version"), values)
            migration = read_sql(file_name.removesuffix(".sql"))
            warehouse.run_batch([Statement(migration), Statement(note)])
            applied.append(file_name)
    return applied


def read_schema_version(warehouse: Warehouse) -> set[int]:
    """Give the numbers of the migrations that the warehouse has."""
    rows = warehouse.query(Statement(read_sql("select_schema_version"))).rows
    return {int(str(row[0])) for row in rows}


def read_sql(name: str) -> str:
    """Read a statement of `conf/sql/redshift`, without its comments."""
    return read_statement(SQL_FOLDER, name)


LITERALS: dict[str, re.Pattern[str]] = {
    "version": re.compile(r"[0-9]{1,4}"),
    "file_name": MIGRATION,
    "commit": re.compile(r"[0-9]{1,10}"),
    "before": re.compile(r"[0-9]{1,10}"),
    "rows": re.compile(r"[0-9]{1,18}"),
    "plan": places.PLAN_KEY,
    "manifest": re.compile(r"s3://[a-z0-9.-]{3,63}/[A-Za-z0-9=/._-]{1,500}"),
    "role": ROLE_ARN,
    **dict.fromkeys(("first_day", "after_last_day"), re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")),
}


def fill(sql: str, values: Mapping[str, str | int]) -> str:
    """Put checked values in the place of `$name` markers, quoted where they are texts.

    Raises:
        WarehouseError: A value is not of its pattern, a marker has no value, or the reverse.
    """
    markers = set(re.findall(r"\$([a-z_]+)", sql))
    if markers != values.keys():
        raise WarehouseError(f"the statement takes {sorted(markers)}, got {sorted(values)}")
    literals = {}
    for name, value in values.items():
        if not LITERALS[name].fullmatch(str(value)):
            raise WarehouseError(f"{name} may not enter SQL: {value!r}")
        literals[name] = str(value) if isinstance(value, int) else f"'{value}'"
    return re.sub(r"\$([a-z_]+)", lambda match: literals[match[1]], sql)


def _value(field: "type_defs.FieldTypeDef") -> Value:
    """Give a field's value as the API typed it; dates, times and decimals are texts."""
    return None if field.get("isNull") else cast("Value", next(iter(field.values())))
