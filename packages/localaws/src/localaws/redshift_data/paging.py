"""Pages of lists: how many, and the token of the next."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from localaws.redshift_data.places import invalid

Item = TypeVar("Item")
DEFAULT_LISTED = 100


def cut_page(
    items: Sequence[Item], values: Mapping[str, Any], default: int = DEFAULT_LISTED
) -> tuple[list[Item], str | None]:
    """Give the page that a request asks for, and the token of the next one, if there is one."""
    start, size = read_token(values.get("NextToken")), values.get("MaxResults") or default
    more = str(start + size) if start + size < len(items) else None
    return list(items[start : start + size]), more


def read_token(token: str | None) -> int:
    """Read a token that this service gave.

    Raises:
        ServiceError: ValidationException: it is none.
    """
    if token is None:
        return 0
    if not re.fullmatch(r"[0-9]{1,9}", token):
        raise invalid("NextToken is none that this service gave")
    return int(token)


def is_like(name: str, pattern: str | None) -> bool:
    """Tell whether a name is LIKE a pattern of SQL: % for any text, _ for a character."""
    if not pattern:
        return True
    parts = (".*" if char == "%" else "." if char == "_" else re.escape(char) for char in pattern)
    return re.fullmatch("".join(parts), name, re.DOTALL) is not None
