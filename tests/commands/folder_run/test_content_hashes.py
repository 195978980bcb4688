"""A file is read again whenever it may have changed, and not when it has not."""

import os
from pathlib import Path

import pytest

from commands.folder_run import content_hashes
from commands.folder_run.content_hashes import RACY_NS, hash_files, sign

HELLO, WORLD = "8b1a9953c4611296a827abf8c47804d7", "f5a7924e621e84c9280a9a27e1bcb7f6"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_bytes(b"Hello")
    return path


def settled(file: Path) -> int:
    """Give an instant at which the file has rested for long enough."""
    return file.stat().st_ctime_ns + RACY_NS + 1


def hash_again(file: Path, now_ns: int) -> str:
    (found,) = hash_files([(file, sign(file.stat()))], file.with_name("hashes.json"), now_ns)
    return found


def note_reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Give a list that takes each file that is read from now on."""
    read: list[Path] = []
    hash_file = content_hashes.hash_file

    def read_and_hash(path: Path) -> str:
        read.append(path)
        return hash_file(path)

    monkeypatch.setattr(content_hashes, "hash_file", read_and_hash)
    return read


def test_an_unchanged_file_is_read_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = note_reads(monkeypatch)

    hashes = [hash_again(file, settled(file)) for _ in range(3)]

    assert hashes == [HELLO] * 3
    assert read == [file]


def test_a_change_that_keeps_size_and_mtime_is_seen(file: Path) -> None:
    before, now = file.stat(), settled(file)
    hash_again(file, now)
    file.write_bytes(b"World")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert hash_again(file, now) == WORLD


def test_another_file_in_its_place_is_seen_though_all_its_times_are_equal(file: Path) -> None:
    size, modified, changed, inode = sign(file.stat())
    cache, now = file.with_name("hashes.json"), settled(file)
    hash_files([(file, (size, modified, changed, inode + 1))], cache, now)
    file.write_bytes(b"World")

    (found,) = hash_files([(file, (size, modified, changed, inode))], cache, now)

    assert found == WORLD


@pytest.mark.parametrize("ago", [RACY_NS, 0, -RACY_NS])
def test_the_hash_of_a_file_that_changed_just_now_is_not_trusted_later(
    file: Path, ago: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hash_again(file, file.stat().st_ctime_ns + ago)
    read = note_reads(monkeypatch)

    hash_again(file, settled(file))

    assert read == [file]


@pytest.mark.parametrize("damage", ["", "{", "\x00"])
def test_damaged_notes_are_no_notes(file: Path, damage: str) -> None:
    file.with_name("hashes.json").write_text(damage)

    assert hash_again(file, settled(file)) == HELLO


def test_what_is_delivered_no_more_is_forgotten(file: Path) -> None:
    cache = file.with_name("hashes.json")
    hash_again(file, settled(file))

    assert hash_files([], cache, settled(file)) == []

    assert cache.read_text() == "{}"
