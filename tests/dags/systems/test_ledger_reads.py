"""What is read of the ledger, however many keys and however throttled."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from dags.systems import ledger as ledgers
from dags.systems.ledger import Claimant, Ledger, LedgerError

US = Claimant("ours", "ours-1", 1_000, 2_000)


def test_more_keys_are_read_than_one_request_takes(ledger: Ledger) -> None:
    keys = [f"data/streams/é {number}.csv" for number in range(205)]
    for key in keys[::2]:
        assert ledger.claim(key, "a-bucket", "e1", 7, US, by_name=False) is None

    found = ledger.read([*keys, *keys])

    assert sorted(found) == sorted(keys[::2])
    assert {each["run_id"] for each in found.values()} == {"ours"}
    assert ledger.read([]) == {}


class Throttled:
    """A client whose requests give one key each, for as many requests as it bears."""

    def __init__(self, bears: int) -> None:
        self.bears, self.asked = bears, []

    def batch_get_item(self, RequestItems: Any) -> dict[str, Any]:  # noqa: N803
        request = RequestItems["t"]
        self.asked.append(len(request["Keys"]))
        assert request["ConsistentRead"] is True
        given, left = request["Keys"][:1], request["Keys"][1:]
        if self.bears < len(self.asked):
            given, left = [], request["Keys"]
        unprocessed = {"UnprocessedKeys": {"t": request | {"Keys": left}} if left else {}}
        return {"Responses": {"t": given} if given else {}} | unprocessed


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    taken: list[float] = []
    monkeypatch.setattr(ledgers.time, "sleep", taken.append)
    return taken


def test_keys_that_came_back_unprocessed_are_asked_for_again(naps: list[float]) -> None:
    client = Throttled(bears=10)

    found = Ledger(client, "t").read(["a", "b", "c"])

    assert sorted(found) == ["a", "b", "c"]
    assert (client.asked, naps) == ([3, 2, 1], [0.2, 0.4])


def test_a_ledger_that_is_throttled_for_too_long_is_told(naps: list[float]) -> None:
    client = Throttled(bears=1)

    with pytest.raises(LedgerError, match="^t is throttled: run it again later$"):
        Ledger(client, "t").read(["a", "b"])

    assert client.asked == [2, *[1] * (ledgers.TRIES - 1)]


def test_an_error_that_is_no_lost_condition_is_not_taken_for_one(dynamodb: Any) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        Ledger(dynamodb, "no-such-table").release("a", "ours", "why")
