"""The stack comes up at once, comes back after any kill, and leaves nothing behind."""

import contextlib
import os
import signal
import stat
import threading
import time
from collections.abc import Callable
from typing import Any

import psutil
import psycopg2

from localaws.errors import LocalAwsError
from localaws.stack import Stack

from .stack_watching import SERVICES, are_alive, commands_of, family_of, pids_of

Maker = Callable[..., Stack]


def databases_of(stack: Stack) -> set[str]:
    connection = psycopg2.connect(**stack.postgres.dsn("postgres"))
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")
        return {name for (name,) in cursor.fetchall()}


def test_a_fresh_stack_is_up_in_10_seconds_and_down_in_5_with_nothing_left(a_stack: Maker) -> None:
    stack = a_stack()
    begun = time.monotonic()
    stack.up()
    up_seconds = time.monotonic() - begun
    services = [line.service for line in stack.status() if line.is_running]
    databases, family = databases_of(stack), family_of(stack)

    begun = time.monotonic()
    stack.down()

    assert time.monotonic() - begun < 5.0
    assert up_seconds < 10.0
    assert services == SERVICES
    assert {"metadata", "warehouse"} <= databases
    assert len(family) > len(SERVICES)  # PostgreSQL has children
    assert are_alive(family) == []
    assert [line.is_running for line in stack.status()] == [False] * 4


def test_up_twice_changes_nothing_and_it_comes_back_where_it_was(stack_up: Stack) -> None:
    stack = stack_up
    first, environment = pids_of(stack), stack.environment()
    stack.up()
    second = pids_of(stack)
    stack.down()
    stack.down()

    stack.up()

    assert first == second
    assert None not in first.values()
    assert stack.environment() == environment


def test_whatever_server_is_killed_comes_back_and_the_others_stay(stack_up: Stack) -> None:
    stack = stack_up
    for service in SERVICES:
        before = pids_of(stack)
        pid = before.pop(service)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

        stack.up()

        after = pids_of(stack)
        assert after.pop(service) not in (pid, None)
        assert after == before


def test_nothing_listens_but_the_loopback(stack_up: Stack) -> None:
    stack = stack_up

    found = {
        process.pid: [c.laddr for c in process.net_connections("inet") if c.status == "LISTEN"]
        for process in family_of(stack)
    }

    leaders = [pid for pid in pids_of(stack).values() if pid is not None]
    assert all(found[pid] for pid in leaders)
    assert {address.ip for addresses in found.values() for address in addresses} == {"127.0.0.1"}


def test_the_environment_reaches_every_service(
    stack_up: Stack, connect: Callable[..., Any]
) -> None:
    stack = stack_up
    environment = stack.environment()
    addresses = {line.service: line.address for line in stack.status()}
    keys = {
        "access_key_id": environment.pop("AWS_ACCESS_KEY_ID"),
        "secret_access_key": environment.pop("AWS_SECRET_ACCESS_KEY"),
    }

    assert environment == {
        "AWS_ENDPOINT_URL": addresses["endpoint"],
        "AWS_ENDPOINT_URL_S3": addresses["s3"],
        "AWS_ENDPOINT_URL_DYNAMODB": addresses["dynamodb"],
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    buckets = connect("s3", environment["AWS_ENDPOINT_URL_S3"], **keys).list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets] == ["a-bucket"]
    tables = connect("dynamodb", environment["AWS_ENDPOINT_URL_DYNAMODB"], **keys).list_tables()
    assert tables["TableNames"] == []


def test_state_is_closed_to_others(stack_up: Stack) -> None:
    stack = stack_up

    files = ["stack.json", "endpoint/config.json", "s3/s3.json", "postgres/password"]
    modes = {name: stat.S_IMODE((stack.config.state / name).stat().st_mode) for name in files}
    texts = [" ".join(command) for command in commands_of(family_of(stack))]
    texts += [repr(stack.config), *map(repr, stack.status())]

    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(stack.config.state.stat().st_mode) & 0o066 == 0
    secret = stack.environment()["AWS_SECRET_ACCESS_KEY"]
    assert not any(secret in text for text in texts)


def test_two_stacks_run_side_by_side_and_hold_their_own(
    a_stack: Maker, connect: Callable[..., Any]
) -> None:
    stacks = [a_stack("one"), a_stack("two")]
    threads = [threading.Thread(target=stack.up) for stack in stacks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    one, two = (stack.environment() for stack in stacks)
    clients = [
        connect(
            "s3",
            environment["AWS_ENDPOINT_URL_S3"],
            access_key_id=environment["AWS_ACCESS_KEY_ID"],
            secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        )
        for environment in (one, two)
    ]
    clients[0].put_object(Bucket="a-bucket", Key="a", Body=b"one's")
    stacks[0].down()

    assert [line.is_running for line in stacks[1].status()] == [True] * 4
    assert clients[1].list_objects_v2(Bucket="a-bucket")["KeyCount"] == 0
    assert one["AWS_SECRET_ACCESS_KEY"] != two["AWS_SECRET_ACCESS_KEY"]


def test_a_stack_is_one_however_many_bring_it_up_at_once(a_stack: Maker) -> None:
    stacks = [a_stack() for _ in range(3)]
    failures: list[LocalAwsError] = []

    def bring_up(stack: Stack) -> None:
        try:
            stack.up()
        except LocalAwsError as error:
            failures.append(error)

    threads = [threading.Thread(target=bring_up, args=(stack,)) for stack in stacks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len({tuple(pids_of(stack).values()) for stack in stacks}) == 1
    data = f"-dir={stacks[0].config.state / 's3' / 'data'}"
    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert sum(data in command for command in commands) == 1
