"""`make spark-run` on the committed sample: the first call, and a second one on the same OUT."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import reference, reference_kpis
from tests.end_to_end.spark_run_helpers import (
    ROOT,
    TABLES,
    Outcome,
    assert_plays_and_kpis,
    assert_rows,
    assert_streams,
    call_well,
    copy_out,
    delivered,
    hours_of,
    processes_naming,
    read_rows,
    read_songs,
    read_tables,
    set_modification,
)

SPECIAL = "data/streams/special"


def test_the_first_call_gives_the_plays_and_kpis_of_the_reference(
    first: Outcome, sample: Path
) -> None:
    expected = reference.validate(delivered(sample))

    assert len(first.tables["streams"]) == 3258
    assert_plays_and_kpis(
        first.tables, expected.accepted, read_songs(sample / "songs" / "songs.csv")
    )


def unknown_of(call: Outcome, sample: Path) -> dict[str, Any]:
    """Count the valid plays of unknown tracks and users of each file that was taken."""
    plays = {
        key: [
            found for _, found in reference.read_file(key, *file).rows if isinstance(found, tuple)
        ]
        for key, file in delivered(sample).items()
        if key in call.accounting["files"]
    }
    songs = read_songs(sample / "songs" / "songs.csv")
    return reference_kpis.unknown_plays(plays, songs, {row[0] for row in call.tables["users"]})


def test_the_first_call_accounts_for_every_row_of_every_file(first: Outcome, sample: Path) -> None:
    expected = reference.validate(delivered(sample))

    rejecting = {key for key, rows in expected.files.items() if rows["rows_rejected"]}
    explained = first.accounting["explained"]
    assert explained.keys() == rejecting | first.accounting["refused"].keys()
    assert first.accounting == {
        "run": first.accounting["run"],
        "explained": explained,
        "unknown": unknown_of(first, sample),
        "files": expected.files,
        "refused": {
            f"{SPECIAL}/damaged.csv.gz": "unreadable",
            f"{SPECIAL}/empty.csv": "empty",
            f"{SPECIAL}/no-such-column.csv": "columns",
            f"{SPECIAL}/too-many-rejected.csv": "too_many_rejected_rows",
        },
    }
    assert first.accounting["files"][f"{SPECIAL}/delivered-twice.csv"] == {
        "rows_read": 60,
        "rows_accepted": 0,
        "rows_duplicate": 60,
        "rows_rejected": {},
    }
    assert len(first.accounting["files"]) == 9


def test_the_quarantine_holds_each_rejected_line_byte_for_byte(
    first: Outcome, sample: Path
) -> None:
    expected = reference.validate(delivered(sample)).quarantine

    assert len(first.quarantine) == 59
    assert first.quarantine == sorted(expected, key=repr)


def test_users_and_songs_are_whole_whether_played_or_not(first: Outcome) -> None:
    users = {row[0]: row[1:] for row in first.tables["users"]}
    songs = {row[0]: row for row in first.tables["songs"]}

    assert users.keys() == set(range(1, 153))
    assert users[1][0] == "Second Row Wins"
    assert users[151] == (None, None, None, None)
    assert users[152][0] == "Ünï Cödé 🎵"
    assert songs.keys() == set(range(28))
    assert songs[26][2:7] == (None, "Album", "Extra", None, None)
    assert (songs[27][2], songs[27][7], songs[27][-1]) == ("Quoted, Name;Ōno", True, None)


def test_a_call_prints_accounting_refusals_and_the_top_of_both_tables(first: Outcome) -> None:
    lines = [line.split() for line in first.stdout.splitlines()]
    sums = "3,367 rows read = 3,258 accepted + 75 duplicate + 34 rejected"

    assert [f"{SPECIAL}/late.csv.gz", "60", "60", "0"] in lines
    assert f"{SPECIAL}/a key with [any] character *?{{}}%20é.csv  3 " in first.stdout
    assert sums in first.stdout
    refused = [line for line in first.stdout.splitlines() if line.startswith("refused: ")]
    assert len(refused) == 4
    assert refused[2].startswith(f"refused: {SPECIAL}/no-such-column.csv: columns: it lacks ")
    assert "data/users/users.csv: 4 of 157 rows are rejected" in first.stdout
    top = ["genre-051", "1112", "226569.205", "59.612", "WCGTzMPd3ihSU0uO8N7tOi"]
    assert [*top, "Bababa", "Song", "809"] in lines
    assert ["2024-06-03", "20:00", "69", "92", "20", "Gubaba", "40", "0.217"] in lines
    assert ["streams", "3,258", "rows"] in lines


def test_a_call_shows_its_progress_on_stderr(first: Outcome) -> None:
    assert "not a delivery, left alone: streams/special/_in-progress.csv" in first.stderr
    for job in ("extract_metadata", "validate_data", "transform_kpis"):
        assert any(
            line.split()[0] == job and line.endswith("done")
            for line in first.stderr.splitlines()
            if line.strip()
        )
    assert "password" not in first.stderr


def test_out_holds_tables_of_parquet_and_nothing_else(first: Outcome, first_out: Path) -> None:
    shown = {path.name for path in first_out.iterdir() if not path.name.startswith(".")}
    files = [path for table in TABLES for path in (first_out / table).rglob("*")]

    assert shown == {*TABLES, "quarantine", "accounting.json"}
    assert len(files) >= len(TABLES)
    assert {path.suffix for path in files} == {".parquet"}
    assert not (first_out / ".state" / "staging").exists()


def test_a_call_leaves_no_process_and_nothing_outside_out(
    first: Outcome, first_out: Path, sample: Path
) -> None:
    assert processes_naming(first_out) == {}
    assert not [path for path in ROOT.iterdir() if path.name.startswith(" ")]
    assert {path.name for path in sample.iterdir()} == {"users", "songs", "streams"}


@pytest.fixture(scope="module")
def changed(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with one file more, one touched, one written anew, and a song of another name."""
    data = tmp_path_factory.mktemp("changed") / "data"
    shutil.copytree(sample, data)  # keeps the instants
    (data / "streams" / "new.csv").write_text(
        "user_id,track_id,listen_time\n"
        "9,WCGTzMPd3ihSU0uO8N7tOi,2024-06-03T20:59:59Z\n"
        "9,unheard-of,2024-05-01 00:00:00\n"
        "oops\n"
    )
    set_modification(data / "streams" / "new.csv")
    set_modification(data / "streams" / "special" / "delivered-twice.csv", 1_718_000_001)
    with (data / "streams" / "special" / "header-only.csv").open("a") as file:
        file.write("10,WCGTzMPd3ihSU0uO8N7tOi,2024-06-01 05:00:00\n")
    set_modification(data / "streams" / "special" / "header-only.csv")
    songs = data / "songs" / "songs.csv"
    songs.write_text(songs.read_text().replace("0,WCGTzMPd3ihSU0uO8N7tOi,", "0,unheard-of,", 1))
    return data


