"""`make spark-run`: order, batches and repeated deliveries never show in the tables."""

import shutil
from pathlib import Path

import pytest

from tests import reference
from tests.end_to_end.spark_run_helpers import (
    SAMPLE,
    assert_plays_and_kpis,
    call_well,
    copy_sample,
    delivered,
    read_songs,
    set_modification,
)

pytestmark = pytest.mark.slow

ONE, TWO, THREE = (f"2024/06/0{day}/plays.csv" for day in (1, 2, 3))
AGAIN = "again/plays.csv"  # the bytes of the first file under another name
BATCHES = {
    "all in one run": [[ONE, TWO, THREE]],
    "three runs": [[ONE], [TWO], [THREE]],
    "three runs, the last file first": [[THREE], [ONE], [TWO]],
    "one file twice in a run": [[ONE, TWO, THREE, AGAIN]],
    "one file twice, the copy first": [[AGAIN, TWO], [ONE, THREE]],
}


def deliver(data: Path, name: str) -> None:
    target = data / "streams" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(SAMPLE / "streams" / (ONE if name == AGAIN else name), target)
    set_modification(target)


@pytest.mark.parametrize("batches", BATCHES.values(), ids=BATCHES)
def test_batches_and_order_never_show_in_the_tables(
    tmp_path: Path, batches: list[list[str]]
) -> None:
    whole = copy_sample(tmp_path / "whole", ONE, TWO, THREE)
    plays = reference.validate(delivered(whole)).accepted
    data = copy_sample(tmp_path / "data", "special/_in-progress.csv")

    for batch in batches:
        for name in batch:
            deliver(data, name)
        done = call_well(data, tmp_path / "out")

        assert set(done.accounting["files"]) == {f"data/streams/{name}" for name in batch}

    assert len(plays) == 2985
    assert_plays_and_kpis(done.tables, plays, read_songs(whole / "songs" / "songs.csv"))
    assert len(done.tables["users"]) == 152
    assert len(done.tables["songs"]) == 28
