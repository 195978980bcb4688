"""DynamoDB's stand-in: dynoxide, one SQLite-backed server process."""

import http
import http.client
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from localaws.daemon import Daemon, Launch
from localaws.errors import LocalAwsError
from localaws.npm import NpmProgram

HOST = "127.0.0.1"
VERSION = "1.2.1"
START_SECONDS = 15.0
STOP_SECONDS = 3.0
# npm's integrity of each platform's package. Only what was fetched and run is listed: another
# platform brings its own dynoxide.
INTEGRITY = {
    "linux-x64": "sha512-"
    "sBHqlxJ9ANkLluFkYRfd5r8Y0ApFew4FhOrlhgRAgD4XzEoFOukEo1nuBTQ1+jTtofqwn4NWQ2k0Tn5mNTjgUg==",
}
NODE_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def this_platform() -> str:
    """Give this machine's name as npm packages write it, for example linux-x64."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{NODE_MACHINES.get(machine, machine)}"


def find_program(cache: Path) -> Path:
    """Give dynoxide's executable: npm's, checked, where its checksum is known; else PATH's.

    Raises:
        LocalAwsError: It cannot be had.
    """
    name = this_platform()
    if name in INTEGRITY:
        package = NpmProgram(f"@dynoxide/{name}", VERSION, INTEGRITY[name], "package/dynoxide")
        return package.fetch(cache)
    installed = shutil.which("dynoxide")
    if installed is None:
        raise LocalAwsError(
            f"no checksum of dynoxide {VERSION} is known for {name}: install dynoxide {VERSION} "
            "yourself and put it on the PATH"
        )
    return Path(installed)


@dataclass(frozen=True)
class Dynoxide:
    """One server over one SQLite file in `state`; it takes any access key."""

    state: Path
    port: int
    cache: Path

    @property
    def daemon(self) -> Daemon:
        """Give the process."""
        return Daemon("dynoxide", self.state)

    @property
    def endpoint(self) -> str:
        """Give the address for AWS_ENDPOINT_URL_DYNAMODB."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Bring the server up; one that runs as it would be started stays as it is."""
        command = [str(find_program(self.cache)), "serve", "--host", HOST]
        command += ["--port", str(self.port), "--db-path", str(self.state / "dynamodb.sqlite")]
        launch = Launch(command, {"HOME": str(self.state)})
        self.daemon.bring_up(launch, self._answers, START_SECONDS, STOP_SECONDS)

    def stop(self) -> None:
        """End the server; what it acknowledged is on the disk."""
        self.daemon.stop(STOP_SECONDS)

    def _answers(self) -> bool:
        """Tell whether it reads its tables; it checks no signature, but wants one."""
        request = {
            "X-Amz-Target": "DynamoDB_20120810.ListTables",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": "AWS4-HMAC-SHA256 Credential=local/20240101/local/dynamodb/"
            "aws4_request, SignedHeaders=host;x-amz-date, Signature=0",
            "X-Amz-Date": "20240101T000000Z",
        }
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2.0)
        try:
            connection.request("POST", "/", "{}", request)
            answer = connection.getresponse()
            return answer.status == http.HTTPStatus.OK and b"TableNames" in answer.read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
