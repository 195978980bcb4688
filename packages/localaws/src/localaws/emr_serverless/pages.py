"""Pages of a list: so many items, and a token for the rest."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from localaws.endpoint.service import ServiceError

Item = TypeVar("Item")

MOST_RESULTS = 50


def cut_page(
    items: Sequence[Item],
    request: dict[str, object],
    name_of: Callable[[Item], str],
) -> tuple[list[Item], str | None]:
    """Give the items after those that the request has seen, and the token for the next page.

    Raises:
        ServiceError: ValidationException: the token is none of this list.
    """
    start = 0
    token = request.get("nextToken")
    if token is not None:
        last = _read_token(str(token))
        names = [name_of(item) for item in items]
        if last not in names:
            raise ServiceError("ValidationException", "Invalid nextToken.")
        start = names.index(last) + 1
    count = int(str(request.get("maxResults", MOST_RESULTS)))
    page = list(items[start : start + count])
    has_more = start + count < len(items)
    return page, _write_token(name_of(page[-1])) if has_more else None


def _write_token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _read_token(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
