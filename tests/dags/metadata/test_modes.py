"""What becomes of rows that no file holds any more, and of ids that two tracks claim."""

import dataclasses
from random import Random
from typing import Any

import pytest

from dags.metadata.load import MetadataFile
from dags.metadata.report import describe_rows
from dags.systems.metadata import MetadataStateError, read_version
from tests.dags.metadata_files import SONGS, a_file, load, names, some_songs, some_users, tracks

USERS = some_users({1: "Ana"})
TOO_BAD = "x,,,,\n" * 20


def described(report: Any) -> list[str]:
    return describe_rows(dataclasses.asdict(report))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("snapshot", {1: "Anna"}), ("upsert", {1: "Anna", 2: "Bo"})],
)
def test_a_row_that_is_in_no_file_any_more_goes_or_stays_by_the_mode(
    connection: Any, mode: str, expected: dict[int, str]
) -> None:
    load(connection, some_users({1: "Ana", 2: "Bo"}), SONGS, mode=mode)

    report = load(connection, some_users({1: "Anna"}, etag="e2"), SONGS, mode=mode)

    assert names(connection) == expected
    is_gone = mode == "snapshot"
    assert report.rows_removed == ({"users": 1, "songs": 0} if is_gone else {})
    told = ["1 rows of users are in no file any more and were removed"]
    assert described(report) == (told if is_gone else [])


def test_a_file_that_went_away_takes_its_rows_along(connection: Any) -> None:
    other = some_songs({7: "other"}, "data/songs/z.csv")
    load(connection, USERS, some_songs({1: "a"}), other)

    load(connection, USERS, some_songs({1: "a"}))

    assert tracks(connection) == {1: "a"}


def test_files_that_all_went_away_leave_their_rows_in_mode_upsert(connection: Any) -> None:
    load(connection, USERS, SONGS, mode="upsert")

    report = load(connection, mode="upsert")

    assert (report.is_changed, report.files) == (True, ())
    assert names(connection) == {1: "Ana"}


def test_files_that_all_went_away_stop_the_run_in_mode_snapshot(connection: Any) -> None:
    first = load(connection, USERS, SONGS)

    with pytest.raises(MetadataStateError, match=r"users would lose all its rows .*data/users/\*"):
        load(connection, SONGS)

    assert names(connection) == {1: "Ana"}
    assert read_version(connection) == first.version


def test_another_mode_takes_effect_though_no_file_changed(connection: Any) -> None:
    load(connection, some_users({1: "Ana", 2: "Bo"}), SONGS, mode="upsert")
    left = load(connection, USERS, SONGS, mode="upsert")

    report = load(connection, USERS, SONGS)

    assert (names(connection), report.is_changed) == ({1: "Ana"}, True)
    assert report.version != left.version
    assert not load(connection, USERS, SONGS).is_changed


def test_while_a_file_is_refused_no_row_of_its_table_goes(connection: Any) -> None:
    kept = some_users({3: "Cy"}, "data/users/v.csv")
    load(
        connection,
        some_users({1: "Ana", 2: "Bo"}),
        kept,
        SONGS,
        some_songs({9: "z"}, "data/songs/z.csv"),
    )
    bad = a_file("data/users/u.csv", "1,Anna,,,\n" + TOO_BAD, "e2")

    report = load(connection, bad, some_users({4: "Di"}, "data/users/v.csv", "e2"), SONGS)

    assert names(connection) == {1: "Ana", 2: "Bo", 3: "Cy", 4: "Di"}
    assert tracks(connection) == {1: "t", 2: "t"}
    assert report.rows_removed == {"songs": 1}
    assert described(report) == [
        "all rows of users that were loaded before stay, while a file is refused: data/users/u.csv",
        "1 rows of songs are in no file any more and were removed",
    ]


def test_nothing_is_said_of_rows_of_before_where_there_were_none(connection: Any) -> None:
    report = load(connection, USERS, a_file("data/users/v.csv", b""), SONGS)

    assert described(report) == []


