"""DynamoDB's stand-in keeps what it acknowledged, and lets one of many win."""

import contextlib
import os
import platform
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from localaws import dynoxide
from localaws.dynoxide import Dynoxide
from localaws.errors import LocalAwsError

from .dynamodb_tables import code_of, make_table

THREADS = 20
SURELY_WRITTEN = 10
TABLE = "plays"


@pytest.fixture
def server(tmp_path: Path, a_dynoxide: Callable[[Path], Dynoxide]) -> Iterator[Dynoxide]:
    server = a_dynoxide(tmp_path / "a state's folder")
    yield server
    server.stop()


def race(client: Any, table: str, rounds: int) -> list[int]:
    """Let threads race for one conditional put per round; give the winners of each."""
    barrier = threading.Barrier(THREADS)

    def put(number: int, thread: int) -> str:
        barrier.wait()
        return code_of(
            client.put_item,
            TableName=table,
            Item={"file_key": {"S": f"round-{number}"}, "run_id": {"N": str(thread)}},
            ConditionExpression="attribute_not_exists(file_key)",
        )

    winners = []
    with ThreadPoolExecutor(THREADS) as pool:
        for number in range(rounds):
            codes = list(pool.map(lambda thread, number=number: put(number, thread), range(20)))
            assert set(codes) <= {"", "ConditionalCheckFailedException"}
            winners.append(codes.count(""))
    return winners


@pytest.mark.parametrize("rounds", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_one_of_20_threads_wins_a_conditional_put(dynamodb: Any, rounds: int) -> None:
    table = make_table(dynamodb, f"race-of-{rounds}")

    assert race(dynamodb, table, rounds) == [1] * rounds


def test_every_acknowledged_item_outlives_kill_9(
    server: Dynoxide, connect: Callable[..., Any]
) -> None:
    server.start()
    make_table(connect("dynamodb", server.endpoint), TABLE)
    acknowledged = write_until_killed(server, connect("dynamodb", server.endpoint))
    server.start()

    client = connect("dynamodb", server.endpoint)
    pages = client.get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True)
    found = {item["file_key"]["S"] for page in pages for item in page["Items"]}
    assert len(acknowledged) >= SURELY_WRITTEN
    assert acknowledged <= found
    assert len(found - acknowledged) <= 1


def write_until_killed(server: Dynoxide, client: Any) -> set[str]:
    """Put items until the server is gone; give the keys of those it acknowledged."""
    pid = server.daemon.pid
    assert pid is not None
    killer = threading.Timer(0.05, os.kill, (pid, signal.SIGKILL))
    acknowledged: list[str] = []
    with contextlib.suppress(BotoCoreError, ClientError):
        while True:
            key = str(len(acknowledged))
            client.put_item(TableName=TABLE, Item={"file_key": {"S": key}})
            acknowledged.append(key)
            if len(acknowledged) == SURELY_WRITTEN:
                killer.start()
    killer.join()
    return set(acknowledged)


def test_a_started_server_stays_and_a_stopped_one_is_gone(server: Dynoxide) -> None:
    server.start()
    first = server.daemon.pid
    server.start()
    second = server.daemon.pid

    server.stop()

    assert first == second is not None
    assert not server.daemon.is_running()


def test_a_platform_without_a_known_checksum_brings_its_own_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(shutil, "which", {"dynoxide": "/opt/dynoxide"}.get)
    found = dynoxide.find_program(tmp_path)

    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(LocalAwsError, match=r"^no checksum .* for darwin-arm64: install dynoxide"):
        dynoxide.find_program(tmp_path)

    assert found == Path("/opt/dynoxide")
