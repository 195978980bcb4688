"""What an API behind the endpoint is: named operations over checked input, and its own errors."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

Operation = Callable[[dict[str, Any]], dict[str, Any]]


class ServiceError(Exception):
    """An answer that the API's model names as an error; its HTTP status comes from the model.

    `details` are further members of the error, for example `resourceId`.
    """

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details


class Service(Protocol):
    """An API that this process answers itself.

    `name` is botocore's. `operations` holds those it has; each takes the request's members by
    their API names, checked against the model (required, types, lengths, patterns, enums), and
    gives the response's. They are called by many threads at once.
    """

    name: str
    operations: Mapping[str, Operation]

    def close(self) -> None:
        """End what runs; called once, at the end of the process."""
