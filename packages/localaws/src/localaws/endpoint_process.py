"""The endpoint as a process: its private configuration, and when it has to start anew."""

import http.client
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from localaws import processes
from localaws.daemon import Daemon, Launch
from localaws.endpoint.config import EndpointConfig

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, "-m", "localaws.endpoint")
START_SECONDS = 60.0  # moto's imports on a loaded machine; 2 s else
STOP_SECONDS = 10.0  # job runs and statements end first, each with its own grace


@dataclass(frozen=True)
class EndpointProcess:
    """The process over the folder `state`; `environment` is added to the caller's."""

    state: Path
    config: EndpointConfig
    environment: Mapping[str, str]
    command: Sequence[str] = COMMAND

    @property
    def daemon(self) -> Daemon:
        """Give the process."""
        return Daemon("the endpoint", self.state)

    @property
    def url(self) -> str:
        """Give the address for AWS_ENDPOINT_URL."""
        return f"http://{HOST}:{self.config.port}"

    def start(self) -> None:
        """Bring it up; one that runs stays, unless its configuration is another one by now."""
        processes.make_private_folder(self.state, processes.Account())
        processes.make_private_folder(self.config.folder, processes.Account())
        path, text = self.state / "config.json", self.config.to_json()
        processes.write_private_file(path, text, processes.Account())
        environment = dict(self.environment) | {"PYTHONPATH": str(ROOT)}
        launch = Launch([*self.command, str(path)], environment, text)
        self.daemon.bring_up(launch, self._answers, START_SECONDS, STOP_SECONDS)

    def stop(self) -> None:
        """End it, with all job runs and statements."""
        self.daemon.stop(STOP_SECONDS)

    def _answers(self) -> bool:
        """Tell whether an unsigned request is refused as AWS refuses it."""
        connection = http.client.HTTPConnection(HOST, self.config.port, timeout=5.0)
        try:
            connection.request("GET", "/")
            return connection.getresponse().getheader("x-amzn-errortype") is not None
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
