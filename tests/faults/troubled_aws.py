"""What a call to AWS meets instead of its answer: errors, silence, half an answer.

All by the hooks of boto3's clients, so that their own retries are part of what is tested.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

ALWAYS = 1_000_000
NO_THROUGHPUT = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"

Fault = Callable[[Any, Any], AWSResponse | None]


class Raw:
    """The bytes of an answer, as urllib3 gives them."""

    def __init__(self, content: bytes) -> None:
        self._left = content

    def read(self, amt: int | None = None, **_: Any) -> bytes:
        size = len(self._left) if amt is None else amt
        part, self._left = self._left[:size], self._left[size:]
        return part

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()

    def close(self) -> None:
        """Nothing is open."""


@contextlib.contextmanager
def meeting(
    client: Any, fault: Fault, *operations: str, times: int = ALWAYS, every: int = 1, after: int = 0
) -> Iterator[list[str]]:
    """Let calls meet a fault for the length of a block; give the operations that met it.

    Args:
        operations: Those that may meet it; all where none is named.
        times: How many tries meet it at most.
        every: Each so manieth try does.
        after: So many tries are left alone first.
    """
    met: list[str] = []
    lock, seen = threading.Lock(), [0]

    def meet(request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        with lock:
            if operations and operation not in operations:
                return None
            seen[0] += 1
            is_late = seen[0] > after and (seen[0] - after) % every == 0
            if not is_late or len(met) >= times:
                return None
            met.append(operation)
        return fault(client, request)

    client.meta.events.register_first("before-send", meet)
    try:
        yield met
    finally:
        client.meta.events.unregister("before-send", meet)


def internal_error(_: Any, request: Any) -> AWSResponse:
    return s3_error(request, 500, "InternalError", "We encountered an internal error.")


def slow_down(_: Any, request: Any) -> AWSResponse:
    return s3_error(request, 503, "SlowDown", "Please reduce your request rate.")


def s3_error(request: Any, status: int, code: str, message: str) -> AWSResponse:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    # The answer to a HEAD has no body.
    return answer(request, status, b"" if request.method == "HEAD" else text.encode())


def no_connection(_: Any, request: Any) -> AWSResponse:
    raise ConnectTimeoutError(endpoint_url=request.url)


def no_answer(_: Any, request: Any) -> AWSResponse:
    raise ReadTimeoutError(endpoint_url=request.url)


def lost_answer(client: Any, request: Any) -> AWSResponse:
    """Carry the call out, and let its caller wait for the answer in vain."""
    done = client._endpoint.http_session.send(request)
    assert done.status_code < 400, done.content
    raise ReadTimeoutError(endpoint_url=request.url)


def half_an_answer(client: Any, request: Any) -> AWSResponse:
    """Give the head and half of the body, then the connection is gone."""
    done = client._endpoint.http_session.send(request)
    content = done.content
    assert len(content) > 1
    return answer(request, done.status_code, content[: len(content) // 2], dict(done.headers))


def no_throughput(_: Any, request: Any) -> AWSResponse:
    return json_error(request, NO_THROUGHPUT, "The level of throughput was exceeded.")


def throttled(_: Any, request: Any) -> AWSResponse:
    return json_error(request, "ThrottlingException", "Rate exceeded")


def json_error(request: Any, code: str, message: str) -> AWSResponse:
    document = {"__type": code, "message": message}
    return answer(request, 400, json.dumps(document).encode())


def unprocessed_keys(_: Any, request: Any) -> AWSResponse:
    asked = json.loads(request.body)["RequestItems"]
    document = {"Responses": {}, "UnprocessedKeys": asked}
    return answer(request, 200, json.dumps(document).encode())


def answer(
    request: Any, status: int, content: bytes, headers: dict[str, str] | None = None
) -> AWSResponse:
    return AWSResponse(request.url, status, headers or {}, Raw(content))
