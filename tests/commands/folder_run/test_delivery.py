"""A data folder as S3 would list it."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands.console import CommandError
from commands.folder_run.content_hashes import sign
from commands.folder_run.delivery import DeliveredFile, hash_delivery, list_delivery


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for kind in ("users", "songs", "streams"):
        (tmp_path / "data" / kind).mkdir(parents=True)
    return tmp_path / "data"


def deliver(data: Path, *names: str) -> None:
    for name in names:
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(b"x\n")


def stream_keys(data: Path) -> list[str]:
    return [file.file_key for file in list_delivery(data).streams]


def test_a_file_has_key_path_size_and_the_instant_of_its_mtime(data: Path) -> None:
    path = data / "streams" / "2024" / "06" / "plays.csv.gz"
    deliver(data, "streams/2024/06/plays.csv.gz")
    os.utime(path, ns=(0, 1_718_000_000_123_456_789))

    files = list_delivery(data).streams

    assert files == (
        DeliveredFile(
            file_key="data/streams/2024/06/plays.csv.gz",
            path=path,
            signature=sign(path.stat()),
            size=2,
            last_modified=datetime(2024, 6, 10, 6, 13, 20, 123457, UTC),
        ),
    )


def test_kinds_stay_apart(data: Path) -> None:
    deliver(data, "users/a.csv", "songs/b.csv", "streams/c.csv")

    delivery = list_delivery(data)

    kinds = (delivery.users, delivery.songs, delivery.streams)
    assert [[file.file_key for file in kind] for kind in kinds] == [
        ["data/users/a.csv"],
        ["data/songs/b.csv"],
        ["data/streams/c.csv"],
    ]


def test_keys_come_in_byte_order_whatever_the_folders(data: Path) -> None:
    deliver(data, *(f"streams/{name}.csv" for name in ("é", "z", "Z", "a/b", "a-b", "\U0001f3b5")))

    keys = stream_keys(data)

    names = ["Z", "a-b", "a/b", "z", "é", "\U0001f3b5"]
    assert keys == [f"data/streams/{name}.csv" for name in names]


def test_any_character_may_stand_in_a_key(data: Path) -> None:
    deliver(data, "streams/a key [x] *?{}%20é,'\".csv")

    assert stream_keys(data) == ["data/streams/a key [x] *?{}%20é,'\".csv"]


def test_hidden_unfinished_and_other_files_are_no_deliveries(data: Path) -> None:
    ignored = (
        "_part.csv",
        ".part.csv",
        "~$plays.csv",
        "notes.txt",
        "plays.csv.tmp",
        "PLAYS.CSV",
        "csv",
    )
    deliver(data, *(f"streams/{name}" for name in ignored), "streams/_folder/plays.csv")

    delivery = list_delivery(data)

    assert [file.file_key for file in delivery.streams] == ["data/streams/_folder/plays.csv"]
    assert sorted(delivery.ignored) == sorted(f"streams/{name}" for name in ignored)


def test_a_name_that_is_no_utf8_is_no_delivery(data: Path) -> None:
    deliver(data, os.fsdecode(b"streams/\xff.csv"))

    delivery = list_delivery(data)

    assert delivery.streams == ()
    assert delivery.ignored == ("streams/\udcff.csv",)


def test_an_etag_is_that_of_s3_for_an_object_put_by_one_call(data: Path) -> None:
    deliver(data, "users/a.csv", "songs/b.csv", "streams/c.csv")

    delivery = hash_delivery(list_delivery(data))

    md5 = "401b30e3b8b5d629635a5c613cdb7919"  # of b"x\n"
    assert [(file.file_key, file.etag) for file in delivery.files] == [
        ("data/users/a.csv", md5),
        ("data/songs/b.csv", md5),
        ("data/streams/c.csv", md5),
    ]


def test_a_file_that_goes_away_before_it_is_hashed_is_named(data: Path) -> None:
    deliver(data, "streams/a.csv")
    delivery = list_delivery(data)
    (data / "streams" / "a.csv").unlink()

    with pytest.raises(CommandError, match="a.csv is a link to nothing or was removed just now"):
        hash_delivery(delivery)


@pytest.mark.parametrize("missing", ["users", "songs", "streams"])
def test_a_missing_folder_is_named_with_what_to_do(data: Path, missing: str) -> None:
    (data / missing).rmdir()

    with pytest.raises(CommandError) as error:
        list_delivery(data)

    assert str(error.value) == (
        f"{data / missing} is no folder: DATA names a folder that holds users/, songs/ and streams/"
    )


def test_a_link_to_nothing_is_named(data: Path) -> None:
    (data / "streams" / "a.csv").symlink_to(data / "gone.csv")

    with pytest.raises(CommandError, match="a.csv is a link to nothing or was removed just now"):
        list_delivery(data)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_closed_folder_is_an_error_and_not_empty(data: Path) -> None:
    deliver(data, "streams/closed/a.csv")
    (data / "streams" / "closed").chmod(0)

    with pytest.raises(PermissionError):
        list_delivery(data)

    (data / "streams" / "closed").chmod(0o700)


def test_a_relative_folder_gives_absolute_paths(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(data, "streams/a.csv")
    monkeypatch.chdir(data.parent)

    assert list_delivery(Path("data")).streams[0].path == data / "streams" / "a.csv"
