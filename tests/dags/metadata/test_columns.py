"""Which columns a users or songs file needs, and what a track's id begins with."""

from typing import Any

import pytest

from dags.metadata.rows import (
    MAX_LINE_BYTES,
    GoodRow,
    RefusedFileError,
    RejectedRow,
    read_rows,
)
from dags.metadata.values import TABLE_COLUMNS

HEADER = b"user_id,user_name,user_age,user_country,created_at"
SONG = {column.name: "" for column in TABLE_COLUMNS["songs"]} | {"id": "7"}


def read(content: bytes, table: str = "users") -> list[object]:
    return list(read_rows(table, [content]))


def explanation_of(content: bytes, table: str = "users") -> dict[str, Any]:
    with pytest.raises(RefusedFileError) as caught:
        read(content, table)
    return caught.value.explanation


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"user_id,user_name,User_age,created_at", {"missing": ["user_age", "user_country"]}),
        (HEADER + b",user_id", {"repeated": ["user_id"], "missing": []}),
        (HEADER.replace(b",", b";"), {"cause": 'its fields seem to be parted by ";"'}),
        (HEADER + b',"x', {"cause": "its header's quotes are broken"}),
        (HEADER + b"x" * MAX_LINE_BYTES, {"cause": "its header is longer than 1 MiB"}),
        (HEADER.decode().encode("utf-16"), {"cause": "it is UTF-16 (it begins with FF FE)"}),
        (HEADER + b",\xff", {"cause": "its header is not UTF-8"}),
        (b" \n", {"cause": "it holds nothing but blanks"}),
        (HEADER + b"\r1,,,,\r", {"cause": "its lines end by CR alone"}),
    ],
)
def test_a_refused_header_is_explained(content: bytes, told: dict[str, Any]) -> None:
    found = explanation_of(content + b"\n1,,,,\n" if content.strip() else content)

    assert {name: found[name] for name in told} == told
    assert found["wanted"]


def test_a_songs_file_whose_first_column_has_no_name_is_told_which_one_it_lacks() -> None:
    header = ",".join(["", *list(SONG)[1:]])

    found = explanation_of(header.encode(), "songs")

    assert (found["missing"], found["cause"]) == (["id"], "its first column has no name")


def test_broken_gzip_is_explained() -> None:
    with pytest.raises(RefusedFileError) as caught:
        list(read_rows("users", [b"no gzip"], is_gzipped=True))

    assert caught.value.explanation["cause"] == "its gzip is damaged or breaks off"


@pytest.mark.parametrize(
    ("line", "value", "wanted"),
    [
        (b"x,,,,", "x", "write digits only, 1 to 9223372036854775807"),
        (b"1,,30.5,,", "30.5", "write a whole number within 32 bits"),
        (b"1,,,,1.2.2020", "1.2.2020", "write YYYY-MM-DD"),
        (b"1," + b"a" * 500 + b",,,", "a" * 400, "write at most 256 bytes"),
        (b",,,,", "", "write a user_id in each row"),
        (b"1,,,", "", "it has 4 fields, the header has 5: write as many fields as the header has"),
    ],
)
def test_a_rejected_row_says_what_broke_and_what_is_wanted(
    line: bytes, value: str, wanted: str
) -> None:
    (row,) = read(HEADER + b"\n" + line)

    assert isinstance(row, RejectedRow)
    assert row.wanted.startswith(wanted)
    assert row.value == value


NEEDED = ("id", "track_id", "artists", "track_name", "popularity", "duration_ms", "track_genre")


def test_songs_do_without_album_explicit_and_audio_features() -> None:
    (row,) = read(f"{','.join(NEEDED)}\n7,t,Ann,Dawn,50,1000,pop\n".encode(), "songs")

    assert isinstance(row, GoodRow)
    given = dict(zip(SONG, row.values, strict=True))
    values = (7, "t", "Ann", "Dawn", 50, 1000, "pop")
    assert {name: value for name, value in given.items() if value is not None} == dict(
        zip(NEEDED, values, strict=True)
    )
    assert len(given) == 21


@pytest.mark.parametrize("name", NEEDED)
def test_songs_do_not_do_without_the_others(name: str) -> None:
    header = ",".join(column for column in SONG if column != name)

    assert explanation_of(header.encode(), "songs")["missing"] == [name]


@pytest.mark.parametrize("name", ["tempo", "track_id"])
def test_no_column_stands_twice_in_a_songs_file(name: str) -> None:
    found = explanation_of(",".join([*SONG, name]).encode(), "songs")

    assert (found["repeated"], found["missing"]) == ([name], [])


@pytest.mark.parametrize(
    ("track_id", "value"),
    [
        ("spotify:track:4dBa", "4dBa"),
        (" spotify:track:4dBa ", "4dBa"),
        ("4dBa", "4dBa"),
        ("spotify:track:spotify:track:x", "spotify:track:x"),
        ("Spotify:track:x", "Spotify:track:x"),
        ("spotify:track:" + "x" * 64, "x" * 64),
        ("spotify:track:", None),
    ],
)
def test_a_track_loses_the_prefix_that_is_configured(track_id: str, value: str | None) -> None:
    song = SONG | {"track_id": track_id, "track_name": "spotify:track:name"}
    content = f"{','.join(song)}\n{','.join(song.values())}\n".encode()

    (row,) = read_rows("songs", [content], track_id_prefix="spotify:track:")

    assert isinstance(row, GoodRow)
    given = dict(zip(SONG, row.values, strict=True))
    assert (given["track_id"], given["track_name"]) == (value, "spotify:track:name")
