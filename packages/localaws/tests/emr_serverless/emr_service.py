"""The service behind a real endpoint, over programs that do what a test tells them."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from localaws.emr_serverless.api import EmrServerless
from localaws.endpoint.config import EndpointConfig, SparkConfig, WarehouseConfig
from localaws.endpoint.front import Front
from localaws.endpoint.moto_services import MotoServices

ROLE = "arn:aws:iam::123456789012:role/job"
RELEASE = "emr-spark-8.1.0"
ENTRY_POINT = "s3://code/job.py"
PATIENCE_SECONDS = 120.0  # a JVM on a loaded machine
SESSION = boto3.session.Session()  # it keeps the models of the APIs
REQUIRED = {
    "region_name": "eu-west-1",
    "aws_access_key_id": "local",
    "aws_secret_access_key": "local-secret",
}
# Tells what it was given, then follows its arguments one by one.
PROGRAM = r"""#!/usr/bin/env bash
for word in "$@"; do echo "argument: $word"; done
env | sed 's/^/environment: /'
sed 's/^/property: /' "$2"
code=0
for word in "$@"; do
    value="${word#*=}"
    case "$word" in
        copy=*) cp "$2" "$value"; env > "$value.environment" ;;
        cat=*) echo "file: $(cat "$value")" ;;
        stderr=*) echo "$value" >&2 ;;
        stubborn) trap 'true' TERM ;;
        child=*) setsid sleep 600 & echo $! > "$value.new"; mv "$value.new" "$value" ;;
        wait=*) until read -r _ < "$value"; do true; done ;;
        exit=*) code="$value" ;;
        once=*) if [ ! -e "$value" ]; then touch "$value"; code=1; fi ;;
    esac
done
exit "$code"
"""


class QuietHandler(WSGIRequestHandler):
    """Logs no line for each request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def wait_until(holds: Callable[[], Any], what: str) -> Any:
    """Wait for a real process: poll until something holds, and give it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {PATIENCE_SECONDS} s")


def a_config(folder: Path, *, port: int, s3_endpoint: str) -> EndpointConfig:
    """Give the configuration of a service that keeps its state in a folder."""
    program = folder / "spark-submit"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    return EndpointConfig(
        port=port,
        state=str(folder / "state"),
        region="eu-west-1",
        account_id="123456789012",
        access_key_id="local",
        secret_access_key="local-secret",
        s3_endpoint=s3_endpoint,
        spark=SparkConfig(str(program), "/python", "/java", "/jars/*", cores=4, memory_mib=4096),
        warehouse=WarehouseConfig({}, [], ""),
    )


@dataclass
class Service:
    """A running service, and what a test does with it all the time."""

    config: EndpointConfig
    emr: EmrServerless
    server: BaseWSGIServer
    folder: Path
    clients: dict[str, Any] = field(default_factory=dict)
    is_stopped: bool = False

    def client(self, name: str = "emr-serverless") -> Any:
        """Give a real client that does not try again."""
        if name not in self.clients:
            self.clients[name] = SESSION.client(
                name,
                endpoint_url=f"http://127.0.0.1:{self.config.port}",
                config=Config(retries={"max_attempts": 0}),
                **REQUIRED,
            )
        return self.clients[name]

    def create(self, **members: Any) -> str:
        """Create an application and give its id."""
        chosen = {"name": "an-application", "releaseLabel": RELEASE, "type": "SPARK"} | members
        return str(self.client().create_application(**chosen)["applicationId"])

    def start(self, application_id: str, *words: str, parameters: str = "", **members: Any) -> str:
        """Start a job run that follows these words and give its id."""
        driver: dict[str, Any] = {"entryPoint": ENTRY_POINT, "entryPointArguments": list(words)}
        if parameters:
            driver["sparkSubmitParameters"] = parameters
        chosen = {"executionRoleArn": ROLE, "jobDriver": {"sparkSubmit": driver}} | members
        answer = self.client().start_job_run(applicationId=application_id, **chosen)
        return str(answer["jobRunId"])

    def get(self, application_id: str, run_id: str, **members: Any) -> Any:
        """Get a job run."""
        names = {"applicationId": application_id, "jobRunId": run_id}
        return self.client().get_job_run(**names, **members)["jobRun"]

    def wait(self, application_id: str, run_id: str, *states: str) -> Any:
        """Wait for a job run to be in a state, an ended one unless others are named."""
        wanted = states or ("SUCCESS", "FAILED", "CANCELLED")

        def in_state() -> Any:
            run = self.get(application_id, run_id)
            return run if run["state"] in wanted else None

        return wait_until(in_state, f"job run {run_id} in {wanted}")

    def wait_application(self, application_id: str, state: str) -> Any:
        """Wait for an application to be in a state."""

        def in_state() -> Any:
            application = self.client().get_application(applicationId=application_id)["application"]
            return application if application["state"] == state else None

        return wait_until(in_state, f"application {application_id} in {state}")

    def driver_output(self, run_id: str, stream: str = "stdout", attempt: int = 1) -> str:
        """Read what a driver wrote."""
        folder = self.config.folder / "job_runs" / run_id / f"attempt-{attempt}"
        return (folder / stream).read_text()

    def stop(self) -> None:
        """Stop as the process does when it is told to end; once."""
        if self.is_stopped:
            return
        self.is_stopped = True
        self.server.shutdown()
        self.server.server_close()
        self.emr.close()


def serve(
    config: EndpointConfig, moto: MotoServices, folder: Path, *, minute_seconds: float = 60.0
) -> Service:
    """Serve on a free port, or on the one of the configuration."""
    door: list[Front] = []
    server = make_server(
        "127.0.0.1",
        config.port,
        lambda environ, start: door[0](environ, start),
        threaded=True,
        request_handler=QuietHandler,
    )
    config = replace(config, port=server.server_port)
    emr = EmrServerless(config, minute_seconds=minute_seconds)
    pages = {"dashboard": emr.show_dashboard}
    door.append(Front([emr], moto, access_key_id="local", pages=pages))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return Service(config, emr, server, folder)


def assert_refused(service: Service, expected: str, **members: Any) -> None:
    """Assert that a job run is refused with status 400 and a message that has the words."""
    with pytest.raises(ClientError) as error:
        service.start(**members)
    answer = error.value.response
    assert answer["Error"]["Code"] == "ValidationException"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert expected in answer["Error"]["Message"]


def assert_taken(service: Service, application: str, **members: Any) -> None:
    """Assert that a job run is taken."""
    assert service.start(application, **members)
