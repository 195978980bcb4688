"""Numbers of any length for a reference that reads them by `int`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def any_number_of_digits() -> Iterator[None]:
    """Let Python read numbers of any length: it refuses those of more than 4,300 digits."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(limit)
