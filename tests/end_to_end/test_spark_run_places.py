"""`make spark-run` in unusual places: two OUTs at once, a full disk, folders without plays."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from maintenance.parquet_tables import arrow_schema
from spark_jobs import schemas
from tests import reference
from tests.end_to_end.spark_run_helpers import (
    CALL_SECONDS,
    ROOT,
    TABLES,
    Outcome,
    assert_plays_and_kpis,
    call,
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

pytestmark = pytest.mark.slow


def mount(*words: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is refused here: {done.stderr.strip()}")


@pytest.fixture
def a_small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount("-t", "tmpfs", "-o", "size=250m", "tmpfs", str(disk))
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture
def read_only_data(tmp_path: Path) -> Iterator[Path]:
    """Two files of the sample where nothing can be written."""
    data = copy_sample(tmp_path / "data", "2024/06/02/plays.csv", "special/late.csv.gz")
    mount("--bind", str(data), str(data))
    subprocess.run(["mount", "-o", "remount,ro,bind", str(data)], check=True)
    yield data
    subprocess.run(["umount", str(data)], check=True)


def test_two_outs_side_by_side_share_nothing_and_read_only_data_is_enough(
    read_only_data: Path, tmp_path: Path
) -> None:
    outs = [tmp_path / "one, with 'any' [character] {é} %20 #", tmp_path / "other"]
    here = {path.name for path in ROOT.iterdir()}

    calls = [
        subprocess.Popen(
            command(read_only_data, out),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for out in outs
    ]
    printed = [process.communicate(timeout=CALL_SECONDS)[0] for process in calls]

    assert [process.returncode for process in calls] == [0, 0], printed
    plays = reference.validate(delivered(read_only_data)).accepted
    songs = read_songs(read_only_data / "songs" / "songs.csv")
    for out in outs:
        assert_plays_and_kpis(read_tables(out), plays, songs)
        assert processes_naming(out) == {}
    assert {path.name for path in ROOT.iterdir()} <= here | {".cache", ".local"}


def fill(disk: Path, megabytes_left: float) -> Path:
    """Fill a disk but for some megabytes."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    free = shutil.disk_usage(disk).free - int(megabytes_left * 1_000_000)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free)
    return ballast


def test_a_full_disk_is_one_line_and_the_tables_stay(
    first: Outcome, first_out: Path, sample: Path, a_small_disk: Path, tmp_path: Path
) -> None:
    data, out = tmp_path / "data", copy_out(first_out, a_small_disk / "out")
    shutil.copytree(sample, data)
    new = data / "streams" / "new.csv"
    new.write_text("user_id,track_id,listen_time\n9,WCGTzMPd3ihSU0uO8N7tOi,2024-06-03 20:59:59\n")
    set_modification(new)

    # At the very beginning, and while the jobs write.
    for megabytes_left, message in ((0.0, "free some space"), (0.1, "")):
        ballast = fill(a_small_disk, megabytes_left)
        done = call(data, out)

        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert (done.returncode, len(errors)) == (2, 1), (megabytes_left, done.stderr)
        assert "Traceback" not in done.stderr
        assert done.stderr.splitlines()[-1] == errors[0]
        assert message in errors[0]
        assert read_tables(out) == first.tables
        ballast.unlink()
        assert processes_naming(out) == {}

    assert len(call_well(data, out).tables["streams"]) == len(first.tables["streams"]) + 1


def test_no_stream_file_gives_users_songs_and_empty_readable_tables(tmp_path: Path) -> None:
    data = copy_sample(tmp_path / "data", "special/_in-progress.csv")

    done = call_well(data, tmp_path / "out")

    counts = {table: len(rows) for table, rows in done.tables.items()}
    assert counts == {
        "users": 152, "songs": 28, "streams": 0, "genre_kpis": 0, "hourly_kpis": 0
    }  # fmt: skip
    for table in TABLES:
        found = pq.read_table(tmp_path / "out" / table).schema
        assert found.names == arrow_schema(schemas.TABLES[table]).names
    assert done.accounting["files"] == {}
    assert done.quarantine == []


def test_a_file_of_metadata_without_a_column_is_refused_and_the_old_rows_stay(
    first: Outcome, first_out: Path, sample: Path, tmp_path: Path
) -> None:
    data, out = tmp_path / "data", copy_out(first_out, tmp_path / "out")
    shutil.copytree(sample, data)
    users = data / "users" / "users.csv"
    users.write_text(users.read_text().replace("user_country", "country", 1))

    done = call_well(data, out)

    assert "refused: data/users/users.csv: columns: it lacks user_country" in done.stdout
    assert done.tables == first.tables
    again = call_well(data, out)
    assert "nothing new" in again.stderr
    assert again.tables == first.tables
