"""Whatever the columns' types hold goes through COPY and comes back unchanged."""

import datetime
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Warehouse
from .test_copy_values import load

LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
FRAMES = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.text(LETTERS, max_size=5),  # five characters of four bytes fill the column
        st.none() | st.datetimes().map(lambda instant: instant.replace(fold=0)),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.none() | st.booleans(),
        st.none() | st.dates(),
    ),
    max_size=12,
)
KINDS = [pa.int64(), pa.string(), pa.timestamp("us"), pa.float64(), pa.bool_(), pa.date32()]


@settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(frame=FRAMES)
def test_any_frame_comes_back_as_it_was(warehouse: Warehouse, frame: list[tuple[Any, ...]]) -> None:
    warehouse.run("DROP TABLE IF EXISTS t")
    warehouse.run(
        "CREATE TABLE t (c0 BIGINT, c1 VARCHAR(20), c2 TIMESTAMP, c3 FLOAT8, c4 BOOLEAN, c5 DATE)"
    )
    columns = [pa.array([row[n] for row in frame], kind) for n, kind in enumerate(KINDS)]

    found = load(warehouse, *columns)

    assert [tuple(map(repr, read(row))) for row in found] == [tuple(map(repr, r)) for r in frame]


def read(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Read the instant and the day that the API writes as texts."""
    number, text, instant, real, flag, day = row
    at = None if instant is None else datetime.datetime.fromisoformat(instant)
    return number, text, at, real, flag, None if day is None else datetime.date.fromisoformat(day)
