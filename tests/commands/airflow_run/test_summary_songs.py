"""What `make run` says of songs that changed."""

from typing import Any

import pytest

from tests.commands.airflow_run.summaries import GOOD, REPORT, summary_of


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [({}, True), ({"commit": 1}, False), ({"kind": "rebuild"}, False), ({"commit": None}, False)],
)
def test_songs_that_changed_after_the_first_commit_say_how_hours_follow(
    capsys: pytest.CaptureFixture[str], changes: dict[str, Any], is_told: bool
) -> None:
    changed = {"files": [], "rows_changed": {"songs": 2}, "rows_removed": {"songs": 1}}

    lines = summary_of(capsys, REPORT | {"metadata": changed} | changes, GOOD)

    told = (
        "3 rows of songs changed: genres follow at once, hours that were computed before keep "
        "their artists until: make backfill FROM=2024-05-30 TO=2024-06-01"
    )
    assert lines.count(told) == is_told
    assert any("keep their artists" in line for line in lines) == is_told


def test_rows_that_another_track_took_the_id_of_are_a_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = {"refused": None, "rows_rejected": {}, "file_key": "data/songs/a.csv"}
    file |= {"rows_replaced": {"data/songs/b.csv": 30}}

    lines = summary_of(capsys, REPORT | {"metadata": {"files": [file]}}, GOOD)

    assert lines[0] == (
        "warning: 30 rows of data/songs/a.csv were replaced by rows of other tracks from "
        "data/songs/b.csv: number ids over all files"
    )
