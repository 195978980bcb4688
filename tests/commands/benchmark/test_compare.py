"""The benchmark fails where two engines differ in one number."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commands.benchmark.compare import check_same_numbers
from commands.console import CommandError

HOUR = datetime(2024, 6, 1, 12, tzinfo=UTC)
COUNTS = {"rows_read": 12, "rows_valid": 11, "rows_accepted": 10}


def write(path: Path, row: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([row]), path)


def a_genre(**values: Any) -> dict[str, Any]:
    return {"track_genre": "jazz", "listen_count": 10, "popularity_index": 0.1 + 0.2, **values}


def jobs_output(folder: Path, **genre: Any) -> Path:
    """What the jobs leave, of two files."""
    files = {
        "a": {"rows_read": 10, "rows_accepted": 9, "rows_duplicate": 0},
        "b": {"rows_read": 2, "rows_accepted": 1, "rows_duplicate": 1},
    }
    (folder / "validated").mkdir(parents=True)
    (folder / "validated" / "accounting.json").write_text(json.dumps({"files": files}))
    write(folder / "kpis" / "genre_kpis" / "part-0.parquet", a_genre(**genre))
    write(folder / "kpis" / "hourly_kpis" / "part-0.parquet", {"hour": HOUR, "total_plays": 10})
    return folder


def peers_output(folder: Path, hour: datetime = HOUR, **counts: int) -> Path:
    write(folder / "genre_kpis.parquet", a_genre(popularity_index=0.3))
    hourly = {"hour": hour.replace(tzinfo=None), "total_plays": 10}
    write(folder / "hourly_kpis.parquet", hourly)
    (folder / "counts.json").write_text(json.dumps(COUNTS | counts))
    return folder


def test_the_same_numbers_pass_whoever_wrote_them_and_however_a_fraction_was_rounded(
    tmp_path: Path,
) -> None:
    check_same_numbers(
        {
            "spark": jobs_output(tmp_path / "spark"),
            "duckdb": peers_output(tmp_path / "duckdb"),
            "against": jobs_output(tmp_path / "against"),
        }
    )


def test_a_number_that_differs_is_named(tmp_path: Path) -> None:
    outputs = {
        "spark": jobs_output(tmp_path / "spark"),
        "against": jobs_output(tmp_path / "against", listen_count=11),
    }

    with pytest.raises(CommandError) as raised:
        check_same_numbers(outputs)

    expected = "genre_kpis of against: listen_count of jazz is 11, spark says 10"
    assert str(raised.value) == expected


def test_a_fraction_that_differs_in_more_than_its_last_digits_is_named(tmp_path: Path) -> None:
    outputs = {
        "spark": jobs_output(tmp_path / "spark"),
        "against": jobs_output(tmp_path / "against", popularity_index=0.300_001),
    }

    with pytest.raises(CommandError, match="popularity_index of jazz is 0.300001"):
        check_same_numbers(outputs)


@pytest.mark.parametrize(
    ("peer", "message"),
    [
        ({"rows_accepted": 9}, "duckdb counted .*'rows_accepted': 9.*, spark .*: 10"),
        ({"hour": HOUR.replace(hour=13)}, "hourly_kpis of duckdb: 1 rows, spark has 1"),
    ],
)
def test_another_count_or_hour_is_told(tmp_path: Path, peer: dict[str, Any], message: str) -> None:
    outputs = {
        "spark": jobs_output(tmp_path / "spark"),
        "duckdb": peers_output(tmp_path / "duckdb", **peer),
    }

    with pytest.raises(CommandError, match=message):
        check_same_numbers(outputs)
