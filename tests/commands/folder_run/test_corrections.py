"""A load that changed songs says which hours it has not reached, and what reaches them."""

from datetime import date
from typing import Any

import pytest

from commands.folder_run.corrections import describe_old_hours

DAYS = [date(2024, 6, 2), date(2024, 5, 30), date(2024, 6, 1)]


def a_load(changed: int = 0, removed: int = 0, users: int = 0) -> dict[str, Any]:
    tables = {"rows_changed": {"songs": changed, "users": users}}
    return tables | ({"rows_removed": {"songs": removed}} if removed else {})


@pytest.mark.parametrize(("load", "rows"), [(a_load(2), 2), (a_load(1, 2), 3), (a_load(0, 1), 1)])
def test_changed_or_removed_songs_name_the_call_with_the_first_and_the_last_day(
    load: dict[str, Any], rows: int
) -> None:
    assert describe_old_hours(load, DAYS, "make backfill") == [
        f"{rows} rows of songs changed: genres follow at once, hours that were computed before "
        "keep their artists until: make backfill FROM=2024-05-30 TO=2024-06-02"
    ]


@pytest.mark.parametrize(("load", "days"), [(a_load(users=7), DAYS), ({}, DAYS), (a_load(2), [])])
def test_nothing_is_said_where_no_song_changed_or_no_hour_was_computed_before(
    load: dict[str, Any], days: list[date]
) -> None:
    assert describe_old_hours(load, days, "make backfill") == []


def test_a_span_that_is_longer_than_a_backfill_takes_is_cut() -> None:
    (line,) = describe_old_hours(a_load(1), [date(2010, 1, 1), date(2024, 6, 1)], "call")

    assert line.endswith(
        " until: call FROM=2010-01-01 TO=2020-02-17; call FROM=2020-02-18 TO=2024-06-01"
    )
