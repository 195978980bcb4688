"""What DynamoDB does once happens once: a claim by its condition, a transaction by its token."""

from collections.abc import Iterator
from typing import Any

import pytest

from .dynamodb_tables import code_of, make_table

API = "amazondynamodb/latest/APIReference"
EXPRESSIONS = "amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html"
CLAIM = (
    "attribute_not_exists(file_key) OR #s = :failed OR etag <> :etag "
    "OR (#s = :claimed AND (lease_expires_at < :now OR run_id = :me))"
)


@pytest.fixture
def table(dynamodb: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    name = request.node.originalname[:200]
    yield make_table(dynamodb, name)
    dynamodb.delete_table(TableName=name)


@pytest.mark.rule(
    "A condition of several branches is checked and the item written in one step",
    page=EXPRESSIONS,
    group="dynamodb",
)
@pytest.mark.parametrize(
    ("me", "etag", "now", "code"),
    [
        ("another", "v1", 100, "ConditionalCheckFailedException"),
        ("first", "v1", 100, ""),
        ("another", "v2", 100, ""),
        ("another", "v1", 200, ""),
    ],
    ids=["held", "its own", "a new version", "an expired lease"],
)
def test_a_held_item_is_claimed_only_by_the_branches_of_the_condition(
    dynamodb: Any, table: str, me: str, etag: str, now: int, code: str
) -> None:
    def claim(me: str, etag: str, now: int) -> str:
        values = {":failed": "FAILED", ":claimed": "CLAIMED", ":etag": etag, ":me": me}
        return code_of(
            dynamodb.update_item,
            TableName=table,
            Key={"file_key": {"S": "a"}},
            UpdateExpression="SET #s = :claimed, etag = :etag, run_id = :me, lease_expires_at = :e",
            ConditionExpression=CLAIM,
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={name: {"S": text} for name, text in values.items()}
            | {":now": {"N": str(now)}, ":e": {"N": str(now + 50)}},
        )

    first = claim("first", "v1", 100)
    second = claim(me, etag, now)

    assert (first, second) == ("", code)


@pytest.mark.rule(
    "A transaction repeated with its token is carried out once, another one with it refused",
    page=f"{API}/API_TransactWriteItems.html",
    group="dynamodb",
)
def test_a_transactions_token_makes_it_happen_once(dynamodb: Any, table: str) -> None:
    def add(amount: str) -> dict[str, Any]:
        update = {
            "TableName": table,
            "Key": {"file_key": {"S": "a"}},
            "UpdateExpression": "ADD plays :amount",
            "ExpressionAttributeValues": {":amount": {"N": amount}},
        }
        return {"TransactItems": [{"Update": update}], "ClientRequestToken": "a-token"}

    for _ in range(3):
        dynamodb.transact_write_items(**add("5"))

    assert code_of(dynamodb.transact_write_items, **add("6")) == (
        "IdempotentParameterMismatchException"
    )
    item = dynamodb.get_item(TableName=table, Key={"file_key": {"S": "a"}})["Item"]
    assert item["plays"] == {"N": "5"}
