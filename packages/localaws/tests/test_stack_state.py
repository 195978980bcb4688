"""Ports and keys are chosen once, and a port of somebody else's is told or given up."""

import json
import os
import socket
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from localaws import processes, stack_state
from localaws.errors import LocalAwsError
from localaws.stack_state import S3_PORTS, StackState, choose_ports


@pytest.fixture
def state() -> StackState:
    return choose_ports(stack_state.new_state("eu-west-1"), {}, ())


def test_every_service_has_free_ports_of_its_own_below_those_of_connections(
    state: StackState,
) -> None:
    of_s3 = [state.ports[name] for name in S3_PORTS]
    all_ports = [*state.ports.values(), *(port + 10_000 for port in of_s3)]

    assert set(state.ports) == {*S3_PORTS, "dynamodb", "endpoint"}
    assert len(set(all_ports)) == len(all_ports) == 12
    assert all(1024 < port < 32_768 for port in all_ports)


def test_recorded_ports_are_kept(state: StackState) -> None:
    assert choose_ports(state, {}, ()) == state


@pytest.mark.parametrize("offset", [0, 10_000])
def test_a_recorded_port_taken_by_somebody_is_given_up_alone(
    state: StackState, offset: int
) -> None:
    with socket.create_server(("127.0.0.1", state.ports["s3_filer"] + offset)):
        chosen = choose_ports(state, {}, ())

    changed = {name for name, port in chosen.ports.items() if port != state.ports[name]}
    assert changed == {"s3_filer"}


def test_a_recorded_port_that_its_own_server_holds_is_kept(state: StackState) -> None:
    with socket.create_server(("127.0.0.1", state.ports["dynamodb"])):
        kept = choose_ports(state, {}, {"dynamodb"})
        given_up = choose_ports(state, {}, ())

    assert kept == state
    assert given_up.ports["dynamodb"] != state.ports["dynamodb"]


def test_a_port_asked_for_is_given_or_told_as_taken(state: StackState) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        with pytest.raises(LocalAwsError) as caught:
            choose_ports(state, {"endpoint": port}, ())

    assert str(caught.value) == (
        f"port {port} for endpoint is taken by another program: end that one, or ask for another "
        "port"
    )
    assert choose_ports(state, {"endpoint": port}, ()).ports["endpoint"] == port


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"mysql": 3306}, "no port is called 'mysql': ask for one of s3, dynamodb, endpoint"),
        ({"s3": 55_536}, "port 55536 for s3: ask for one of 1024 to 55535"),
        ({"endpoint": 80}, "port 80 for endpoint: ask for one of 1024 to 65535"),
        ({"endpoint": 65_536}, "port 65536 for endpoint"),
        ({"endpoint": 20_000, "dynamodb": 20_000}, "one port was asked for twice"),
    ],
)
def test_a_port_that_cannot_be_is_refused(
    state: StackState, asked: dict[str, int], message: str
) -> None:
    with pytest.raises(LocalAwsError, match=message):
        choose_ports(state, asked, ())


def test_keys_are_new_for_each_stack_and_not_shown(state: StackState) -> None:
    other = stack_state.new_state("eu-west-1")

    assert state.access_key_id != other.access_key_id
    assert state.secret_access_key != other.secret_access_key
    assert state.secret_access_key not in repr(state)
    assert (state.region, state.account_id) == ("eu-west-1", "123456789012")


def test_what_is_recorded_is_read_back_and_closed_to_others(
    tmp_path: Path, state: StackState
) -> None:
    folder = tmp_path / "deep" / "state"
    stack_state.make_state_folder(folder)
    before = stack_state.read_state(folder)
    stack_state.write_state(folder, state)

    assert before is None
    assert stack_state.read_state(folder) == state
    assert stat.S_IMODE(folder.stat().st_mode) & 0o066 == 0
    assert stat.S_IMODE((folder / "stack.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"region": "eu-west-1"}', '{"unknown": 1}'])
def test_a_record_that_is_none_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "stack.json").write_text(text)

    with pytest.raises(LocalAwsError, match=r"stack\.json: .*: choose a state folder") as caught:
        stack_state.read_state(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_state_folder_below_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(LocalAwsError, match="Not a directory: choose a state folder that this"):
        stack_state.make_state_folder(tmp_path / "file" / "state")


def test_a_state_folder_without_rights_is_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    user = os.geteuid()
    if user == 0:
        os.seteuid(processes.NOBODY)  # root may write everywhere
    try:
        with pytest.raises(LocalAwsError, match="Permission denied: choose a state folder that"):
            stack_state.make_state_folder(tmp_path / "state")
    finally:
        os.seteuid(user)


def test_a_state_survives_json(state: StackState) -> None:
    record = json.loads(json.dumps(state.ports))

    assert replace(state, ports=record) == state