def test_no_file_for_an_empty_table_stops_the_run(connection: Any) -> None:
    with pytest.raises(MetadataStateError, match=r"table users is empty .* data/users/\*\.csv$"):
        load(connection, SONGS)
    with pytest.raises(MetadataStateError, match="table songs is empty .* data/songs/"):
        load(connection, USERS)

    assert names(connection) == {}
    assert read_version(connection) is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "refused: data/songs/s.csv: empty: it holds nothing but blanks: deliver it with"),
        (b"track_id,artists\n", "s.csv: columns: it lacks id, track_name, popularity"),
        (b"id\n", "s.csv: columns: it lacks track_id, artists, track_name, popularity"),
        (TOO_BAD, "s.csv: too_many_rejected_rows: 20 of 20 rows are rejected; 20 malformed_row, "),
        ("", "fill it: data/songs/s.csv holds no row; "),
        ("x,,,\n", 's.csv: 1 of 1 rows are rejected; 1 malformed_row, first in line 2: "x,,,": '),
    ],
)
@pytest.mark.parametrize("mode", ["snapshot", "upsert"])
def test_a_first_file_that_fills_nothing_stops_the_run_and_is_named(
    connection: Any, content: bytes | str, why: str, mode: str
) -> None:
    with pytest.raises(MetadataStateError) as caught:
        load(connection, USERS, a_file("data/songs/s.csv", content), mode=mode)

    told = str(caught.value)
    assert told.startswith("table songs is empty and no file would fill it: ")
    assert why in told
    assert "\n" not in told
    assert told.endswith("; deliver data/songs/*.csv")
    assert names(connection) == {}


def test_rows_that_lose_their_id_to_another_track_are_counted_by_file(connection: Any) -> None:
    may = some_songs({number: f"may{number}" for number in range(40)}, "data/songs/2024-05.csv")
    june = some_songs({number: f"june{number}" for number in range(30)}, "data/songs/2024-06.csv")

    report = load(connection, USERS, may, june)

    assert len(tracks(connection)) == 40
    assert [file.rows_replaced for file in report.files] == [{"data/songs/2024-06.csv": 30}, {}, {}]
    assert described(report) == [
        "30 rows of data/songs/2024-05.csv were replaced by rows of other tracks from "
        "data/songs/2024-06.csv: number ids over all files"
    ]


def test_a_row_that_only_says_more_of_its_track_replaces_without_a_word(connection: Any) -> None:
    later = some_songs({1: "a", 2: "b"}, "data/songs/z.csv")

    report = load(connection, USERS, some_songs({1: "a", 2: "b"}), later)

    assert described(report) == []


def test_ids_that_a_file_itself_gives_twice_are_counted_too(connection: Any) -> None:
    twice = a_file("data/songs/s.csv", f"1,a{',' * 19}\n1,b{',' * 19}\n1,b{',' * 19}\n")

    report = load(connection, USERS, twice)

    assert tracks(connection) == {1: "b"}
    assert report.files[0].rows_replaced == {"data/songs/s.csv": 1}


def test_an_export_that_is_numbered_anew_leaves_its_own_rows_alone(connection: Any) -> None:
    load(connection, USERS, some_songs({0: "tA", 1: "tB", 2: "tC", 3: "tD", 4: "tE", 5: "tE"}))

    report = load(connection, USERS, some_songs({0: "tB", 1: "tC", 2: "tD", 3: "tE"}, etag="e2"))

    assert tracks(connection) == {0: "tB", 1: "tC", 2: "tD", 3: "tE"}
    assert described(report) == [
        "4 ids of table songs are another track's since data/songs/s.csv: its ids were given anew",
        "2 rows of songs are in no file any more and were removed",
    ]


def a_delivery(random: Random) -> dict[str, MetadataFile]:
    """Give up to three files of songs whose ids overlap, and one of users."""
    files = {"data/users/u.csv": USERS}
    for name in random.sample("abc", random.randrange(1, 4)):
        key, etag = f"data/songs/{name}.csv", f"{random.random()}"
        rows = {song: f"t{random.randrange(4)}" for song in random.sample(range(9), 4)}
        files[key] = some_songs(rows, key, etag)
    return files


@pytest.mark.parametrize("seed", range(6))
def test_what_the_files_hold_is_the_table_whatever_was_loaded_before(
    connection: Any, seed: int
) -> None:
    random = Random(seed)
    last = a_delivery(random)
    expected: dict[int, str] = {}
    for key in sorted(last):
        lines = last[key].open().read().decode().splitlines()[1:]
        if "/songs/" in key:
            expected |= {int(line.split(",")[0]): line.split(",")[1] for line in lines}
    for _ in range(4):
        load(connection, *a_delivery(random).values())
        in_any_order = list(last.values())
        random.shuffle(in_any_order)
        load(connection, *in_any_order)

        assert tracks(connection) == expected
