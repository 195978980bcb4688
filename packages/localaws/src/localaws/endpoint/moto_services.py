"""Secrets Manager, SNS, STS and CloudWatch: moto's, one request at a time."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from localaws.endpoint.protocols import HttpResponse

# Signing name in the credential scope: what moto calls it.
SERVICES = {
    "secretsmanager": "secretsmanager",
    "sns": "sns",
    "sts": "sts",
    "logs": "logs",
    "monitoring": "cloudwatch",
}


class MotoServices:
    """moto's applications behind a lock: moto's memory is not made for threads."""

    def __init__(self) -> None:
        from moto.moto_server.werkzeug_app import (
            DomainDispatcherApplication,
            create_backend_app,
        )

        self._application = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()

    def answer(self, environ: dict[str, Any]) -> HttpResponse:
        """Let moto answer a request; it reads the service from the credential scope itself."""
        status_line, headers = "500", [("", "")]

        def start_response(
            status: str, response_headers: list[tuple[str, str]], *_: object
        ) -> Callable[[bytes], None]:
            nonlocal status_line, headers
            status_line, headers = status, response_headers
            return lambda _: None

        with self._lock:
            chunks: Iterable[bytes] = self._application(environ, start_response)
            body = b"".join(chunks)
        return HttpResponse(int(status_line.split()[0]), dict(headers), body)
