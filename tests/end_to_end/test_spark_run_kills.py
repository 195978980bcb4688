"""`make spark-run`, killed: the tables stay, the next call is right, no process is left."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import reference
from tests.end_to_end.killed_call import POINTS
from tests.end_to_end.spark_run_helpers import (
    CALL_SECONDS,
    ROOT,
    TABLES,
    Outcome,
    assert_plays_and_kpis,
    assert_rows,
    call_well,
    command,
    copy_out,
    copy_sample,
    delivered,
    processes_naming,
    read_songs,
    read_tables,
    set_modification,
)
from tests.reference_kpis import genre_kpis

pytestmark = pytest.mark.slow
LEAVE_SECONDS = 30.0


def call_and_kill(point: str, data: Path, out: Path) -> None:
    """Make a call that dies at a point, and wait until its jobs have followed it."""
    driver = [sys.executable, "-m", "tests.end_to_end.killed_call", point]
    done = subprocess.run(
        [*driver, "--data", str(data), "--out", str(out)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=CALL_SECONDS,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    deadline = time.monotonic() + LEAVE_SECONDS
    while jobs := [line for line in processes_naming(out).values() if "postgres" not in line]:
        assert time.monotonic() < deadline, jobs
        time.sleep(0.1)


@pytest.fixture
def grown(sample: Path, tmp_path: Path) -> Path:
    """The sample with one file more."""
    shutil.copytree(sample, tmp_path / "data")
    new = tmp_path / "data" / "streams" / "new.csv"
    new.write_text("user_id,track_id,listen_time\n9,WCGTzMPd3ihSU0uO8N7tOi,2024-06-03 20:59:59\n")
    set_modification(new)
    return tmp_path / "data"


def test_calls_killed_one_after_the_other_leave_the_tables_and_then_one_ends_well(
    first: Outcome, first_out: Path, grown: Path, tmp_path: Path
) -> None:
    out = copy_out(first_out, tmp_path / "out")
    points = [point for point in POINTS if point != "before_the_report"]

    for point in points:
        call_and_kill(point, grown, out)

        assert read_tables(out) == first.tables, point
        assert json.loads((out / "accounting.json").read_text()) == first.accounting

    assert len(points) == 5
    done = call_well(grown, out)
    expected = reference.validate(delivered(grown))
    assert len(expected.accepted) == 3259
    assert_plays_and_kpis(done.tables, expected.accepted, read_songs(grown / "songs" / "songs.csv"))
    assert list(done.accounting["files"]) == ["data/streams/new.csv"]
    assert processes_naming(out) == {}
    assert not (out / ".state" / "staging").exists()
    assert len(list((out / ".state" / "commits").iterdir())) == 2


def test_metadata_loaded_by_a_killed_call_reaches_the_genres_by_the_next(
    first: Outcome, first_out: Path, sample: Path, tmp_path: Path
) -> None:
    data, out = tmp_path / "data", copy_out(first_out, tmp_path / "out")
    shutil.copytree(sample, data)
    songs = data / "songs" / "songs.csv"
    songs.write_text(songs.read_text().replace(",genre-052\n", ",genre-renamed\n"))

    call_and_kill("after_the_metadata_load", data, out)
    done = call_well(data, out)

    plays = reference.validate(delivered(sample)).accepted
    assert_rows(done.tables["genre_kpis"], genre_kpis(plays, read_songs(songs), 0.5))
    assert "genre-renamed" in [row[0] for row in done.tables["genre_kpis"]]
    assert done.tables["hourly_kpis"] == first.tables["hourly_kpis"]
    assert processes_naming(out) == {}


def test_the_first_call_killed_shows_nothing_and_the_next_one_is_right(tmp_path: Path) -> None:
    data = copy_sample(tmp_path / "data", "2024/06/01/plays.csv", "special/late.csv.gz")
    out = tmp_path / "out"

    call_and_kill("before_the_switch", data, out)

    assert not any((out / table).exists() for table in TABLES)
    done = call_well(data, out)
    plays = reference.validate(delivered(data)).accepted
    assert_plays_and_kpis(done.tables, plays, read_songs(data / "songs" / "songs.csv"))
    assert processes_naming(out) == {}


def test_a_call_killed_after_the_switch_has_done_its_work(
    first: Outcome, first_out: Path, grown: Path, tmp_path: Path
) -> None:
    out = copy_out(first_out, tmp_path / "out")

    call_and_kill("before_the_report", grown, out)

    tables = read_tables(out)
    assert len(tables["streams"]) == len(first.tables["streams"]) + 1
    done = call_well(grown, out)
    assert done.tables == tables
    assert done.accounting["files"] == {}
    assert "nothing new" in done.stderr
    assert processes_naming(out) == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_call_that_is_told_to_end_stops_its_database(
    sample: Path, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    with subprocess.Popen(
        command(sample, out),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        # Background jobs of a shell ignore SIGINT, and what they start inherits that.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "stream files to read" in line:
                break
        was_running = len(processes_naming(out / ".state" / "postgres"))
        process.send_signal(number)
        last_words = process.stderr.read()

    assert was_running >= 1
    assert process.returncode == 130
    assert last_words.endswith("stopped: the tables are as they were\n")
    assert processes_naming(out) == {}
