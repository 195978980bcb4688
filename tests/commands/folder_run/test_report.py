"""What a call prints at its end."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from commands.folder_run.metadata import LocalMetadata
from commands.folder_run.report import print_report
from conf.explanations import Rejected, explain_header, explain_rows
from dags.metadata.report import FileReport, LoadReport
from maintenance.parquet_tables import arrow_schema, write_table
from spark_jobs import schemas


def a_genre(name: str, listens: int, **columns: Any) -> dict[str, Any]:
    defaults = {
        "track_genre": name,
        "listen_count": listens,
        "avg_track_duration_ms": 200_000.0,
        "popularity_index": 61.23456,
        "track_id": "track-a",
        "track_name": "Dawn",
        "track_listen_count": listens,
    }
    return defaults | columns


def a_file_report(file_key: str, *, refused: str | None = None, **rejected: int) -> FileReport:
    return FileReport(file_key, "etag", 5000, 0 if refused else 4998, rejected, refused)


def a_file(read: int = 3, duplicate: int = 0, **rejected: int) -> dict[str, Any]:
    accepted = read - duplicate - sum(rejected.values())
    return {
        "rows_read": read,
        "rows_accepted": accepted,
        "rows_duplicate": duplicate,
        "rows_rejected": rejected,
    }


def report(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    files: dict[str, Any] | None = None,
    refused: dict[str, str] | None = None,
    explained: dict[str, Any] | None = None,
    metadata: tuple[FileReport, ...] = (),
    genres: list[dict[str, Any]] | None = None,
    hours: list[dict[str, Any]] | None = None,
) -> str:
    """Give what is printed of an OUT that holds nothing but what is named."""
    rows = {"genre_kpis": genres or [], "hourly_kpis": hours or []}
    for table, schema in schemas.TABLES.items():
        shape = arrow_schema(schema)
        write_table(pa.Table.from_pylist(rows.get(table, []), shape), tmp_path / table)
    accounting = {"run": "r", "files": files or {}, "refused": refused or {}}
    accounting["explained"] = explained or {}
    (tmp_path / "accounting.json").write_text(json.dumps(accounting))
    load = LoadReport("version", is_changed=True, files=metadata, rows_changed={})
    print_report(tmp_path, LocalMetadata("version", (), "secret", load, Path("rejected.gz")))
    return capsys.readouterr().out


def test_each_file_has_its_line_and_all_have_their_sum(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "data/streams/2024/06/01/a-key-longer-than-the-columns-of-tables.csv"
    files = {
        key: a_file(1200, duplicate=100, missing_user_id=2, invalid_track_id=1),
        "data/streams/b.csv": a_file(0),
    }

    lines = report(tmp_path, capsys, files=files).splitlines()

    counts = "1,200      1,097          100             1 invalid_track_id, 2 missing_user_id"
    assert f"  {key}  {counts}" in lines
    assert f"  {'data/streams/b.csv':{len(key)}}  0          0              0" in lines
    assert "2 files: 1,200 rows read = 1,097 accepted + 100 duplicate + 3 rejected" in lines


def test_of_many_files_those_with_rejected_rows_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {f"data/streams/{number}.csv": a_file() for number in range(41)}
    files["data/streams/7.csv"] = a_file(3, malformed_row=1)

    text = report(tmp_path, capsys, files=files)

    shown = [line.split()[0] for line in text.splitlines() if line.startswith("  data/")]
    assert shown == ["data/streams/7.csv"]
    assert "41 files: 123 rows read = 122 accepted + 0 duplicate + 1 rejected" in text
    assert "accounting.json holds all files; here are only some with rejected rows" in text


def test_forty_files_are_all_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {f"data/streams/{number}.csv": a_file() for number in range(40)}

    text = report(tmp_path, capsys, files=files)

    assert sum(line.startswith("  data/") for line in text.splitlines()) == 40
    assert "holds all files" not in text


def test_a_refused_metadata_file_is_one_line_that_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    why = explain_header(b"user_id,name", ("user_id", "user_name"))
    users = FileReport("data/users/users.csv", "etag", 0, 0, {}, "columns", why)

    text = report(tmp_path, capsys, metadata=(users,))

    assert text.startswith(
        "refused: data/users/users.csv: columns: it lacks user_name; its header is "
        '"user_id,name"; its header has other names: name the columns as missing here\n'
    )
    assert "rows loaded before" not in text


def test_what_was_not_taken_is_told_with_its_cause_its_first_values_and_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = {"data/streams/a.csv": "columns", "data/streams/b b.csv": "too_many_rejected_rows"}
    time = {"invalid_listen_time": "write it so"}
    explained = {
        "data/streams/a.csv": explain_header(b"user_id\ttrack_id", ("user_id", "track_id")),
        "data/streams/b b.csv": explain_rows(
            30, {"invalid_listen_time": Rejected(30, 2, "1704448800")}, time
        ),
        "data/streams/c.csv": explain_rows(9, {"invalid_listen_time": Rejected(1, None, "")}, time),
    }

    text = report(tmp_path, capsys, refused=refused, explained=explained)

    place = (
        f"  the rejected rows lie in {tmp_path}/quarantine: make quarantine OUT={tmp_path} FILE="
    )
    assert [
        "refused: data/streams/a.csv: columns: it lacks user_id, track_id; its header is "
        '"user_id\\ttrack_id"; its fields seem to be parted by a tab: part the fields by commas',
        "refused: data/streams/b b.csv: too_many_rejected_rows: 30 of 30 rows are rejected",
        '  30 invalid_listen_time, first in line 2: "1704448800": write it so',
        f"{place}'data/streams/b b.csv'",
        "data/streams/c.csv: 1 of 9 rows are rejected",
        '  1 invalid_listen_time, beyond the first block: "": write it so',
        f"{place}data/streams/c.csv",
    ] == text.splitlines()[2:9]


def test_of_very_many_files_the_first_forty_are_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = {f"data/streams/{number}.csv": "empty" for number in range(1041)}

    text = report(tmp_path, capsys, refused=refused)

    assert text.count("refused: ") == 40
    assert "accounting.json explains 1,001 more files\n" in text


def test_rejected_metadata_rows_are_counted_with_their_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rejected = {"missing_id": Rejected(2, 7, b",x"), "invalid_explicit": Rejected(1, 3, "maybe")}
    wanted = {"missing_id": "write an id", "invalid_explicit": "write true or false"}
    explanation = explain_rows(5000, rejected, wanted)
    songs = FileReport(
        "data/songs/songs.csv", "e", 5000, 4997, {"missing_id": 2}, None, explanation
    )

    text = report(tmp_path, capsys, metadata=(songs, a_file_report("data/users/good.csv")))

    assert text.startswith(
        "data/songs/songs.csv: 3 of 5,000 rows are rejected\n"
        '  1 invalid_explicit, first in line 3: "maybe": write true or false\n'
        '  2 missing_id, first in line 7: ",x": write an id\n'
        "  the rejected rows lie in rejected.gz: "
        f"make quarantine OUT={tmp_path} FILE={songs.file_key}\n"
    )
    assert "good.csv" not in text
    assert "secret" not in text


def test_what_became_of_rows_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    songs = FileReport("data/songs/s.csv", "etag", 5, 5, {}, None, {}, {}, 4)

    text = report(tmp_path, capsys, metadata=(songs,))

    assert "warning: 4 ids of table songs are another track's since data/songs/s.csv: " in text


def test_genres_come_by_listens_and_then_by_name_five_at_most(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listens = {"f": 1, "e": 2, "d": 9, "c": 4, "b": 4, "a": 6}
    genres = [a_genre(name, count) for name, count in listens.items()]

    text = report(tmp_path, capsys, genres=genres)

    _, _, after = text.partition("genre_kpis, top 5 of 6\n")
    rows = [line.split() for line in after.splitlines()[1:6]]
    assert [row[:2] for row in rows] == [["d", "9"], ["a", "6"], ["b", "4"], ["c", "4"], ["e", "2"]]
    assert rows[0][2:4] == ["200000.000", "61.235"]


def test_nulls_are_blank_and_long_names_are_cut(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    genre = a_genre("ambient", 7, popularity_index=None, track_name="x" * 41)

    text = report(tmp_path, capsys, genres=[genre])

    assert f"{'x' * 39}…  7" in text
    assert "None" not in text


def test_hours_come_by_plays_and_then_by_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hours = [
        {
            "hour": datetime(2024, 6, 1, hour, tzinfo=UTC),
            "unique_listeners": 1,
            "total_plays": plays,
            "unique_tracks": 1,
            "track_diversity_index": 1 / plays,
        }
        for hour, plays in ((3, 2), (2, 2), (1, 1))
    ]

    text = report(tmp_path, capsys, hours=hours)

    _, _, after = text.partition("hourly_kpis, top 5 of 3\n")
    assert [line.split()[1] for line in after.splitlines()[1:4]] == ["02:00", "03:00", "01:00"]
    assert after.splitlines()[1].split()[-1] == "0.500"


def test_an_empty_out_is_reported_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = report(tmp_path, capsys)

    assert "0 files: 0 rows read = 0 accepted + 0 duplicate + 0 rejected" in text
    assert text.count(" 0 rows\n") == len(schemas.TABLES)
