"""DynamoDB's stand-in refuses what DynamoDB refuses, by the same codes."""

from collections.abc import Iterator
from typing import Any

import pytest

from .dynamodb_tables import code_of, make_table

DEVELOPER_GUIDE = "amazondynamodb/latest/developerguide"
API = "amazondynamodb/latest/APIReference"
EXPRESSIONS = f"{DEVELOPER_GUIDE}/Expressions.ConditionExpressions.html"


@pytest.fixture
def table(dynamodb: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    name = request.node.originalname[:200]
    yield make_table(dynamodb, name)
    dynamodb.delete_table(TableName=name)


@pytest.mark.rule(
    "A put whose condition does not hold is refused and changes nothing",
    page=EXPRESSIONS,
    group="dynamodb",
)
def test_a_put_on_a_condition_that_does_not_hold_shows_the_holder(
    dynamodb: Any, table: str
) -> None:
    claim = {
        "TableName": table,
        "ConditionExpression": "attribute_not_exists(file_key)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    dynamodb.put_item(Item={"file_key": {"S": "a"}, "run_id": {"S": "first"}}, **claim)

    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as caught:
        dynamodb.put_item(Item={"file_key": {"S": "a"}, "run_id": {"S": "second"}}, **claim)

    assert caught.value.response["Item"]["run_id"] == {"S": "first"}
    dynamodb.put_item(Item={"file_key": {"S": "b"}, "run_id": {"S": "second"}}, **claim)


@pytest.mark.rule(
    "A reserved word in an expression stands behind a #name",
    page=f"{DEVELOPER_GUIDE}/ReservedWords.html",
    group="dynamodb",
)
@pytest.mark.parametrize("word", ["status", "size", "error", "owner", "ttl", "token"])
def test_a_reserved_word_is_refused_bare_and_taken_as_a_name(
    dynamodb: Any, table: str, word: str
) -> None:
    update = {
        "TableName": table,
        "Key": {"file_key": {"S": "a"}},
        "ExpressionAttributeValues": {":new": {"S": "x"}},
    }

    refused = code_of(dynamodb.update_item, UpdateExpression=f"SET {word} = :new", **update)

    assert refused == "ValidationException"
    dynamodb.update_item(
        UpdateExpression="SET #word = :new", ExpressionAttributeNames={"#word": word}, **update
    )


@pytest.mark.rule(
    "A value that the expression does not use is refused",
    page=f"{API}/API_UpdateItem.html",
    group="dynamodb",
)
def test_an_unused_value_is_refused_and_a_used_one_taken(dynamodb: Any, table: str) -> None:
    update = {
        "TableName": table,
        "Key": {"file_key": {"S": "a"}},
        "ExpressionAttributeValues": {":a": {"S": "x"}, ":b": {"S": "y"}},
    }

    assert code_of(dynamodb.update_item, UpdateExpression="SET x = :a", **update) == (
        "ValidationException"
    )
    dynamodb.update_item(UpdateExpression="SET x = :a, y = :b", **update)


@pytest.mark.rule(
    "BatchGetItem takes at most 100 keys, each once",
    page=f"{API}/API_BatchGetItem.html",
    group="dynamodb",
)
def test_a_batch_of_101_keys_is_refused_and_one_of_100_taken(dynamodb: Any, table: str) -> None:
    keys = [{"file_key": {"S": str(number)}} for number in range(101)]
    get = dynamodb.batch_get_item

    assert code_of(get, RequestItems={table: {"Keys": keys}}) == "ValidationException"
    assert code_of(get, RequestItems={table: {"Keys": [keys[0], keys[0]]}}) == (
        "ValidationException"
    )
    answer = get(RequestItems={table: {"Keys": keys[:100], "ConsistentRead": True}})
    assert (answer["Responses"], answer["UnprocessedKeys"]) == ({table: []}, {})


@pytest.mark.rule(
    "TransactWriteItems takes at most 100 items",
    page=f"{API}/API_TransactWriteItems.html",
    group="dynamodb",
)
def test_a_transaction_of_101_items_is_refused_and_one_of_100_written(
    dynamodb: Any, table: str
) -> None:
    puts = [
        {"Put": {"TableName": table, "Item": {"file_key": {"S": str(number)}}}}
        for number in range(101)
    ]

    refused = code_of(dynamodb.transact_write_items, TransactItems=puts)
    empty = dynamodb.scan(TableName=table)["Count"]
    dynamodb.transact_write_items(TransactItems=puts[:100])

    assert (refused, empty) == ("ValidationException", 0)
    assert dynamodb.scan(TableName=table)["Count"] == 100


@pytest.mark.rule(
    "An item is at most 400 KB",
    page=f"{DEVELOPER_GUIDE}/Constraints.html",
    group="dynamodb",
)
def test_an_item_above_400_kib_is_refused_and_one_below_kept(dynamodb: Any, table: str) -> None:
    def put(size: int) -> str:
        item = {"file_key": {"S": "a"}, "text": {"S": "x" * size}}
        return code_of(dynamodb.put_item, TableName=table, Item=item)

    assert put(400 * 1024) == "ValidationException"
    assert put(400 * 1024 - 20) == ""


@pytest.mark.rule(
    "A table that does not exist is ResourceNotFoundException",
    page=f"{API}/API_PutItem.html",
    group="dynamodb",
)
def test_an_unknown_table_is_refused(dynamodb: Any, table: str) -> None:
    item = {"file_key": {"S": "a"}}

    assert code_of(dynamodb.put_item, TableName="no-such", Item=item) == (
        "ResourceNotFoundException"
    )
    assert code_of(dynamodb.put_item, TableName=table, Item=item) == ""


@pytest.mark.rule(
    "PutItem without a condition replaces the item whole",
    page=f"{API}/API_PutItem.html",
    group="dynamodb",
)
def test_a_plain_put_overwrites(dynamodb: Any, table: str) -> None:
    for name in ("first", "second"):
        dynamodb.put_item(TableName=table, Item={"file_key": {"S": "a"}, name: {"S": "x"}})

    item = dynamodb.get_item(TableName=table, Key={"file_key": {"S": "a"}})["Item"]
    assert set(item) == {"file_key", "second"}


@pytest.mark.rule(
    "BatchWriteItem takes at most 25 requests",
    page=f"{API}/API_BatchWriteItem.html",
    group="dynamodb",
)
def test_a_batch_of_26_writes_is_refused_and_one_of_25_taken(dynamodb: Any, table: str) -> None:
    puts = [{"PutRequest": {"Item": {"file_key": {"S": str(number)}}}} for number in range(26)]

    assert code_of(dynamodb.batch_write_item, RequestItems={table: puts}) == "ValidationException"
    answer = dynamodb.batch_write_item(RequestItems={table: puts[:25]})
    assert answer["UnprocessedItems"] == {}


@pytest.mark.rule(
    "A table with deletion protection cannot be deleted",
    page=f"{API}/API_DeleteTable.html",
    group="dynamodb",
)
def test_a_protected_table_is_not_deleted_and_a_freed_one_is(dynamodb: Any) -> None:
    name = make_table(dynamodb, "protected", DeletionProtectionEnabled=True)

    refused = code_of(dynamodb.delete_table, TableName=name)
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)

    assert refused == "ValidationException"
    assert code_of(dynamodb.delete_table, TableName=name) == ""


@pytest.mark.rule(
    "An expired item stays readable until TTL deletes it, within a few days",
    page=f"{DEVELOPER_GUIDE}/howitworks-ttl.html",
    group="dynamodb",
)
def test_an_item_just_expired_is_still_read(dynamodb: Any, table: str) -> None:
    dynamodb.update_time_to_live(
        TableName=table,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"},
    )

    dynamodb.put_item(
        TableName=table, Item={"file_key": {"S": "a"}, "expires_at": {"N": "1700000000"}}
    )

    assert "Item" in dynamodb.get_item(TableName=table, Key={"file_key": {"S": "a"}})