@pytest.fixture(scope="module")
def second_out(first: Outcome, first_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_out(first_out, tmp_path_factory.mktemp("second") / "out")


@pytest.fixture(scope="module")
def second(changed: Path, second_out: Path) -> Outcome:
    return call_well(changed, second_out)


@pytest.mark.slow
def test_a_second_call_reads_only_new_and_changed_files(second: Outcome) -> None:
    assert second.accounting["files"] == {
        "data/streams/new.csv": {
            "rows_read": 3,
            "rows_accepted": 2,
            "rows_duplicate": 0,
            "rows_rejected": {"malformed_row": 1},
        },
        f"{SPECIAL}/header-only.csv": {
            "rows_read": 1,
            "rows_accepted": 1,
            "rows_duplicate": 0,
            "rows_rejected": {},
        },
    }
    assert second.accounting["refused"] == {}
    assert second.quarantine == [("data/streams/new.csv", b"oops", "malformed_row")]
    assert "2 stream files to read, 14 in all" in second.stderr


@pytest.mark.slow
def test_a_second_call_computes_genres_anew_and_only_the_hours_it_touches(
    second: Outcome, sample: Path, changed: Path
) -> None:
    files = delivered(changed)
    plays = list(reference.validate(files).accepted)
    read = {key: files[key] for key in second.accounting["files"]}
    touched = reference.validate(read).touched_hours
    songs = read_songs(changed / "songs" / "songs.csv")
    before = hours_of(plays, read_songs(sample / "songs" / "songs.csv"))
    anew = hours_of(plays, songs)
    hours = {hour: anew[hour] if hour in touched else before[hour] for hour in anew}

    assert (len(plays), len(hours.keys() - touched) > 10) == (3261, True)
    assert hours != anew
    assert_streams(second.tables["streams"], plays)
    assert_rows(second.tables["genre_kpis"], reference_kpis.genre_kpis(plays, songs, 0.5))
    assert_rows(second.tables["hourly_kpis"], hours.values())


@pytest.mark.slow
def test_a_later_call_leaves_readers_the_commit_they_began_with(
    second: Outcome, second_out: Path, first: Outcome
) -> None:
    commits = sorted((second_out / ".state" / "commits").iterdir())

    assert [path.name for path in commits] == [f"{1:010d}", f"{2:010d}"]
    assert read_rows(commits[0] / "streams") == first.tables["streams"]
    assert read_tables(second_out) == second.tables
