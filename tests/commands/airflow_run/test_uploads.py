"""What `make run` uploads: each file once, and again when it has changed."""

import json
import os
from pathlib import Path

import pytest

from commands.airflow_run import uploads
from commands.console import CommandError
from commands.folder_run.delivery import hash_delivery, list_delivery
from tests.pipeline_world import World

ODD_NAME = "a key with [any] character *?{}%20é.csv"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder of four files."""
    data = tmp_path / "data"
    files = {
        "users/users.csv": "user_id\n1\n",
        "songs/songs.csv": "id\n1\n",
        "streams/2024/06/01/a.csv": "user_id\n2\n",
        f"streams/{ODD_NAME}": "user_id\n3\n",
    }
    for name, text in files.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(text)
    return data


def upload(world: World, data: Path, notes: Path) -> int:
    return uploads.upload_delivery(
        world.bucket, "data", hash_delivery(list_delivery(data), notes.parent), notes
    )


def stored(world: World) -> dict[str, bytes | None]:
    return {found.key: world.bucket.read(found.key) for found in world.bucket.list_objects("data/")}


def test_each_file_is_put_once_under_its_key(world: World, data: Path, tmp_path: Path) -> None:
    notes = tmp_path / "uploads.json"

    assert upload(world, data, notes) == 4
    assert upload(world, data, notes) == 0

    assert stored(world) == {
        "data/users/users.csv": b"user_id\n1\n",
        "data/songs/songs.csv": b"id\n1\n",
        "data/streams/2024/06/01/a.csv": b"user_id\n2\n",
        f"data/streams/{ODD_NAME}": b"user_id\n3\n",
    }


def test_a_changed_file_and_a_new_one_are_put_and_no_other(
    world: World, data: Path, tmp_path: Path
) -> None:
    notes = tmp_path / "uploads.json"
    upload(world, data, notes)
    (data / "streams" / "2024/06/01/a.csv").write_text("user_id\n22\n")
    (data / "streams" / "b.csv.gz").write_bytes(b"b")
    world.bucket.put("data/users/users.csv", b"put by somebody else")

    assert upload(world, data, notes) == 2

    after = stored(world)
    assert after["data/streams/2024/06/01/a.csv"] == b"user_id\n22\n"
    assert after["data/streams/b.csv.gz"] == b"b"
    assert after["data/users/users.csv"] == b"put by somebody else"


def test_a_file_of_equal_size_and_mtime_that_was_written_again_is_put_again(
    world: World, data: Path, tmp_path: Path
) -> None:
    notes, file = tmp_path / "uploads.json", data / "users" / "users.csv"
    upload(world, data, notes)
    before = file.stat()
    file.write_text("user_id\n7\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert upload(world, data, notes) == 1

    assert stored(world)["data/users/users.csv"] == b"user_id\n7\n"


def test_a_file_that_was_only_touched_is_not_put_again(
    world: World, data: Path, tmp_path: Path
) -> None:
    notes = tmp_path / "uploads.json"
    upload(world, data, notes)
    os.utime(data / "users" / "users.csv", ns=(0, 1))

    assert upload(world, data, notes) == 0


def test_what_went_from_the_folder_goes_from_the_bucket_and_nothing_else(
    world: World, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = tmp_path / "uploads.json"
    upload(world, data, notes)
    for name in ("songs/songs.csv", f"streams/{ODD_NAME}", "streams/2024/06/01/a.csv"):
        (data / name).unlink()
    world.bucket.put("data/streams/2024/06/01/a.csv", b"put by somebody else since")
    world.bucket.put("data/songs/others.csv", b"put by somebody else")
    capsys.readouterr()

    assert upload(world, data, notes) == 0

    assert [*stored(world)] == [
        "data/songs/others.csv",
        "data/streams/2024/06/01/a.csv",
        "data/users/users.csv",
    ]
    assert [*json.loads(notes.read_text())] == ["data/users/users.csv"]
    assert capsys.readouterr().err.splitlines() == [
        "data/songs/songs.csv is not in DATA any more: removed from the bucket",
        f"data/streams/{ODD_NAME} is not in DATA any more: removed from the bucket",
        "0 of 1 files to upload",
    ]


def test_of_many_files_that_went_some_are_named(
    world: World,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(uploads, "SHOWN_KEYS", 1)
    upload(world, data, tmp_path / "uploads.json")
    for path in (data / "streams").rglob("*.csv"):
        path.unlink()
    capsys.readouterr()

    upload(world, data, tmp_path / "uploads.json")

    assert "1 more files likewise\n" in capsys.readouterr().err


def test_a_file_that_comes_back_is_put_again(world: World, data: Path, tmp_path: Path) -> None:
    notes, file = tmp_path / "uploads.json", data / "songs" / "songs.csv"
    upload(world, data, notes)
    content = file.read_bytes()
    file.unlink()
    upload(world, data, notes)
    file.write_bytes(content)

    assert upload(world, data, notes) == 1

    assert stored(world)["data/songs/songs.csv"] == content


def test_a_call_that_died_before_it_noted_anything_changes_no_etag(
    world: World, data: Path, tmp_path: Path
) -> None:
    notes, key = tmp_path / "uploads.json", "data/users/users.csv"
    upload(world, data, notes)
    before = world.bucket.head(key)
    notes.unlink()

    assert upload(world, data, notes) == 4

    after = world.bucket.head(key)
    assert before is not None
    assert after is not None
    assert after.etag == before.etag


def test_a_file_that_goes_away_is_told_and_what_was_put_is_noted(
    world: World, data: Path, tmp_path: Path
) -> None:
    notes, delivery = tmp_path / "uploads.json", hash_delivery(list_delivery(data))
    (data / "streams" / ODD_NAME).unlink()

    with pytest.raises(CommandError, match="No such file or directory: check it and call it again"):
        uploads.upload_delivery(world.bucket, "data", delivery, notes)

    noted = json.loads(notes.read_text()) if notes.exists() else {}
    assert f"data/streams/{ODD_NAME}" not in noted
    (data / "streams" / ODD_NAME).write_text("user_id\n3\n")
    assert upload(world, data, notes) == 4 - len(noted)
    assert len(stored(world)) == 4


def test_a_large_file_is_put_in_parts_and_is_the_same(
    world: World, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "IN_PARTS_FROM", 1 << 20)
    content = os.urandom(9 << 20)  # boto3 cuts at 8 MB
    (data / "streams" / "large.csv").write_bytes(content)

    upload(world, data, tmp_path / "uploads.json")

    found = world.bucket.head("data/streams/large.csv")
    assert found is not None
    assert found.etag.endswith("-2")
    assert world.bucket.read("data/streams/large.csv") == content


def test_progress_is_told_and_noted_meanwhile(
    world: World,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(uploads, "NOTE_SECONDS", 0.0)

    upload(world, data, tmp_path / "uploads.json")

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "4 of 4 files to upload"
    assert lines[1:] == [f"uploaded {number} of 4" for number in (1, 2, 3, 4)]


def test_damaged_notes_are_told_with_their_cure(world: World, data: Path, tmp_path: Path) -> None:
    notes = tmp_path / "uploads.json"
    notes.write_text("{")

    with pytest.raises(CommandError, match="is damaged: remove it"):
        upload(world, data, notes)
