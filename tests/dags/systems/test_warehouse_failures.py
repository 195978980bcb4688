"""A batch that failed says what it was about, and whether another try may do better."""

from collections.abc import Sequence
from typing import Any

import pytest

from dags.systems import warehouse
from dags.systems.warehouse import (
    Statement,
    TransactionConflictError,
    Warehouse,
    WarehouseError,
)


class FailingBatch:
    """A client whose batch has ended as it is told."""

    def __init__(self, description: dict[str, Any]) -> None:
        self.description = description

    def batch_execute_statement(self, Sqls: Sequence[str], **_: str) -> dict[str, str]:  # noqa: N803
        return {"Id": "id-1"}

    def describe_statement(self, Id: str) -> dict[str, Any]:  # noqa: N803
        return {"Id": Id} | self.description


BATCH = [Statement("UPDATE a"), Statement("SELECT 1 / 0", failure="b has too few rows")]


def failed(error: str, *states: str) -> dict[str, Any]:
    return {"Status": "FAILED", "Error": error, "SubStatements": [{"Status": s} for s in states]}


def run_failing(description: dict[str, Any]) -> WarehouseError:
    with pytest.raises(WarehouseError) as caught:
        Warehouse(FailingBatch(description), "w", "d").run_batch(BATCH)
    return caught.value


def test_the_statement_of_a_batch_that_failed_is_told_by_what_it_stands_for() -> None:
    error = run_failing(failed("ERROR: Divide\n  by zero", "FINISHED", "FAILED"))

    told = "b has too few rows: Redshift refused statement id-1: ERROR: Divide by zero"
    assert str(error) == told
    assert not isinstance(error, TransactionConflictError)


def test_a_statement_without_a_meaning_is_told_in_redshifts_words_alone() -> None:
    error = run_failing(failed("ERROR: no", "FAILED", "ABORTED"))

    assert str(error) == "Redshift refused statement id-1: ERROR: no"


@pytest.mark.parametrize("parts", [(), ("ABORTED",)])
def test_a_batch_that_names_no_statement_is_told_all_the_same(parts: tuple[str, ...]) -> None:
    client = FailingBatch(failed("ERROR: the session is gone", *parts))
    batch = [Statement("SELECT 1 / 0", failure="a has too few rows"), Statement("SELECT 1")]

    with pytest.raises(WarehouseError) as caught:
        Warehouse(client, "w", "d").run_batch(batch)

    assert str(caught.value) == "Redshift refused statement id-1: ERROR: the session is gone"


def test_a_single_statement_that_failed_is_told_by_what_it_stands_for() -> None:
    client = FailingBatch({"Status": "FAILED", "Error": "ERROR: no"})

    with pytest.raises(WarehouseError, match="^a is not there: Redshift refused statement id-1: "):
        Warehouse(client, "w", "d").run_batch([Statement("SELECT", failure="a is not there")])


def test_a_batch_that_was_aborted_is_told_without_a_reason() -> None:
    error = run_failing({"Status": "ABORTED"})

    assert str(error) == "Redshift refused statement id-1: it was aborted"


@pytest.mark.parametrize(
    ("reason", "is_conflict"),
    [
        ("ERROR:1023 DETAIL: Serializable isolation violation on table - 142443", True),
        ("ERROR: 1023\n  Detail: Serializable isolation violation", True),
        ("ERROR: 1018 DETAIL: Relation does not exist", True),
        ("ERROR: 10234 is no user", False),
        ("ERROR: user 1023 is unknown", False),
    ],
)
def test_a_conflict_with_another_transaction_is_told_from_other_errors(
    reason: str, is_conflict: bool
) -> None:
    error = run_failing(failed(reason, "FINISHED", "FAILED"))

    assert isinstance(error, TransactionConflictError) is is_conflict


def test_a_warehouse_that_was_never_migrated_lacks_all() -> None:
    error = 'ERROR: relation "schema_version" does not exist'
    client = FailingClient(error)

    missing = warehouse.missing_migrations(Warehouse(client, "a-workgroup", "a-database"))

    assert len(missing) == 7


def test_a_warehouse_of_a_newer_version_is_told() -> None:
    client = VersionsClient(range(1, 10))

    with pytest.raises(warehouse.SchemaVersionError, match=r"migrations \[8, 9\], which this"):
        warehouse.missing_migrations(Warehouse(client, "a-workgroup", "a-database"))


class FailingClient:
    """Every statement fails with this error."""

    def __init__(self, error: str) -> None:
        self.error = error

    def execute_statement(self, **_: Any) -> dict[str, str]:
        return {"Id": "id-1"}

    def describe_statement(self, **_: Any) -> dict[str, Any]:
        return {"Id": "id-1", "Status": "FAILED", "Error": self.error}


class VersionsClient(FailingClient):
    """The warehouse has these migrations."""

    def __init__(self, versions: range) -> None:
        self.versions = versions

    def describe_statement(self, **_: Any) -> dict[str, Any]:
        return {"Id": "id-1", "Status": "FINISHED", "HasResultSet": True}

    def get_statement_result(self, **_: Any) -> dict[str, Any]:
        records = [[{"longValue": version}] for version in self.versions]
        return {"ColumnMetadata": [{"name": "version"}], "Records": records}
