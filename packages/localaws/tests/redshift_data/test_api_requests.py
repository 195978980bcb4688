"""Requests that the Data API refuses before anything runs: limits and places."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import PLACE, Warehouse

PAGE = "redshift/latest/mgmt/data-api.html"
API = "redshift-data/latest/APIReference"


def code_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.mark.rule("A batch has 1 to 40 statements", page=PAGE, group="data-api")
def test_forty_statements_are_taken_and_one_more_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(ClientError) as error:
        warehouse.submit(*["SELECT 1"] * 41)

    assert code_of(error)[0] == "ValidationException"
    assert len(warehouse.run(*["SELECT 1"] * 40)["SubStatements"]) == 40


@pytest.mark.rule("A statement has 100 KB at most", page=PAGE, group="data-api")
def test_a_statement_of_100_kb_is_taken_and_a_longer_one_is_refused(warehouse: Warehouse) -> None:
    text = "SELECT 1 -- "
    longest = text + "x" * (100 * 1024 - len(text))

    with pytest.raises(ClientError) as error:
        warehouse.submit(longest + "x")

    assert code_of(error)[0] == "ValidationException"
    assert warehouse.rows(longest) == [(1,)]


@pytest.mark.rule("A batch holds no BEGIN or COMMIT", page=PAGE, group="data-api")
@pytest.mark.parametrize("word", ["BEGIN", "commit;", "ROLLBACK", "END"])
def test_transaction_control_is_refused_in_a_batch(warehouse: Warehouse, word: str) -> None:
    with pytest.raises(ClientError) as error:
        warehouse.submit("SELECT 1", word)

    assert code_of(error)[0] == "ValidationException"
    warehouse.run("SELECT 1", "SELECT 2")


@pytest.mark.rule(
    "An unknown workgroup, database or statement is refused",
    page=f"{API}/API_ExecuteStatement.html",
    group="data-api",
)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"WorkgroupName": "another"}, "Redshift endpoint doesn't exist in this region."),
        ({"Database": "another"}, 'database "another" does not exist'),
        ({"WorkgroupName": None}, "Either ClusterIdentifier or WorkgroupName must be given"),
        ({"Database": None}, "Database must be given"),
        ({"ClusterIdentifier": "a-cluster"}, "not supported by the local AWS"),
    ],
)
def test_a_wrong_place_is_refused(
    warehouse: Warehouse, change: dict[str, Any], message: str
) -> None:
    place = {name: value for name, value in (PLACE | change).items() if value is not None}

    with pytest.raises(ClientError) as error:
        warehouse.client.execute_statement(Sql="SELECT 1", **place)

    assert code_of(error)[0] == "ValidationException"
    assert message in code_of(error)[1]


def test_an_unknown_statement_is_not_found(warehouse: Warehouse) -> None:
    unknown = "00000000-0000-0000-0000-000000000000"

    for call in ("describe_statement", "get_statement_result", "cancel_statement"):
        with pytest.raises(ClientError) as error:
            getattr(warehouse.client, call)(Id=unknown)
        assert code_of(error) == ("ResourceNotFoundException", "Query does not exist.")
