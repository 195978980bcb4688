"""The parts of `make compact` that need no lake: what is superseded, row groups, its argument."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from commands import compact
from dags.systems.bucket import StoredObject
from maintenance import compaction
from maintenance.compaction import find_superseded
from maintenance.parquet_tables import arrow_schema
from spark_jobs import schemas

DAY = "lake/streams/listen_date=2024-06-01"


def test_row_groups_are_gathered_from_batches_in_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compaction, "GROUP_ROWS", 3)
    schema = arrow_schema(schemas.STREAMS)
    rows = [{"user_id": n, "track_id": "t", "listen_time": n} for n in range(7)]
    batches = [pa.RecordBatch.from_pylist(rows[n : n + 2], schema) for n in range(0, 7, 2)]

    groups = list(compaction.in_row_groups(batches))

    assert [group["user_id"].to_pylist() for group in groups] == [[0, 1, 2, 3], [4, 5, 6]]


def an_object(name: str, days_old: int) -> StoredObject:
    made = datetime(2024, 6, 30, tzinfo=UTC) - timedelta(days=days_old)
    return StoredObject(f"{DAY}/{name}.parquet", "etag", 1, made)


@pytest.mark.parametrize(
    ("commit", "days_kept", "superseded"),
    [
        (9, 7, ["0000000001-0", "0000000002-0", "0000000002-1"]),
        (9, 30, []),
        (9, None, ["0000000001-0", "0000000002-0", "0000000002-1", "0000000002-all",
                   "0000000003-0", "0000000004-0"]),
        (3, None, ["0000000001-0", "0000000002-0", "0000000002-1"]),
        (1, None, []),
    ],
)  # fmt: skip
def test_an_all_object_of_some_age_supersedes_what_is_numbered_up_to_it(
    commit: int, days_kept: int | None, superseded: list[str]
) -> None:
    day = [
        an_object(name, days_old)
        for name, days_old in (
            ("0000000001-0", 20), ("0000000002-0", 19), ("0000000002-1", 19),
            ("0000000002-all", 8), ("0000000003-0", 7), ("0000000004-0", 6),
            ("0000000004-all", 5), ("0000000005-0", 1), ("of-somebody", 40),
        )
    ]  # fmt: skip
    oldest = None if days_kept is None else datetime(2024, 6, 30, tzinfo=UTC) - timedelta(days_kept)

    found = find_superseded(day, commit, oldest)

    assert found == [f"{DAY}/{name}.parquet" for name in superseded]


@pytest.mark.parametrize("days", ["-1", "a week", ""])
def test_days_that_are_no_number_end_with_2(days: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert compact.main([f"--keep-days={days}"]) == 2

    assert capsys.readouterr() == (
        "", f"error: KEEP_DAYS is a whole number of days, got {days!r}\n",
    )  # fmt: skip
