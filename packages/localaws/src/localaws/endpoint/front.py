"""The door of the endpoint: which API a request is for, who may ask, and what it is told."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore.model import ServiceModel

from localaws.endpoint import protocols
from localaws.endpoint.moto_services import SERVICES, MotoServices
from localaws.endpoint.protocols import HttpRequest, HttpResponse
from localaws.endpoint.service import Service, ServiceError
from localaws.endpoint.validation import check_input

log = logging.getLogger(__name__)

CREDENTIAL = re.compile(
    r"Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/aws4_request"
)
REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}

Page = Callable[[HttpRequest], HttpResponse]


class Front:
    """The WSGI application: signed requests go to their API, the others to a page.

    `pages` are plain web pages by the first part of their path; they are asked unsigned.
    """

    def __init__(
        self,
        services: Iterable[Service],
        moto: MotoServices,
        *,
        access_key_id: str,
        pages: Mapping[str, Page],
    ) -> None:
        self._services: dict[str, tuple[Service, ServiceModel]] = {
            service.name: (service, protocols.load_model(service.name)) for service in services
        }
        self._moto = moto
        self._access_key_id = access_key_id
        self._pages = pages

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        response = self._answer(environ, read_request(environ))
        reason = REASONS.get(response.status, "Answer")
        headers = {
            name: text
            for name, text in response.headers.items()
            if name.lower() != "content-length"
        }
        headers["Content-Length"] = str(len(response.body))
        start_response(f"{response.status} {reason}", list(headers.items()))
        return [response.body]

    def _answer(self, environ: dict[str, Any], request: HttpRequest) -> HttpResponse:
        credential = CREDENTIAL.search(request.headers.get("authorization", ""))
        if credential is None:
            page = self._pages.get(request.path.split("/")[1])
            return (
                page(request)
                if page
                else refuse("MissingAuthenticationTokenException", "Missing Authentication Token")
            )
        if credential["key"] != self._access_key_id:
            message = "The security token included in the request is invalid."
            return refuse("UnrecognizedClientException", message)
        name = credential["service"]
        if name in self._services:
            return self._answer_ourselves(name, request)
        if name in SERVICES:
            return self._moto.answer(environ)
        return refuse("UnknownServiceException", f"{name} is not part of the local AWS")

    def _answer_ourselves(self, name: str, request: HttpRequest) -> HttpResponse:
        service, model = self._services[name]
        try:
            operation, values = protocols.find_operation(model, request)
            check_input(operation.input_shape, values)
            run = service.operations.get(operation.name)
            if run is None:
                message = f"{operation.name} is not supported by the local AWS"
                raise ServiceError("UnsupportedOperationException", message)
            return protocols.build_response(model, run(values))
        except ServiceError as error:
            log.info("%s: %s: %s", name, error.code, error.message)
            return protocols.build_error(model, error)
        except Exception:
            # The one place that catches everything: a client gets an answer, the log the trace.
            log.exception("%s failed", name)
            message = "the local AWS failed: its log has the reason"
            return protocols.build_error(model, ServiceError("InternalServerException", message))


def read_request(environ: dict[str, Any]) -> HttpRequest:
    """Read a request from WSGI, its body left for another reader too."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): text
        for name, text in environ.items()
        if name.startswith("HTTP_")
    }
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ["PATH_INFO"]
    path, _, query = raw.partition("?")
    return HttpRequest(environ["REQUEST_METHOD"], path, query, headers, body)


def refuse(code: str, message: str) -> HttpResponse:
    """Refuse a request before its API is known."""
    document = {"__type": code, "message": message}
    headers = {"Content-Type": "application/json", "x-amzn-errortype": code}
    return HttpResponse(403, headers, json.dumps(document).encode())
