"""`make sample`: data of any size, the same bytes for the same arguments."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commands.sample_data import plays as sample
from dags.metadata.rows import GoodRow, read_rows
from tests import reference

MODIFIED = int(datetime(2024, 7, 1, tzinfo=UTC).timestamp()) * reference.SECOND


def make(out: Path, *options: str, plays: int = 3000, days: int = 3) -> dict[str, bytes]:
    """Make a sample and give its files by key."""
    code = sample.main(["--out", str(out), "--plays", str(plays), "--days", str(days), *options])
    assert code == 0
    paths = [path for path in out.rglob("*") if path.is_file()]
    return {f"data/{path.relative_to(out).as_posix()}": path.read_bytes() for path in paths}


def stream_files(files: dict[str, bytes]) -> dict[str, tuple[bytes, int]]:
    return {key: (content, MODIFIED) for key, content in files.items() if "/streams/" in key}


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    with pytest.raises(SystemExit) as end:
        sample.main([*options])
    assert end.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first = make(tmp_path / "first")

    assert make(tmp_path / "second") == first
    assert make(tmp_path / "other", "--seed", "2") != first


def test_each_day_has_a_file_and_the_plays_asked_for(tmp_path: Path) -> None:
    files = make(tmp_path / "out", plays=1000, days=3)

    done = reference.validate(stream_files(files))

    assert sorted(done.files) == [
        f"data/streams/2024/06/0{day}/plays.csv" for day in (1, 2, 3)
    ]  # fmt: skip
    # 334 + 333 + 333 plays, and of each day a half per cent once more: 1 + 1 + 1.
    assert [rows["rows_read"] for rows in done.files.values()] == [335, 334, 334]


def test_duplicates_broken_and_late_rows_are_there_and_no_file_is_refused(tmp_path: Path) -> None:
    files = make(tmp_path / "out", plays=12_000, days=2)

    done = reference.validate(stream_files(files))

    assert done.refused == {}
    rejected: Counter[str] = Counter()
    for rows in done.files.values():
        assert rows["rows_read"] == 6030
        assert 20 <= rows["rows_duplicate"] <= 30
        assert sum(rows["rows_rejected"].values()) == 30
        rejected.update(rows["rows_rejected"])
    assert len(rejected) == len(sample.BROKEN_LINES)
    first_day = reference.date(2024, 6, 1).toordinal() - reference.date(1970, 1, 1).toordinal()
    days = Counter(instant // reference.DAY - first_day for _, _, instant in done.accepted)
    assert set(days) == {-1, 0, 1}
    assert 30 <= days[-1] <= 100


@pytest.mark.parametrize("table", ["users", "songs"])
def test_every_row_of_users_and_songs_is_good_and_its_key_stands_once(
    tmp_path: Path, table: Any
) -> None:
    files = make(tmp_path / "out", plays=20_000)

    rows = list(read_rows(table, [files[f"data/{table}/{table}.csv"]]))

    assert all(isinstance(row, GoodRow) for row in rows)
    keys = [row.values[0] for row in rows if isinstance(row, GoodRow)]
    assert len(keys) == len(set(keys)) >= 100


def test_some_plays_are_of_unknown_tracks_and_some_tracks_have_two_genres(tmp_path: Path) -> None:
    files = make(tmp_path / "out", plays=20_000)

    songs = list(read_rows("songs", [files["data/songs/songs.csv"]]))
    genres = Counter(row.values[1] for row in songs if isinstance(row, GoodRow))
    played = {track for _, track, _ in reference.validate(stream_files(files)).accepted}

    assert set(genres.values()) == {1, 2}
    assert played - genres.keys()
    assert played & genres.keys()


def test_sparse_ids_are_spread_over_64_bits_and_differ(tmp_path: Path) -> None:
    files = make(tmp_path / "out", "--sparse-ids", plays=20_000)

    rows = list(read_rows("users", [files["data/users/users.csv"]]))

    ids = [int(str(row.values[0])) for row in rows if isinstance(row, GoodRow)]
    assert len(ids) == len(set(ids)) == 1000
    assert 1 <= min(ids) < 2**56
    assert 2**62 < max(ids) < 2**63


def test_a_skewed_sample_has_nine_tenths_of_its_plays_on_the_first_day() -> None:
    assert sample.part_by_day(1000, 4, skewed=True) == [900, 34, 33, 33]
    assert sample.part_by_day(1000, 4, skewed=False) == [250, 250, 250, 250]
    assert sample.part_by_day(7, 1, skewed=True) == [7]


def test_a_day_is_parted_into_files_of_so_many_rows_that_hold_the_same_lines(
    tmp_path: Path,
) -> None:
    whole = stream_files(make(tmp_path / "whole", plays=1000))
    parted = stream_files(make(tmp_path / "parted", "--rows-per-file", "100", plays=1000))

    assert len(parted) == 4 * 3
    assert {content.splitlines()[0] for content, _ in parted.values()} == {
        b"user_id,track_id,listen_time"
    }
    lines = [[line for content, _ in files.values() for line in content.splitlines()[1:]]
             for files in (whole, dict(sorted(parted.items())))]  # fmt: skip
    assert sorted(lines[0]) == sorted(lines[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--skewed", "--plays", "29", "--days", "3"),
            "SKEWED needs ten plays a day: got PLAYS=29 DAYS=3",
        ),
        (("--rows-per-file", "0"), "a file has at least one row: got ROWS=0"),
        (("--plays", "2", "--days", "3"), "needs a day and a play a day: got PLAYS=2 DAYS=3"),
        (("--plays", "2", "--days", "0"), "needs a day and a play a day: got PLAYS=2 DAYS=0"),
    ],
)
def test_a_sample_that_cannot_be_made_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    message: str,
) -> None:
    assert refusal(capsys, "--out", str(tmp_path / "out"), *options).endswith(message)


def test_a_folder_that_holds_something_is_refused_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")

    assert refusal(capsys, "--out", str(tmp_path)).endswith("is not empty: name a new folder")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
