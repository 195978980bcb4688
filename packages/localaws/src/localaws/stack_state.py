"""What a stack remembers in its folder: ports and keys, chosen once, kept over restarts."""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from localaws import processes
from localaws.errors import LocalAwsError
from localaws.seaweedfs import GRPC_OFFSET, SeaweedPorts

ACCOUNT_ID = "123456789012"
# Linux takes the ports of outgoing connections from 32768 on: below it, gRPC's port 10000 above
# included, a recorded port is not lost to somebody's connection while the stack is down.
FIRST_PORT, LAST_PORT = 10_240, 22_767
S3_PORTS = ("s3", "s3_master", "s3_volume", "s3_filer", "s3_admin")
OTHER_PORTS = ("dynamodb", "endpoint")
ASKABLE = ("s3", "dynamodb", "endpoint", "postgres")
HIGHEST_S3_PORT = 55_535  # its gRPC port must still be one
CHOICES = 1000


@dataclass(frozen=True)
class StackState:
    """The contents of stack.json; the keys are made once and never printed."""

    region: str
    account_id: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    ports: dict[str, int]

    @property
    def seaweed_ports(self) -> SeaweedPorts:
        """Give SeaweedFS's five."""
        return SeaweedPorts(*(self.ports[name] for name in S3_PORTS))


def make_state_folder(folder: Path) -> None:
    """Make the folder, closed to others.

    Where root must run PostgreSQL as nobody, that user has to pass through it: all in it is
    closed to others by itself.
    """
    processes.make_private_folder(folder, processes.Account())
    if processes.ordinary_account().owner is not None:
        folder.chmod(0o711)


def read_state(folder: Path) -> StackState | None:
    """Read what was recorded; None where nothing is, or no whole record.

    Raises:
        LocalAwsError: The record is there and cannot be read.
    """
    path = folder / "stack.json"
    try:
        return StackState(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise LocalAwsError(
            f"{path}: {error}: choose a state folder that this user owns, or begin anew without it"
        ) from error


def write_state(folder: Path, state: StackState) -> None:
    """Record it whole or not at all, for this user only."""
    text = json.dumps(asdict(state), indent=1)
    processes.write_private_file(folder / "stack.json", text, processes.Account())


def new_state(region: str) -> StackState:
    """Make the keys of a fresh stack."""
    return StackState(
        region=region,
        account_id=ACCOUNT_ID,
        access_key_id="LOCAL" + secrets.token_hex(8).upper(),
        secret_access_key=secrets.token_hex(20),
        ports={},
    )


def choose_ports(
    state: StackState, asked: Mapping[str, int], running: Collection[str]
) -> StackState:
    """Give each service a port: the one asked for, else the recorded one, else a free one.

    `running` names the ports that their own services hold: these stay as they are recorded.

    Raises:
        LocalAwsError: A port that was asked for is another program's, or cannot be had at all.
    """
    check_asked(asked)
    ports: dict[str, int] = {}
    for name in (*S3_PORTS, *OTHER_PORTS):
        wanted = asked.get(name, state.ports.get(name))
        is_held = wanted is not None and wanted == state.ports.get(name) and name in running
        if wanted is not None and (is_held or is_usable(name, wanted, ports)):
            ports[name] = wanted
        elif name in asked:
            raise taken(name, asked[name])
        else:
            ports[name] = find_port(name, ports, asked)
    return replace(state, ports=ports)


def check_asked(asked: Mapping[str, int]) -> None:
    """Refuse ports that no service of that name could have."""
    for name, port in asked.items():
        if name not in ASKABLE:
            raise LocalAwsError(f"no port is called {name!r}: ask for one of {', '.join(ASKABLE)}")
        highest = HIGHEST_S3_PORT if name == "s3" else 65_535
        if not 1024 <= port <= highest:
            raise LocalAwsError(f"port {port} for {name}: ask for one of 1024 to {highest}")
    if len(set(asked.values())) < len(asked):
        raise LocalAwsError("one port was asked for twice: give each service its own")


def taken(name: str, port: int) -> LocalAwsError:
    """Give the error for a port that somebody else holds."""
    return LocalAwsError(
        f"port {port} for {name} is taken by another program: end that one, or ask for another port"
    )


def is_usable(name: str, port: int, chosen: Mapping[str, int]) -> bool:
    """Tell whether a service could listen on a port, S3's also on its gRPC port."""
    needed = {port, port + GRPC_OFFSET} if name in S3_PORTS else {port}
    held = set(chosen.values()) | {chosen[n] + GRPC_OFFSET for n in S3_PORTS if n in chosen}
    return needed.isdisjoint(held) and all(processes.port_is_free(p) for p in needed)


def find_port(name: str, chosen: Mapping[str, int], asked: Mapping[str, int]) -> int:
    """Find a free port that nobody asked for; somebody may take it before it is used."""
    reserved = set(asked.values()) | {port - GRPC_OFFSET for port in asked.values()}
    for _ in range(CHOICES):
        port = FIRST_PORT + secrets.randbelow(LAST_PORT - FIRST_PORT + 1)
        if port not in reserved and is_usable(name, port, chosen):
            return port
    raise LocalAwsError(
        f"no free port between {FIRST_PORT} and {LAST_PORT} for {name}: end what holds them"
    )
