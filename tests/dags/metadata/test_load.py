"""Users and songs files come into RDS whole, once, in the order of their keys, or not at all."""

import base64
import gzip
import io
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from dags.metadata.load import LoadRules, MetadataFile, metadata_version, run, write_quarantine
from dags.metadata.report import FileReport, LoadReport
from dags.systems import metadata
from tests.dags.metadata_files import SONGS, USER_HEADER, a_file, load, names, some_users


class BrokenStore(io.BytesIO):
    """A stream that breaks off after its first bytes."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise ConnectionError("reset")
        return super().read(40)


# Of the users file whose rows are counted below.
EXPLANATION = {
    "rows_read": 4,
    "rows_rejected": 3,
    "reasons": {
        "invalid_user_id": {
            "rows": 2,
            "line": 3,
            "value": "x",
            "wanted": "write digits only, 1 to 9223372036854775807",
        },
        "nul_character": {
            "rows": 1,
            "line": 4,
            "value": "\\x00",
            "wanted": "remove the character U+0000",
        },
    },
}


def test_good_rows_load_and_the_others_are_counted_and_quarantined(connection: Any) -> None:
    users = a_file("data/users/u.csv", "1,Ana,,,\nx,Bo,,,\n3,\0,,,\ny,,,,\n")
    packed = io.BytesIO()

    with write_quarantine(packed) as quarantine:
        report = run(connection, [users, SONGS], quarantine)

    rejected = {"invalid_user_id": 2, "nul_character": 1}
    assert report.is_changed
    assert report.files == (
        FileReport("data/songs/s.csv", "e1", 2, 2, {}, None),
        FileReport("data/users/u.csv", "e1", 4, 1, rejected, None, EXPLANATION),
    )
    assert report.rows_changed == {"users": 1, "songs": 2}
    assert names(connection) == {1: "Ana"}
    lines = [json.loads(line) for line in gzip.decompress(packed.getvalue()).splitlines()]
    assert [(line["file_key"], line["reason"]) for line in lines] == [
        ("data/users/u.csv", "invalid_user_id"),
        ("data/users/u.csv", "nul_character"),
        ("data/users/u.csv", "invalid_user_id"),
    ]
    assert [base64.b64decode(line["raw_line"]) for line in lines] == [
        b"x,Bo,,,",
        b"3,\0,,,",
        b"y,,,,",
    ]


def test_equal_quarantines_are_equal_bytes() -> None:
    packed = [io.BytesIO(), io.BytesIO()]

    for file in packed:
        with write_quarantine(file) as quarantine:
            quarantine("data/users/ü.csv", b"\xff", "invalid_encoding")

    assert packed[0].getvalue() == packed[1].getvalue() != b""


def test_nothing_happens_where_no_key_and_no_etag_changed(connection: Any) -> None:
    first = load(connection, some_users({1: "Ana"}), SONGS)
    unopened = MetadataFile("data/users/u.csv", "e1", "users", lambda: pytest.fail("opened"))

    second = load(connection, SONGS, unopened)

    assert second == LoadReport(first.version, is_changed=False)
    assert metadata.read_version(connection) == first.version


def test_a_changed_etag_reloads(connection: Any) -> None:
    first = load(connection, some_users({1: "Ana"}), SONGS)

    second = load(connection, some_users({1: "Anna"}, etag="e2"), SONGS)

    assert second.version != first.version
    assert second.rows_changed == {"users": 1, "songs": 0}
    assert names(connection) == {1: "Anna"}


KEYS = ["data/users/Z.csv", "data/users/a.csv", "data/users/é.csv"]


@pytest.mark.parametrize("order", list(itertools.permutations(KEYS)))
def test_the_greatest_key_wins_whichever_file_came_first(
    connection: Any, order: tuple[str, ...]
) -> None:
    for count in (1, 2, 3):
        load(connection, *(some_users({1: key, 2: key}, key) for key in order[:count]), SONGS)

    assert names(connection) == {1: "data/users/é.csv", 2: "data/users/é.csv"}


@pytest.mark.parametrize(
    ("good", "bad", "is_refused"), [(180, 20, False), (179, 20, True), (1, 19, False)]
)
def test_a_file_is_refused_above_the_share_from_the_least_number_on(
    connection: Any, good: int, bad: int, is_refused: bool
) -> None:
    load(connection, some_users({1: "Old"}), SONGS)
    body = "".join(f"{user},New,,,\n" for user in range(1, good + 1)) + "x,,,,\n" * bad

    report = load(connection, a_file("data/users/u.csv", body, "e2"), SONGS)

    users = report.files[1]
    assert (users.refused == "too_many_rejected_rows") == is_refused
    assert (users.rows_read, users.rows_rejected) == (good + bad, {"invalid_user_id": bad})
    assert users.rows_loaded == (0 if is_refused else good)
    assert names(connection)[1] == ("Old" if is_refused else "New")


def test_a_refused_file_is_let_in_when_the_run_asks_for_it(connection: Any) -> None:
    good = some_users({1: "Old"}, "data/users/a.csv")
    users = a_file("data/users/u.csv", "1,Ana,,,\n" + "x,,,,\n" * 20)
    load(connection, good, users, SONGS)
    again = load(connection, good, users, SONGS)

    report = load(connection, good, users, SONGS, max_rejected_share=1.0)

    assert not again.is_changed
    assert report.is_changed
    assert report.version != again.version
    assert names(connection) == {1: "Ana"}


@pytest.mark.parametrize(
    ("key", "content", "reason"),
    [
        ("data/users/b.csv", b"", "empty"),
        ("data/users/b.csv", b"user_id\n1\n", "columns"),
        ("data/users/b.csv", b"\xff\n", "unreadable"),
        (
            "data/users/b.csv.gz",
            gzip.compress(f"{USER_HEADER}\n1,New,,,\nx,,,,\n".encode(), mtime=0)[:-8],
            "unreadable",
        ),
    ],
)
def test_a_refused_file_leaves_the_old_rows_and_the_others_go_on(
    connection: Any, key: str, content: bytes, reason: str
) -> None:
    load(connection, some_users({1: "Old"}), SONGS)

    report = load(connection, some_users({2: "Bo"}, etag="e2"), a_file(key, content), SONGS)

    assert [file.refused for file in report.files] == [None, reason, None]
    assert names(connection) == {1: "Old", 2: "Bo"}
    noted = {file.file_key: file.refused_reason for file in metadata.read_files(connection)}
    assert noted == {SONGS.file_key: None, key: reason, "data/users/u.csv": None}


def test_a_crash_in_the_middle_leaves_the_old_rows_and_a_rerun_loads(
    connect_anew: Callable[[], Any],
) -> None:
    connection = connect_anew()
    first = load(connection, some_users({1: "Old"}), SONGS)
    changed = some_users({1: "New"}, etag="e2")
    broken = a_file("data/users/z.csv", "2,Bo,,,\n", stream=BrokenStore)

    with pytest.raises(ConnectionError):
        load(connection, changed, broken, SONGS)

    assert names(connect_anew()) == {1: "Old"}
    assert metadata.read_version(connect_anew()) == first.version
    load(connection, changed, a_file("data/users/z.csv", "2,Bo,,,\n"), SONGS)
    assert names(connect_anew()) == {1: "New", 2: "Bo"}


def a_version(*pairs: tuple[str, str], **rules: Any) -> str:
    noted = (metadata.NotedFile(key, etag, 1, 1, 0, None) for key, etag in pairs)
    return metadata_version(noted, LoadRules(**rules))


def test_the_version_tells_pairs_and_rules_apart_and_not_their_order() -> None:
    assert a_version(("a", "1"), ("b", "2")) == a_version(("b", "2"), ("a", "1"))
    assert a_version(("a", "b1")) != a_version(("ab", "1"))
    assert a_version(("a", '1"],["b","2')) != a_version(("a", "1"), ("b", "2"))
    assert len({a_version(), a_version(mode="upsert"), a_version(track_id_prefix="x")}) == 3


def test_packed_files_load(connection: Any) -> None:
    packed = gzip.compress(f"{USER_HEADER}\n1,Ana,,,\n".encode())

    load(connection, a_file("data/users/u.csv.gz", packed), SONGS)

    assert names(connection) == {1: "Ana"}
