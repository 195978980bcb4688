"""`make spark-run` and its users and songs: a first file that is refused, hours to compute anew."""

from datetime import date
from pathlib import Path

import pytest

from commands import spark_run
from commands.folder_run import jobs, metadata
from commands.folder_run.corrections import read_span
from commands.folder_run.snapshot import Snapshot
from tests.commands.small_delivery import SONGS, deliver


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return deliver(tmp_path / "data")


def test_it_loads_by_the_rules_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    own = metadata.read_rules()
    monkeypatch.setenv("AIRFLOW__MUSIC_STREAMING__METADATA_MODE", "upsert")
    monkeypatch.setenv("AIRFLOW__MUSIC_STREAMING__TRACK_ID_PREFIX", "spotify:track:")

    rules = metadata.read_rules()

    assert (own.mode, own.track_id_prefix) == ("snapshot", "")
    assert (rules.mode, rules.track_id_prefix) == ("upsert", "spotify:track:")


def test_a_first_songs_file_that_is_refused_is_one_line_with_the_column_it_lacks(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "songs" / "songs.csv").write_text(SONGS.replace("id,", ",", 1))

    code = spark_run.main(["--data", str(data), "--out", str(tmp_path / "out")])

    assert code == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: table songs is empty and no file would fill it: refused: data/songs/songs.csv: "
        'columns: it lacks id; its header is ",track_id,artists,album_name,track_name,popularity,'
        'duration_ms,explicit,dance…"; its first column has no name: write id before the first '
        "comma; deliver data/songs/*.csv"
    )
    assert not (tmp_path / "out" / "songs").exists()


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (["--from", "2024-06-02", "--to", "2024-06-01"], "from_date to to_date is 1 to 3700 days"),
        (["--from", "2000-01-01", "--to", "2024-06-01"], "is 1 to 3700 days, got 8919"),
        (["--from", "2024-06-01"], "from_date and to_date go together"),
        (["--from", "June", "--to", "2024-06-01"], "from_date is a day as in 2024-06-01"),
    ],
)
def test_days_that_cannot_be_computed_anew_are_refused_before_anything_is_made(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], span: list[str], told: str
) -> None:
    code = spark_run.main(["--data", str(data), "--out", str(tmp_path / "out"), *span])

    assert code == 2
    line = capsys.readouterr().err
    assert line.startswith("error: FROM and TO: ")
    assert told in line
    assert not (tmp_path / "out").exists()


def test_days_to_compute_anew_stand_in_the_claim(tmp_path: Path) -> None:
    days = read_span("2024-02-28", "2024-03-01")

    claim = jobs.write_claim(
        tmp_path / "staging", [], Snapshot(1, tmp_path, "v", {}), "v", "rules", days
    )

    assert claim["backfill_dates"] == ["2024-02-28", "2024-02-29", "2024-03-01"]


def test_the_days_with_a_play_are_those_of_the_lake(tmp_path: Path) -> None:
    for day in ("2024-06-01", "2024-05-30"):
        (tmp_path / "lake" / "streams" / f"listen_date={day}").mkdir(parents=True)

    days = Snapshot(1, tmp_path, "v", {}).days

    assert sorted(days) == [date(2024, 5, 30), date(2024, 6, 1)]
    assert Snapshot(0, tmp_path / "none", None, {}).days == []
