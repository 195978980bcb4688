"""The ranges of a key by which a table is read in parallel."""

from collections.abc import Sequence


def range_predicates(key: str, bounds: Sequence[int]) -> list[str]:
    """Give the predicates that part a table at the bounds: together all rows, each row once.

    Args:
        key: A column that is never null.
        bounds: The first keys of all ranges but the first, in order.
    """
    if not bounds:
        return [f"{key} IS NOT NULL"]
    inner = [
        f"{key} >= {first} AND {key} < {last}"
        for first, last in zip(bounds[:-1], bounds[1:], strict=True)
    ]
    return [f"{key} < {bounds[0]}", *inner, f"{key} >= {bounds[-1]}"]
