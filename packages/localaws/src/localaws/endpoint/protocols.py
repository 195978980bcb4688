"""The two protocols of the APIs answered here: REST-JSON by path, JSON 1.1 by X-Amz-Target."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape, StructureShape

from localaws.endpoint.service import ServiceError

REST_JSON = "rest-json"


@dataclass(frozen=True)
class HttpRequest:
    """A request as it came in; header names in lower case, `path` still percent-encoded."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class HttpResponse:
    """An answer of an API, JSON but for a page."""

    status: int
    headers: dict[str, str]
    body: bytes


def load_model(name: str) -> ServiceModel:
    """Load botocore's own model of an API: what real clients validate against."""
    return ServiceModel(
        Loader(include_default_search_paths=True).load_service_model(name, "service-2")
    )


def find_operation(
    model: ServiceModel, request: HttpRequest
) -> tuple[OperationModel, dict[str, Any]]:
    """Find which operation is asked for, and its input from path, query and body.

    Raises:
        ServiceError: The API has no such operation, or the body is no JSON object.
    """
    if model.protocol == REST_JSON:
        return _find_by_path(model, request)
    target = request.headers.get("x-amz-target", "").rpartition(".")[2]
    if target not in model.operation_names:
        raise ServiceError("UnknownOperationException", f"there is no operation {target!r}")
    return model.operation_model(target), _read_body(request.body)


def _find_by_path(
    model: ServiceModel, request: HttpRequest
) -> tuple[OperationModel, dict[str, Any]]:
    for name in model.operation_names:
        operation = model.operation_model(name)
        path = operation.http["requestUri"].partition("?")[0]
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
        match = re.fullmatch(pattern, request.path)
        if match and operation.http["method"] == request.method:
            values = _read_body(request.body) if request.body else {}
            values |= {name: unquote(value) for name, value in match.groupdict().items()}
            return operation, values | _read_query(operation, request.query)
    raise ServiceError(
        "UnknownOperationException", f"no operation at {request.method} {request.path}"
    )


def _read_body(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body or b"{}")
    except ValueError as error:
        raise ServiceError("SerializationException", "the body is no JSON") from error
    if not isinstance(values, dict):
        raise ServiceError("SerializationException", "the body is no JSON object")
    return values


def _read_query(operation: OperationModel, query: str) -> dict[str, Any]:
    found = parse_qs(query, keep_blank_values=True)
    shape = operation.input_shape
    members = shape.members.items() if isinstance(shape, StructureShape) else ()
    values: dict[str, Any] = {}
    for name, member in members:
        texts = found.get(member.serialization.get("name", name))
        if member.serialization.get("location") == "querystring" and texts:
            values[name] = _read_texts(member, texts)
    return values


def _read_texts(shape: Shape, texts: list[str]) -> Any:
    if shape.type_name == "list":
        return texts
    if shape.type_name in ("integer", "long"):
        try:
            return int(texts[0])
        except ValueError as error:
            raise ServiceError("SerializationException", f"{texts[0]!r} is no number") from error
    if shape.type_name == "timestamp":
        return _read_instant(texts[0])
    return texts[0]


def _read_instant(text: str) -> float:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).timestamp()
    except ValueError as error:
        raise ServiceError("SerializationException", f"{text!r} is no timestamp") from error


def build_response(model: ServiceModel, values: dict[str, Any]) -> HttpResponse:
    """Give an operation's answer; members that are None are left out."""
    return HttpResponse(200, _content_type(model), _encode(values))


def build_error(model: ServiceModel, error: ServiceError) -> HttpResponse:
    """Give an error in the API's own shape: code, HTTP status and message."""
    status = 400
    if error.code in model.shape_names:
        status = model.shape_for(error.code).metadata.get("error", {}).get("httpStatusCode", 400)
        if model.shape_for(error.code).metadata.get("fault"):
            status = 500
    elif error.code == "InternalFailure":
        status = 500
    headers = _content_type(model) | {"x-amzn-errortype": error.code}
    # Some models write the member with a capital, clients read either.
    document = {"__type": error.code, "message": error.message, "Message": error.message}
    return HttpResponse(status, headers, _encode(document | error.details))


def _content_type(model: ServiceModel) -> dict[str, str]:
    is_rest = model.protocol == REST_JSON
    return {"Content-Type": "application/json" if is_rest else "application/x-amz-json-1.1"}


def _encode(values: dict[str, Any]) -> bytes:
    return json.dumps(_without_none(values), default=_encode_value).encode()


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(item) for name, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value


def _encode_value(value: object) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an answer")
