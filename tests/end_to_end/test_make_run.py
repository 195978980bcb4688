"""`make run`, as a user calls it again and again on one state: whole flows on both Airflows."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import reference
from tests.end_to_end.make_run_helpers import (
    SECRET_STORES,
    SOMEBODYS,
    Call,
    Service,
    read_songs_whole,
    read_users,
    wait_until,
)
from tests.end_to_end.spark_run_helpers import (
    ROOT,
    Rows,
    assert_plays_and_kpis,
    copy_sample,
    processes_naming,
    read_songs,
)

pytestmark = pytest.mark.slow
PLAY = "9,WCGTzMPd3ihSU0uO8N7tOi,2024-06-03 20:59:59"
LATE_PLAY = "9,unheard-of,2024-05-01 00:00:00"
REFUSED = {
    "data/streams/special/damaged.csv.gz": "unreadable",
    "data/streams/special/empty.csv": "empty",
    "data/streams/special/no-such-column.csv": "columns",
    "data/streams/special/too-many-rejected.csv": "too_many_rejected_rows",
}


@dataclass(frozen=True)
class Done:
    """A call, the tables after it, and how many runs had written a report by then."""

    call: Call
    tables: dict[str, Rows]
    reports: int


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("make run")
    service = Service(copy_sample(folder / "my data"), folder / "its state")
    try:
        yield service
    finally:
        down = [sys.executable, "-m", "commands.local_aws", "down", "--state", str(service.state)]
        subprocess.run(down, cwd=ROOT, check=True)
        assert processes_naming(service.state) == {}


def done(service: Service, call: Call) -> Done:
    return Done(call, service.tables(), len(service.reports()))


@pytest.fixture(scope="module")
def first(service: Service) -> Done:
    """The first call, on 3.3.1."""
    return done(service, service.call_well())


@pytest.fixture(scope="module")
def late(service: Service, first: Done) -> Done:
    """One late file more, on 2.9.2."""
    service.deliver("late.csv", PLAY, LATE_PLAY, "oops")
    return done(service, service.call_well("AIRFLOW=2.9.2"))


@pytest.fixture(scope="module")
def idle(service: Service, late: Done) -> Done:
    """One more call, with nothing new."""
    return done(service, service.call_well())


@pytest.fixture(scope="module")
def killed(service: Service, idle: Done) -> dict[str, str]:
    """A call on one more file that was killed while validate_data ran; the ledger after it."""
    service.deliver("of-a-killed-run.csv", "10,WCGTzMPd3ihSU0uO8N7tOi,2024-06-03 21:00:00")
    before = len(service.job_states("validate_data"))
    with service.start() as process, service.watched():
        wait_until(lambda: len(service.job_states("validate_data")) > before, 200)
        wait_until(lambda: service.job_states("validate_data")[0] == "RUNNING")
        os.killpg(process.pid, signal.SIGKILL)
    wait_until(lambda: not processes_naming(service.state / "airflow-3.3.1"), 10)
    assert service.job_states("validate_data")[0] == "RUNNING"
    return service.ledger()


@pytest.fixture(scope="module")
def revived(service: Service, killed: dict[str, str]) -> Done:
    """The call after the killed one."""
    return done(service, service.call_well())


def test_the_first_call_gives_the_tables_of_the_reference(service: Service, first: Done) -> None:
    old = {
        key: file for key, file in service.delivered().items() if "/special/" in key or "06" in key
    }
    expected = reference.validate(old)

    assert len(first.tables["streams"]) == 3258
    songs = service.data / "songs" / "songs.csv"
    assert_plays_and_kpis(first.tables, expected.accepted, read_songs(songs))
    assert sorted(first.tables["users"]) == sorted(read_users(service.data / "users" / "users.csv"))
    assert sorted(first.tables["songs"]) == sorted(read_songs_whole(songs))
    assert service.reports()[0]["files"] == expected.files
    assert service.reports()[0]["refused"] == REFUSED


def test_the_first_call_shows_what_it_did(service: Service, first: Done) -> None:
    out, err = first.call.stdout, first.call.stderr
    lines = [line.split() for line in out.splitlines()]

    assert "3,367 rows read = 3,258 accepted + 75 duplicate + 34 rejected" in out
    assert out.count("refused: data/streams/special/") == len(REFUSED)
    assert "data/users/users.csv: 4 of 157 rows are rejected" in out
    assert ["genre-051", "1112", "226569.205", "59.612", "Bababa", "Song"] in lines
    assert ["2024-06-03", "20:00:00", "69", "92", "Gubaba", "0.217"] in lines
    assert f"make down STATE='{service.state}' ends it" in out
    for task in ("load_metadata_to_rds", "validate_data", "load_redshift", "release_claims"):
        assert any(line.split()[:1] == [task] and " success " in line for line in err.splitlines())
    assert "15 of 15 files to upload" in err
    assert "not a delivery, left alone: streams/special/_in-progress.csv" in err


def test_a_late_file_is_processed_alone_by_the_older_airflow(service: Service, late: Done) -> None:
    report = service.reports()[1]

    assert "1 of 16 files to upload" in late.call.stderr
    assert "Airflow 2.9.2 runs music_streaming_etl" in late.call.stderr
    assert report["files"] == {
        "data/streams/late.csv": {
            "rows_read": 3,
            "rows_accepted": 2,
            "rows_duplicate": 0,
            "rows_rejected": {"malformed_row": 1},
        }
    }
    assert report["refused"] == {}
    assert len(late.tables["streams"]) == 3260


def test_a_call_without_news_says_so_and_changes_nothing(late: Done, idle: Done) -> None:
    assert idle.call.stdout.startswith("nothing new: no stream file and no metadata changed")
    assert "genre-051" in idle.call.stdout
    assert "0 of 16 files to upload" in idle.call.stderr
    assert "validate_data" not in idle.call.stderr
    assert idle.tables == late.tables
    assert (late.reports, idle.reports) == (2, 2)


def test_the_call_after_a_killed_one_takes_its_file_at_once(
    service: Service, killed: dict[str, str], revived: Done
) -> None:
    assert killed["data/streams/of-a-killed-run.csv"] == "CLAIMED"
    assert "files of a killed run that are free again: 1\n" in revived.call.stderr
    assert list(service.reports()[2]["files"]) == ["data/streams/of-a-killed-run.csv"]
    assert service.job_states("validate_data").count("CANCELLED") == 1
    assert set(service.ledger().values()) == {"PROCESSED", "REJECTED"}


def test_after_all_calls_the_tables_are_those_of_one_run(service: Service, revived: Done) -> None:
    expected = reference.validate(service.delivered())

    assert len(expected.accepted) == 3261
    songs = read_songs(service.data / "songs" / "songs.csv")
    assert_plays_and_kpis(revived.tables, expected.accepted, songs)


def test_nothing_that_the_runs_left_holds_a_secret(service: Service, revived: Done) -> None:
    password = str(service.stack.postgres.dsn(service.settings.metadata_database)["password"])
    own = service.stack.environment()["AWS_SECRET_ACCESS_KEY"]
    secrets = [text.encode() for text in (password, own, SOMEBODYS["AWS_SECRET_ACCESS_KEY"])]

    texts = dict(service.texts())
    holders = {name for name, text in texts.items() if any(secret in text for secret in secrets)}

    assert holders == SECRET_STORES
    for name in SECRET_STORES:
        assert stat.S_IMODE((service.state / name).stat().st_mode) == 0o600
    for part in ("airflow-2.9.2/airflow.db", "airflow-3.3.1/airflow.db", "logs/airflow-", "/logs/"):
        assert any(part in name for name in texts), part
    assert b"org.apache.spark.deploy.SparkSubmit" in texts["command lines"]
    assert b"--jdbc-url" in texts["command lines"]


def test_a_folder_named_by_mistake_is_told_by_make_too(tmp_path: Path) -> None:
    words = ["make", "run", f"DATA={tmp_path}", f"STATE={tmp_path / 'state'}"]
    called = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)

    assert called.returncode == 2
    assert called.stderr.startswith(f"error: {tmp_path}/users is no folder: DATA names a folder")
    assert not (tmp_path / "state").exists()
