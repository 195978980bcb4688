"""Which columns a users or songs file needs, and what a track's id begins with."""

import pytest

from dags.steps.metadata_rows import GoodRow, RefusedFileError, read_rows
from dags.steps.metadata_values import TABLE_COLUMNS

HEADER = b"user_id,user_name,user_age,user_country,created_at"
SONG = {column.name: "" for column in TABLE_COLUMNS["songs"]} | {"id": "7"}


def read(content: bytes, table: str = "users") -> list[object]:
    return list(read_rows(table, [content]))


@pytest.mark.parametrize(
    ("header", "missing", "repeated"),
    [
        (b"user_id,user_name,User_age,created_at", ("user_age", "user_country"), ()),
        (HEADER + b",user_id", (), ("user_id",)),
        (b"user_id;user_name", tuple(HEADER.decode().split(",")), ()),
    ],
)
def test_a_refused_header_says_what_it_lacks_and_what_it_has_twice(
    header: bytes, missing: tuple[str, ...], repeated: tuple[str, ...]
) -> None:
    with pytest.raises(RefusedFileError) as caught:
        read(b"\xef\xbb\xbf" + header + b"\n1,,,,\n")

    told = caught.value
    assert (told.header, told.missing, told.repeated) == (header, missing, repeated)


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

    with pytest.raises(RefusedFileError) as caught:
        read(header.encode(), "songs")

    assert caught.value.missing == (name,)


@pytest.mark.parametrize("name", ["tempo", "track_id"])
def test_no_column_stands_twice_in_a_songs_file(name: str) -> None:
    with pytest.raises(RefusedFileError) as caught:
        read(",".join([*SONG, name]).encode(), "songs")

    assert caught.value.repeated == (name,)


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
