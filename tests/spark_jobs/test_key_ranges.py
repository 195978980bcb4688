"""Ranges of a key hold every row once, wherever the bounds lie."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.key_ranges import range_predicates

LONGS = st.integers(-(2**63), 2**63 - 1)


def holds(predicate: str, key: int) -> bool:
    """Evaluate a predicate on `id` as SQL would."""
    assert re.fullmatch(r"id (<|>=) -?\d+( AND id < -?\d+)?|id IS NOT NULL", predicate), predicate
    python = predicate.replace("AND", "and").replace("IS NOT NULL", "is not None")
    return bool(eval(python, {"id": key}))  # noqa: S307  # its grammar is checked above


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ([], ["id IS NOT NULL"]),
        ([5], ["id < 5", "id >= 5"]),
        ([-5, 0, 7], ["id < -5", "id >= -5 AND id < 0", "id >= 0 AND id < 7", "id >= 7"]),
    ],
)
def test_bounds_part_the_table(bounds: list[int], expected: list[str]) -> None:
    assert range_predicates("id", bounds) == expected


@given(bounds=st.lists(LONGS, unique=True, max_size=20).map(sorted), key=LONGS)
def test_every_key_lies_in_one_range(bounds: list[int], key: int) -> None:
    predicates = range_predicates("id", bounds)

    for tested in {key, *bounds}:
        assert [holds(predicate, tested) for predicate in predicates].count(True) == 1
