"""The folder of the next commit: what a call made beside what stays."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql.types import StructType

from commands.folder_run import commit
from commands.folder_run.commit import build_commit
from commands.folder_run.snapshot import Snapshot
from maintenance.parquet_tables import arrow_schema
from spark_jobs import schemas
from tests.builders import a_song, a_user

CLAIM = {"run": "this-call"}
A_PLAY = (7, "track-a", datetime(2024, 6, 1, 12, tzinfo=UTC))
A_GENRE = ("ambient", 1, 2.0, 3.0, "track-a", "Dawn", 1)


def an_hour(hour: int, plays: int) -> tuple[Any, ...]:
    return (datetime(2024, 6, 1, hour, tzinfo=UTC), plays, plays, 1, None, None, 1.0)


def write_file(path: Path, schema: StructType, rows: Sequence[tuple[Any, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = arrow_schema(schema)
    named = [dict(zip(shape.names, row, strict=True)) for row in rows]
    pq.write_table(pa.Table.from_pylist(named, shape), path)


def write_dataset(
    folder: Path, schema: StructType, files: dict[str, Sequence[tuple[Any, ...]]]
) -> None:
    """Write a dataset as a job does, and a file beside it that a killed task left."""
    for name, rows in files.items():
        write_file(folder / name, schema, rows)
    write_file(folder / "left-over.parquet", schema, [])
    listing = [{"path": name, "rows": len(rows)} for name, rows in files.items()]
    (folder / "_files.json").write_text(json.dumps({"files": listing}))


def run_jobs(staging: Path, **datasets: Any) -> None:
    """Leave what the three jobs leave: nothing in any dataset that is not named."""
    places = {
        "users": ("extract_metadata/users", schemas.USERS),
        "songs": ("extract_metadata/songs", schemas.SONGS),
        "streams": ("validate_data/streams", schemas.STREAMS),
        "quarantine": ("quarantine", schemas.QUARANTINE),
        "track_plays": ("transform_kpis/track_plays", schemas.TRACK_PLAYS),
        "genre_kpis": ("transform_kpis/genre_kpis", schemas.GENRE_KPIS),
        "hourly_kpis": ("transform_kpis/hourly_kpis", schemas.HOURLY_KPIS),
    }
    for name, (place, schema) in places.items():
        write_dataset(staging / place, schema, datasets.get(name, {"part.parquet": []}))
    (staging / "validate_data" / "accounting.json").write_text('{"run": "of the job"}')
    (staging / "transform_kpis" / "unknown.json").write_text('{"files": {}}')


def a_first_commit(tmp_path: Path) -> Snapshot:
    """The commit of a call that accepted one play."""
    day = "listen_date=2024-06-01"
    staging = tmp_path / "first"
    run_jobs(
        staging,
        users={"a.parquet": [a_user(7)]},
        songs={"a.parquet": [a_song(1)], "b.parquet": [], "c.parquet": [a_song(2)]},
        streams={f"{day}/a.parquet": [A_PLAY], "listen_date=2024-06-02/a.parquet": []},
        quarantine={"a.parquet": [("data/streams/a.csv", b"oops", "malformed_row")]},
        track_plays={"a.parquet": [("track-a", 1)]},
        genre_kpis={"a.parquet": [A_GENRE]},
        hourly_kpis={"a.parquet": [an_hour(11, plays=5), an_hour(12, plays=1)]},
    )
    built = build_commit(staging, Snapshot(0, tmp_path / "none", None, {}), CLAIM)
    return Snapshot(1, built, "version", {})


def rows(folder: Path) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in pq.read_table(folder).to_pylist()]


def files(folder: Path) -> list[str]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.relative_to(folder).as_posix() for path in found)


def test_a_commit_holds_what_the_jobs_wrote_and_nothing_they_left_over(tmp_path: Path) -> None:
    folder = a_first_commit(tmp_path).folder

    assert rows(folder / "users") == [a_user(7)]
    assert rows(folder / "songs") == [a_song(1), a_song(2)]
    assert rows(folder / "streams") == [A_PLAY]
    assert rows(folder / "genre_kpis") == [A_GENRE]
    assert rows(folder / "hourly_kpis") == [an_hour(11, plays=5), an_hour(12, plays=1)]
    assert rows(folder / "quarantine") == [("data/streams/a.csv", b"oops", "malformed_row")]
    assert json.loads((folder / "accounting.json").read_text()) == {
        "run": "of the job",
        "unknown": {"files": {}},
    }
    assert files(folder / "songs") == ["part-00000.parquet", "part-00001.parquet"]
    assert files(folder / "lake") == [
        "streams/listen_date=2024-06-01/0000000001-0.parquet",
        "track_plays/commit=0000000001/part-00000.parquet",
    ]


def test_new_plays_come_beside_the_old_ones_and_hours_in_their_place(tmp_path: Path) -> None:
    snapshot = a_first_commit(tmp_path)
    staging = tmp_path / "second"
    days = ["listen_date=2024-06-01", "listen_date=2024-06-03"]
    late, later = (8, "track-b", A_PLAY[2]), (9, "track-b", A_PLAY[2])
    parts = {f"{days[0]}/a.parquet": [late], f"{days[0]}/b.parquet": [later]}
    new = (9, "track-c", datetime(2024, 6, 3, tzinfo=UTC))
    run_jobs(
        staging,
        streams=parts | {f"{days[1]}/a.parquet": [new]},
        track_plays={"a.parquet": [("track-a", 1), ("track-b", 2), ("track-c", 1)]},
        hourly_kpis={"a.parquet": [an_hour(12, plays=3), an_hour(13, plays=9)]},
    )

    folder = build_commit(staging, snapshot, CLAIM)

    assert sorted(rows(folder / "streams")) == sorted([A_PLAY, late, later, new])
    assert files(folder / "lake" / "streams") == [
        "listen_date=2024-06-01/0000000001-0.parquet",
        "listen_date=2024-06-01/0000000002-0.parquet",
        "listen_date=2024-06-01/0000000002-1.parquet",
        "listen_date=2024-06-03/0000000002-0.parquet",
    ]
    assert files(folder / "lake" / "track_plays") == ["commit=0000000002/part-00000.parquet"]
    assert rows(folder / "hourly_kpis") == [
        an_hour(11, plays=5),
        an_hour(12, plays=3),
        an_hour(13, plays=9),
    ]


def test_the_last_commit_is_not_touched(tmp_path: Path) -> None:
    snapshot = a_first_commit(tmp_path)
    before = {name: (snapshot.folder / name).read_bytes() for name in files(snapshot.folder)}
    run_jobs(tmp_path / "second", hourly_kpis={"a.parquet": [an_hour(12, plays=3)]})

    build_commit(tmp_path / "second", snapshot, CLAIM)

    assert {name: (snapshot.folder / name).read_bytes() for name in before} == before
    assert files(snapshot.folder) == sorted(before)


def test_a_call_without_jobs_keeps_tables_and_accounts_for_nothing(tmp_path: Path) -> None:
    snapshot = a_first_commit(tmp_path)
    (tmp_path / "second").mkdir()

    folder = build_commit(tmp_path / "second", snapshot, CLAIM)

    for table in schemas.TABLES:
        assert rows(folder / table) == rows(snapshot.folder / table)
    assert rows(folder / "quarantine") == []
    assert json.loads((folder / "accounting.json").read_text()) == {
        "run": "this-call",
        "files": {},
        "refused": {},
    }
    assert files(folder / "lake") == [
        "streams/listen_date=2024-06-01/0000000001-0.parquet",
        "track_plays/commit=0000000002/part-00000.parquet",
    ]


def test_an_empty_table_is_readable_and_has_its_columns(tmp_path: Path) -> None:
    run_jobs(tmp_path / "staging")

    folder = build_commit(tmp_path / "staging", Snapshot(0, tmp_path / "none", None, {}), CLAIM)

    for table, schema in (*schemas.TABLES.items(), ("quarantine", schemas.QUARANTINE)):
        assert pq.read_table(folder / table).schema == arrow_schema(schema)
        assert rows(folder / table) == []


def test_totals_of_no_play_keep_a_file_so_that_they_are_not_taken_for_lost(tmp_path: Path) -> None:
    run_jobs(tmp_path / "staging", track_plays={"a.parquet": [], "b.parquet": []})

    folder = build_commit(tmp_path / "staging", Snapshot(0, tmp_path / "none", None, {}), CLAIM)

    totals = folder / "lake" / "track_plays" / "commit=0000000001"
    assert files(totals) == ["part-00000.parquet"]
    assert rows(totals) == []


def test_plays_after_an_empty_commit_stand_alone(tmp_path: Path) -> None:
    run_jobs(tmp_path / "first")
    empty = build_commit(tmp_path / "first", Snapshot(0, tmp_path / "none", None, {}), CLAIM)
    run_jobs(tmp_path / "second", streams={"listen_date=2024-06-01/a.parquet": [A_PLAY]})

    folder = build_commit(tmp_path / "second", Snapshot(1, empty, "version", {}), CLAIM)

    assert rows(folder / "streams") == [A_PLAY]
    assert files(folder / "streams") == ["2024-06-01-0000000002-0.parquet"]


def test_a_file_system_without_hard_links_gets_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(commit.os, "link", refuse)

    folder = a_first_commit(tmp_path).folder

    assert rows(folder / "streams") == [A_PLAY]
    assert next((folder / "streams").iterdir()).stat().st_nlink == 1
