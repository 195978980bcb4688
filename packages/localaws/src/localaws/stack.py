"""The whole stand-in: S3, PostgreSQL, DynamoDB and the endpoint, up and down as one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from localaws import processes, stack_state
from localaws.daemon import Daemon
from localaws.dynoxide import Dynoxide
from localaws.endpoint.config import EndpointConfig, SparkConfig, WarehouseConfig
from localaws.endpoint_process import COMMAND, EndpointProcess
from localaws.errors import LocalAwsError
from localaws.postgres import PostgresServer
from localaws.seaweedfs import SeaweedFs
from localaws.stack_state import StackState

TRIES = 3  # a port may be taken by somebody else between its choice and its use


@dataclass(frozen=True)
class StackConfig:
    """What the stack holds right after its first `up`.

    `state` keeps everything over restarts, `cache` the programs, which stacks may share. `ports`
    are those asked for, of s3, dynamodb, endpoint and postgres; the others are found.
    """

    state: Path
    cache: Path
    bucket: str
    databases: Sequence[str]
    workgroups: Mapping[str, Sequence[str]]
    copy_roles: Sequence[str]
    spark: SparkConfig
    ports: Mapping[str, int] = field(default_factory=dict)
    region: str = "eu-west-1"
    warehouse_user: str = ""
    endpoint_command: Sequence[str] = COMMAND

    def __post_init__(self) -> None:
        """Make the paths absolute: servers run in folders of their own."""
        object.__setattr__(self, "state", Path(self.state).absolute())
        object.__setattr__(self, "cache", Path(self.cache).absolute())


@dataclass(frozen=True)
class ServiceStatus:
    """One line of `status`; no address before the first `up`."""

    service: str
    address: str | None
    pid: int | None
    is_running: bool


@dataclass(frozen=True)
class Servers:
    """The four, as one recorded state describes them."""

    s3: SeaweedFs
    postgres: PostgresServer
    dynamodb: Dynoxide
    endpoint: EndpointProcess


class Stack:
    """All servers over one state folder. Each method may be called at any time, by anyone."""

    def __init__(self, config: StackConfig) -> None:
        self.config = config

    @property
    def postgres(self) -> PostgresServer:
        """Give the PostgreSQL server, for its address and password."""
        return PostgresServer(self.config.state / "postgres")

    def up(self) -> None:
        """Bring all servers up, at once; those that run as configured stay as they are.

        Raises:
            LocalAwsError: One of them cannot be had; the message is one line.
        """
        folder = self.config.state
        stack_state.make_state_folder(folder)
        with processes.locked(folder / "lock"):
            state = self._with_ports(self._read() or stack_state.new_state(self.config.region))
            for _ in range(TRIES):
                stack_state.write_state(folder, state)
                failures = self._start_all(state)
                if not failures:
                    return
                before, state = state, self._with_ports(state)
                if state == before:
                    break
            raise failures[0]

    def down(self) -> None:
        """End all servers, the endpoint first: its job runs and statements use the others."""
        state = self._read()
        if state is None:
            return
        servers = self._servers(state)
        with processes.locked(self.config.state / "lock"):
            servers.endpoint.stop()
            stops = (servers.s3.stop, servers.postgres.stop, servers.dynamodb.stop)
            for failure in in_parallel(stops):
                raise failure

    def status(self) -> list[ServiceStatus]:
        """Tell of each service where it is and whether it runs."""
        state = self._read()
        if state is None:
            names = ("s3", "postgres", "dynamodb", "endpoint")
            return [ServiceStatus(name, None, None, is_running=False) for name in names]
        servers = self._servers(state)
        return [
            status_of("s3", servers.s3.endpoint, servers.s3.daemon),
            self._postgres_status(),
            status_of("dynamodb", servers.dynamodb.endpoint, servers.dynamodb.daemon),
            status_of("endpoint", servers.endpoint.url, servers.endpoint.daemon),
        ]

    def environment(self) -> dict[str, str]:
        """Give what boto3 and the AWS CLI need to reach this stack and nothing else.

        Raises:
            LocalAwsError: It was never up.
        """
        state = self._read()
        if state is None:
            raise LocalAwsError(f"nothing was ever started in {self.config.state}: start it first")
        return environment_of(state)

    def _read(self) -> StackState | None:
        return stack_state.read_state(self.config.state)

    def _with_ports(self, state: StackState) -> StackState:
        running: set[str] = set()
        if state.ports:
            servers = self._servers(state)
            daemons = {"dynamodb": servers.dynamodb.daemon, "endpoint": servers.endpoint.daemon}
            daemons |= dict.fromkeys(stack_state.S3_PORTS, servers.s3.daemon)
            running = {name for name, daemon in daemons.items() if daemon.is_running()}
        return stack_state.choose_ports(state, self.config.ports, running)

    def _servers(self, state: StackState) -> Servers:
        folder = self.config.state
        keys = (state.access_key_id, state.secret_access_key)
        s3 = SeaweedFs(folder / "s3", state.seaweed_ports, self.config.bucket, *keys)
        dynamodb = Dynoxide(folder / "dynamodb", state.ports["dynamodb"], self.config.cache)
        config = self.config
        workgroups = {name: list(names) for name, names in config.workgroups.items()}
        endpoint_config = EndpointConfig(
            port=state.ports["endpoint"],
            state=str(folder / "endpoint" / "state"),
            region=state.region,
            account_id=state.account_id,
            access_key_id=state.access_key_id,
            secret_access_key=state.secret_access_key,
            s3_endpoint=s3.endpoint,
            spark=config.spark,
            warehouse=WarehouseConfig(
                workgroups,
                list(config.copy_roles),
                str(self.postgres.state),
                config.warehouse_user,
            ),
        )
        endpoint = EndpointProcess(
            folder / "endpoint", endpoint_config, environment_of(state), config.endpoint_command
        )
        return Servers(s3, self.postgres, dynamodb, endpoint)

    def _start_all(self, state: StackState) -> list[LocalAwsError]:
        servers = self._servers(state)
        starts = (servers.endpoint.start, self._start_postgres, servers.s3.start)
        return in_parallel((*starts, servers.dynamodb.start))

    def _start_postgres(self) -> None:
        server, asked = self.postgres, self.config.ports.get("postgres")
        if asked is not None and not (server.is_running() and server.port == asked):
            server.stop()
            if not processes.port_is_free(asked):
                raise stack_state.taken("postgres", asked)
            account = processes.ordinary_account()
            processes.make_private_folder(server.state, account)
            processes.write_private_file(server.state / "port", str(asked), account)
        server.start()
        if asked is not None and server.port != asked:
            raise stack_state.taken("postgres", asked)
        for name in self.config.databases:
            server.create_database(name)

    def _postgres_status(self) -> ServiceStatus:
        server = self.postgres
        port = processes.read_port(server.state / "port")
        address = f"postgresql://127.0.0.1:{port}" if port else None
        if not server.is_running():
            return ServiceStatus("postgres", address, None, is_running=False)
        pid = (server.data / "postmaster.pid").read_text().splitlines()[0]
        return ServiceStatus("postgres", address, int(pid), is_running=True)


def status_of(service: str, address: str, daemon: Daemon) -> ServiceStatus:
    """Give the line of a service that is a daemon."""
    pid = daemon.pid
    return ServiceStatus(service, address, pid, is_running=pid is not None)


def environment_of(state: StackState) -> dict[str, str]:
    """Give the settings of AWS clients for a recorded state."""
    addresses = {
        "AWS_ENDPOINT_URL": state.ports["endpoint"],
        "AWS_ENDPOINT_URL_S3": state.ports["s3"],
        "AWS_ENDPOINT_URL_DYNAMODB": state.ports["dynamodb"],
    }
    return {name: f"http://127.0.0.1:{port}" for name, port in addresses.items()} | {
        "AWS_ACCESS_KEY_ID": state.access_key_id,
        "AWS_SECRET_ACCESS_KEY": state.secret_access_key,
        "AWS_DEFAULT_REGION": state.region,
        "AWS_REGION": state.region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def in_parallel(acts: Iterable[Callable[[], None]]) -> list[LocalAwsError]:
    """Do everything at once, wait for all of it, and give what failed in words for an operator."""
    failures = []
    with ThreadPoolExecutor() as pool:
        for future in [pool.submit(act) for act in acts]:
            try:
                future.result()
            except LocalAwsError as error:
                failures.append(error)
    return failures
