"""The ledger of the delivered files: a DynamoDB table whose conditional writes give each away."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict, cast

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient, type_defs

    Raw = Mapping[str, type_defs.AttributeValueTypeDef]

KEYS_AT_ONCE = 100
BACK_OFF_SECONDS = 0.2
TRIES = 8
NAMES = {"#status": "status", "#size": "size", "#error": "error"}
# New, failed, changed, refused by other rules, its lease over, or this very run's.
IS_FREE = (
    "attribute_not_exists(file_key) OR #status = :failed OR etag <> :etag "
    "OR (#status = :rejected AND (attribute_not_exists(judged_by) OR judged_by <> :judged_by)) "
    "OR (#status = :claimed AND (lease_expires_at < :now OR run_id = :run_id))"
)
# Whatever its status, but another run's live claim: a file that the operator named.
IS_NOT_HELD = (
    "attribute_not_exists(file_key) OR #status <> :claimed "
    "OR lease_expires_at < :now OR run_id = :run_id"
)
CLAIM = (
    "SET bucket_name = :bucket_name, etag = :etag, #size = :size, #status = :claimed, "
    "run_id = :run_id, claim_id = :claim_id, claimed_at = :now, lease_expires_at = :lease_ends, "
    "attempts = if_not_exists(attempts, :zero) + :one "
    "REMOVE #error, processed_at, rows_read, rows_accepted, rows_duplicate, "
    "rows_rejected, judged_by"
)
FINISH = (
    "SET #status = :status, rows_read = :rows_read, rows_accepted = :rows_accepted, "
    "rows_duplicate = :rows_duplicate, rows_rejected = :rows_rejected, processed_at = :now, "
    "#error = :error, judged_by = :judged_by REMOVE lease_expires_at"
)
RELEASE = "SET #status = :failed, #error = :error REMOVE lease_expires_at"

Value = str | int | Mapping[str, int]


class Item(TypedDict, total=False):
    """What the ledger notes of a file; instants are seconds since 1970."""

    file_key: str
    bucket_name: str
    etag: str
    size: int
    status: str
    run_id: str
    claim_id: str
    claimed_at: int
    lease_expires_at: int
    attempts: int
    error: str
    processed_at: int
    judged_by: str
    rows_read: int
    rows_accepted: int
    rows_duplicate: int
    rows_rejected: dict[str, int]


class LedgerError(Exception):
    """The ledger cannot answer; the message says what to do."""


@dataclass(frozen=True)
class Claimant:
    """Who claims: a run, one life of it, until when, and the rules by which it judges.

    Instants are seconds since 1970.
    """

    run_id: str
    claim_id: str
    now: int
    lease_ends: int
    judged_by: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a file: its rows; a refused one has a reason and no rows."""

    status: Literal["PROCESSED", "REJECTED"]
    rows_read: int = 0
    rows_accepted: int = 0
    rows_duplicate: int = 0
    rows_rejected: Mapping[str, int] | None = None
    error: str = ""
    judged_by: str = ""


@dataclass(frozen=True)
class Ledger:
    """The table. `client` is boto3's of dynamodb."""

    client: "DynamoDBClient"
    table: str

    def read(self, file_keys: Iterable[str]) -> dict[str, Item]:
        """Give the items of these keys, consistently read; a file it does not know has none.

        Raises:
            LedgerError: It was throttled for too long.
        """
        found: dict[str, Item] = {}
        for keys in _parts(sorted(set(file_keys))):
            asked: Mapping[str, type_defs.KeysAndAttributesUnionTypeDef]
            asked = {self.table: {"Keys": [_key(key) for key in keys], "ConsistentRead": True}}
            for tried in range(TRIES):
                answer = self.client.batch_get_item(RequestItems=asked)
                for raw in answer["Responses"].get(self.table, ()):
                    item = _read_item(raw)
                    found[item["file_key"]] = item
                asked = answer.get("UnprocessedKeys")
                if not asked:
                    break
                if tried == TRIES - 1:
                    raise LedgerError(f"{self.table} is throttled: run it again later")
                time.sleep(BACK_OFF_SECONDS * 2**tried)
        return found

    def claim(
        self, file_key: str, bucket: str, etag: str, size: int, claimant: Claimant, *, by_name: bool
    ) -> Item | None:
        """Claim a file; give None where it is ours now, else the item that holds it.

        Args:
            by_name: The operator named it, so it is taken again whatever its status.
        """
        values: dict[str, Value] = {
            ":bucket_name": bucket,
            ":etag": etag,
            ":size": size,
            ":run_id": claimant.run_id,
            ":claim_id": claimant.claim_id,
            ":now": claimant.now,
            ":lease_ends": claimant.lease_ends,
            ":claimed": "CLAIMED",
            ":zero": 0,
            ":one": 1,
        }
        if not by_name:
            values[":failed"], values[":rejected"] = "FAILED", "REJECTED"
            values[":judged_by"] = claimant.judged_by
        condition = IS_NOT_HELD if by_name else IS_FREE
        return self._update(file_key, CLAIM, condition, values)

    def finish(self, file_key: str, claim_id: str, outcome: Outcome, now: int) -> bool:
        """Note what became of a file; false where another claim has taken it since."""
        values: dict[str, Value] = {
            ":status": outcome.status,
            ":rows_read": outcome.rows_read,
            ":rows_accepted": outcome.rows_accepted,
            ":rows_duplicate": outcome.rows_duplicate,
            ":rows_rejected": dict(outcome.rows_rejected or {}),
            ":error": outcome.error,
            ":judged_by": outcome.judged_by,
            ":now": now,
            ":claim_id": claim_id,
        }
        return self._update(file_key, FINISH, "claim_id = :claim_id", values) is None

    def release(self, file_key: str, run_id: str, error: str) -> bool:
        """Give a file back that this run still holds; false where it does not."""
        values = {":failed": "FAILED", ":claimed": "CLAIMED", ":run_id": run_id, ":error": error}
        condition = "#status = :claimed AND run_id = :run_id"
        return self._update(file_key, RELEASE, condition, values) is None

    def _update(
        self, file_key: str, update: str, condition: str, values: Mapping[str, Value]
    ) -> Item | None:
        """Write under a condition; give None where it held, else the item as it is."""
        text = f"{update} {condition}"
        try:
            self.client.update_item(
                TableName=self.table,
                Key=_key(file_key),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames={n: name for n, name in NAMES.items() if n in text},
                ExpressionAttributeValues={name: _to_attribute(v) for name, v in values.items()},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            return _read_item(cast("Raw", error.response.get("Item", {})))
        return None


def _parts(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), KEYS_AT_ONCE):
        yield keys[start : start + KEYS_AT_ONCE]


def _key(file_key: str) -> "dict[str, type_defs.AttributeValueTypeDef]":
    return {"file_key": {"S": file_key}}


def _to_attribute(value: Value) -> "type_defs.AttributeValueTypeDef":
    """Write a text, a whole number or a map of whole numbers as DynamoDB types it."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, Mapping):
        return {"M": {name: _to_attribute(inner) for name, inner in value.items()}}
    return {"N": str(value)}


def _read_item(raw: "Raw") -> Item:
    """Read an item: numbers are whole ones here."""
    return cast("Item", {name: _from_attribute(value) for name, value in raw.items()})


def _from_attribute(value: "type_defs.AttributeValueTypeDef") -> object:
    if number := value.get("N"):
        return int(number)
    inner = value.get("M")
    return value.get("S") if inner is None else _read_item(inner)
