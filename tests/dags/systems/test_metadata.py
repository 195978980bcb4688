"""The metadata database: its migrations, its shape, and how rows come into it."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from dags.systems import metadata
from dags.systems.metadata import MetadataError, NotedFile
from localaws.postgres import PostgresServer
from spark_jobs import schemas

POSTGRES_TYPES = {
    "long": "bigint",
    "integer": "integer",
    "string": "character varying",
    "boolean": "boolean",
    "double": "double precision",
    "date": "date",
}
MIGRATIONS = [
    "0001_create_users.sql",
    "0002_create_songs.sql",
    "0003_create_metadata_files.sql",
    "0004_create_metadata_version.sql",
]
ANA = (7, "Ana", 31, "Chile", None)


def fetch(connection: Any, statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def load_users(connection: Any, *files: Iterable[tuple[Any, ...]]) -> int:
    with metadata.transaction(connection):
        metadata.create_stage(connection, "users")
        for number, rows in enumerate(files):
            metadata.stage_rows(connection, "users", number, enumerate(rows))
        return metadata.merge_stage(connection, "users")


def users(connection: Any) -> list[tuple[Any, ...]]:
    return fetch(
        connection,
        "SELECT user_id, user_name, user_age, user_country, created_at FROM users ORDER BY user_id",
    )


def test_migrations_are_applied_once_and_in_order(empty_dsn: dict[str, Any]) -> None:
    connection = metadata.connect(empty_dsn)

    first = metadata.migrate(connection)
    second = metadata.migrate(connection)
    noted = fetch(connection, "SELECT version, file_name FROM schema_version ORDER BY version")
    connection.close()

    assert (first, second) == (MIGRATIONS, [])
    assert noted == list(enumerate(MIGRATIONS, start=1))


def test_two_that_migrate_at_once_apply_each_migration_once(empty_dsn: dict[str, Any]) -> None:
    applied: list[str] = []

    def migrate() -> None:
        connection = metadata.connect(empty_dsn)
        applied.extend(metadata.migrate(connection))
        connection.close()

    threads = [threading.Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(applied) == MIGRATIONS


def test_a_database_without_its_migrations_is_told_from_a_whole_one(
    empty_dsn: dict[str, Any], postgres: PostgresServer
) -> None:
    connection = metadata.connect(empty_dsn)
    with pytest.raises(MetadataError, match="lacks 0001_create_users.sql, .*: run `make up`"):
        metadata.check_schema(connection)
    connection.rollback()
    metadata.migrate(connection)
    fetch(connection, "DELETE FROM schema_version WHERE version = 2 RETURNING version")

    with pytest.raises(MetadataError, match="lacks 0002_create_songs.sql: run"):
        metadata.check_schema(connection)
    connection.rollback()
    metadata.check_schema(connection)
    connection.close()


@pytest.mark.parametrize("table", ["users", "songs"])
def test_names_order_types_widths_and_keys_are_those_of_the_schemas(
    connection: Any, table: str
) -> None:
    columns = fetch(
        connection,
        "SELECT column_name, data_type, character_maximum_length, is_nullable = 'YES'"
        f" FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position",
    )
    checks = fetch(
        connection,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        f" WHERE conrelid = '{table}'::regclass AND contype IN ('c', 'p')",
    )

    fields = schemas.TABLES[table].fields
    expected_checks = {
        f"CHECK ((octet_length(({field.name})::text) <= {field.metadata['width']}))"
        for field in fields
        if "width" in field.metadata
    }
    expected_key = ", ".join(field.name for field in fields if not field.nullable)
    assert columns == [
        (
            field.name,
            POSTGRES_TYPES[field.dataType.typeName()],
            field.metadata.get("width"),
            field.nullable,
        )
        for field in fields
    ]
    assert {check for (check,) in checks} == expected_checks | {f"PRIMARY KEY ({expected_key})"}


def test_the_last_row_of_the_greatest_file_wins(connection: Any) -> None:
    load_users(
        connection,
        [(1, "early", None, None, None), (2, "only", None, None, None)],
        [(1, "first", None, None, None), (1, "last", None, None, None)],
    )

    assert users(connection) == [(1, "last", None, None, None), (2, "only", None, None, None)]


def test_only_rows_that_differ_are_touched(connection: Any) -> None:
    load_users(connection, [ANA, (8, None, None, None, None), (9, "Old", 1, None, None)])
    before = dict(fetch(connection, "SELECT user_id, (xmin, xmax, ctid)::text FROM users"))

    touched = load_users(
        connection,
        [ANA, (8, None, None, None, None), (9, None, 1, None, None), (10, "New", 1, None, None)],
    )
    after = dict(fetch(connection, "SELECT user_id, (xmin, xmax, ctid)::text FROM users"))

    assert touched == 2
    assert {key for key in after if after[key] == before.get(key)} == {7, 8}
    assert users(connection)[2:] == [(9, None, 1, None, None), (10, "New", 1, None, None)]


def test_any_text_comes_back_as_it_went_in(connection: Any) -> None:
    texts = ["\\N", "\\.", '"', "a,b", "a\rb", "a\tb", "\U0001f3b5" * 64, "é" * 128, "a'b", "%s"]

    load_users(connection, [(key, text, None, None, None) for key, text in enumerate(texts)])

    assert [row[1] for row in users(connection)] == texts


def test_the_ends_of_number_ranges_come_back(connection: Any) -> None:
    song = [None] * 21
    tempos = [5e-324, 1.7976931348623157e308, -0.0, 0.1]
    rows = [[2147483647 - place, *song[1:18], tempo, 1, "g"] for place, tempo in enumerate(tempos)]
    with metadata.transaction(connection):
        metadata.create_stage(connection, "songs")
        metadata.stage_rows(connection, "songs", 0, enumerate(rows))
        metadata.merge_stage(connection, "songs")

    assert fetch(connection, "SELECT tempo FROM songs ORDER BY id DESC") == [(t,) for t in tempos]


def test_a_width_counts_bytes_in_the_table_too(connection: Any) -> None:
    with pytest.raises(MetadataError, match="violates check constraint") as caught:
        load_users(connection, [(1, "\U0001f3b5" * 65, None, None, None)])

    assert "\U0001f3b5" not in str(caught.value)
    assert users(connection) == []


def test_an_error_of_the_rows_comes_through_unchanged_and_rolls_back(connection: Any) -> None:
    load_users(connection, [ANA])

    def rows() -> Iterator[tuple[Any, ...]]:
        yield 7, "Changed", None, None, None
        raise ConnectionError("the file's store went away")

    with pytest.raises(ConnectionError):
        load_users(connection, [(7, "Changed too", None, None, None)], rows())

    assert users(connection) == [ANA]


def test_the_noted_files_and_version_are_those_of_the_last_load(connection: Any) -> None:
    first = NotedFile("data/users/a.csv", '"e"', 3, 2, 1, None)
    second = NotedFile("data/users/b.csv", '"e-2"', 0, 0, 0, "empty")
    before = metadata.read_version(connection)

    metadata.note_load(connection, [first], "v1")
    metadata.note_load(connection, [second], "v2")

    assert before is None
    assert metadata.read_files(connection) == [second]
    assert metadata.read_version(connection) == "v2"


def test_a_second_loader_waits_and_readers_do_not(connect_anew: Callable[[], Any]) -> None:
    first, second, reader = connect_anew(), connect_anew(), connect_anew()
    metadata.lock(first)
    fetch(second, "SELECT set_config('lock_timeout', '50ms', false)")

    with pytest.raises(MetadataError, match="lock timeout"), metadata.transaction(second):
        metadata.lock(second)

    assert metadata.read_version(reader) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"password": "sesame"}, "password authentication failed"),
        ({"port": 1}, "Connection refused"),
        ({"dbname": "nowhere"}, 'database "nowhere" does not exist'),
        ({"sslmode": "sesame"}, "invalid sslmode value"),
    ],
)
def test_a_database_that_cannot_be_opened_is_one_line_without_the_password(
    postgres: PostgresServer, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(MetadataError, match=reason) as caught:
        metadata.connect(postgres.dsn("postgres") | {"password": postgres.password} | change)

    message = str(caught.value)
    assert "\n" not in message
    assert postgres.password not in message
    assert caught.value.__cause__ is None
