"""A door over two small services, asked by real clients."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from werkzeug.serving import make_server

from localaws.endpoint.front import Front
from localaws.endpoint.moto_services import MotoServices
from localaws.endpoint.protocols import HttpRequest, HttpResponse
from localaws.endpoint.service import ServiceError


class Applications:
    """Knows one application, and fails when asked for `broken`."""

    name = "emr-serverless"

    def __init__(self) -> None:
        self.operations = {"GetApplication": self.get, "ListApplications": self.list}
        self.asked: list[dict[str, Any]] = []

    def get(self, values: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(values)
        if values["applicationId"] == "broken":
            raise RuntimeError("a secret of the code")
        raise ServiceError("ResourceNotFoundException", "Application not found")

    def list(self, values: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(values)
        return {"applications": [], "nextToken": None}

    def close(self) -> None:
        """Nothing runs."""


class Statements:
    """Takes any statement."""

    name = "redshift-data"

    def __init__(self) -> None:
        self.operations = {"ExecuteStatement": lambda values: {"Id": values["Sql"]}}

    def close(self) -> None:
        """Nothing runs."""


@pytest.fixture(scope="module")
def applications() -> Applications:
    return Applications()


@pytest.fixture(scope="module")
def port(applications: Applications) -> Iterator[int]:
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, {"Content-Type": "text/html"}, request.path.encode())

    services = [applications, Statements()]
    front = Front(services, MotoServices(), access_key_id="local", pages={"dashboard": page})
    server = make_server("127.0.0.1", 0, front, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def client(port: int) -> Callable[..., Any]:
    def make(service: str, key: str = "local") -> Any:
        return boto3.session.Session().client(
            service,
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="eu-west-1",
            aws_access_key_id=key,
            aws_secret_access_key="local-secret",
            config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
        )

    return make
