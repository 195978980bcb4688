"""Users and songs files of a few rows, and a load of them."""

import io
from typing import Any

from dags.metadata.load import LoadRules, MetadataFile, run
from dags.metadata.report import LoadReport
from dags.metadata.values import TABLE_COLUMNS
from dags.systems import metadata

SONG_HEADER = ",".join(column.name for column in TABLE_COLUMNS["songs"])
USER_HEADER = "user_id,user_name,user_age,user_country,created_at"


def a_file(
    key: str, body: str | bytes, etag: str = "e1", stream: type[io.BytesIO] = io.BytesIO
) -> MetadataFile:
    table: metadata.Table = "songs" if "/songs/" in key else "users"
    header = SONG_HEADER if table == "songs" else USER_HEADER
    content = body if isinstance(body, bytes) else f"{header}\n{body}".encode()
    return MetadataFile(key, etag, table, lambda: stream(content))


def some_users(names: dict[int, str], key: str = "data/users/u.csv", etag: str = "e1") -> Any:
    return a_file(key, "".join(f"{user},{name},,,\n" for user, name in names.items()), etag)


def some_songs(tracks: dict[int, str], key: str = "data/songs/s.csv", etag: str = "e1") -> Any:
    """Give a file of songs, each with its track and that one's first letter as its genre."""
    rows = (f"{song},{track}{',' * 19}{track[:1]}\n" for song, track in tracks.items())
    return a_file(key, "".join(rows), etag)


SONGS = a_file("data/songs/s.csv", "1,t,,,,,,,,,,,,,,,,,,,rock\n2,t,,,,,,,,,,,,,,,,,,,pop\n")


def load(connection: Any, *files: MetadataFile, **rules: Any) -> LoadReport:
    def forget(file_key: str, raw_line: bytes, reason: str) -> None:
        pass

    return run(connection, files, forget, LoadRules(**rules))


def names(connection: Any) -> dict[int, str]:
    return _read(connection, "SELECT user_id, user_name FROM users")


def tracks(connection: Any) -> dict[int, str]:
    return _read(connection, "SELECT id, track_id FROM songs")


def _read(connection: Any, query: str) -> dict[int, str]:
    with connection, connection.cursor() as cursor:
        cursor.execute(query)
        return dict(cursor.fetchall())
