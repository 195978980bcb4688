"""What changes restarts what it concerns, and what is not to be had is one line."""

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from localaws.errors import LocalAwsError
from localaws.seaweedfs import SeaweedFs
from localaws.stack import Stack

from .stack_watching import SERVICES, pids_of

Maker = Callable[..., Stack]


def test_the_endpoint_starts_anew_when_what_it_is_told_changes(a_stack: Maker) -> None:
    a_stack().up()
    before = pids_of(a_stack())

    changed = a_stack(workgroups={"another-workgroup": ["warehouse"]})
    changed.up()

    after = pids_of(changed)
    assert after.pop("endpoint") != before.pop("endpoint")
    assert after == before


@pytest.mark.slow
def test_another_s3_port_moves_s3_and_the_endpoint_only(a_stack: Maker) -> None:
    a_stack().up()
    before = pids_of(a_stack())
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = min(probe.getsockname()[1], 55_000)

    moved = a_stack(ports={"s3": port})
    moved.up()

    after = pids_of(moved)
    changed = {service for service in SERVICES if before[service] != after[service]}
    assert changed == {"s3", "endpoint"}
    assert moved.environment()["AWS_ENDPOINT_URL_S3"] == f"http://127.0.0.1:{port}"


@pytest.mark.slow
def test_a_recorded_port_taken_while_it_was_down_is_given_up(a_stack: Maker) -> None:
    stack = a_stack()
    stack.up()
    before = stack.environment()
    stack.down()
    taken = int(before["AWS_ENDPOINT_URL_DYNAMODB"].rpartition(":")[2])

    with socket.create_server(("127.0.0.1", taken)):
        stack.up()

        after = stack.environment()
        changed = {name for name in before if before[name] != after[name]}
        assert changed == {"AWS_ENDPOINT_URL_DYNAMODB"}
        assert all(line.is_running for line in stack.status())


@pytest.mark.parametrize("service", SERVICES)
def test_a_taken_port_that_was_asked_for_is_one_line(a_stack: Maker, service: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        if service == "s3" and port > 55_535:
            pytest.skip("the kernel gave a port that S3 cannot have")
        stack = a_stack(ports={service: port})

        with pytest.raises(LocalAwsError) as caught:
            stack.up()

    assert str(caught.value) == (
        f"port {port} for {service} is taken by another program: end that one, or ask for another "
        "port"
    )


@pytest.mark.slow
def test_a_port_of_postgres_that_was_asked_for_is_given(a_stack: Maker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    stack = a_stack(ports={"postgres": port})

    stack.up()
    stack.up()

    assert stack.postgres.port == port


def test_a_missing_npm_is_one_line_and_the_other_servers_are_up(
    a_stack: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    stack = a_stack(cache=tmp_path / "empty")

    with pytest.raises(LocalAwsError, match=r"^no npm here: install Node\.js") as caught:
        stack.up()

    assert "\n" not in str(caught.value)
    assert [line.service for line in stack.status() if not line.is_running] == ["dynamodb"]


def test_a_server_that_fails_fails_up_in_its_own_words(
    a_stack: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: SeaweedFs) -> None:
        raise LocalAwsError("SeaweedFS ended: no room")

    monkeypatch.setattr(SeaweedFs, "start", fail)

    with pytest.raises(LocalAwsError, match="^SeaweedFS ended: no room$"):
        a_stack().up()


def test_before_the_first_up_there_is_no_address_and_down_makes_no_folder(a_stack: Maker) -> None:
    stack = a_stack()
    stack.down()

    assert [(line.service, line.address, line.is_running) for line in stack.status()] == [
        (service, None, False) for service in SERVICES
    ]
    with pytest.raises(LocalAwsError, match="nothing was ever started in .*: start it first"):
        stack.environment()
    assert not stack.config.state.exists()
