"""The pipeline's users own nothing and may do what a run needs, no more: run over the stand-in.

That the whole flow runs as them is what every other test over a `World` shows.
"""

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from commands.stack.describe import make_client
from commands.stack.seed import (
    ADMIN_SECRET,
    metadata_dsn,
    open_warehouse,
    password_of,
    put_secret,
    seed,
)
from conf.settings import load_settings
from dags.protocol.users import UserError, grant_warehouse, put_names, set_password
from dags.systems import metadata
from dags.systems.warehouse import Statement, Warehouse, WarehouseError
from localaws.stack import Stack

SETTINGS = load_settings("local")
USER = f'"{SETTINGS.warehouse_user}"'
READ = "SELECT user_id FROM users WHERE user_id = -1"
A_HOUR = "INSERT INTO hourly_kpis (hour) VALUES ('2024-06-01 00:00:00')"


@pytest.fixture
def owner(pipeline_stack: Stack) -> Iterator[Warehouse]:
    """Give the warehouse as the migrating user has it; the grants are whole again at the end."""
    secrets = make_client(pipeline_stack, "secretsmanager")
    arn = secrets.describe_secret(SecretId=ADMIN_SECRET)["ARN"]
    owner = dataclasses.replace(open_warehouse(pipeline_stack, SETTINGS), secret_arn=arn)
    yield owner
    grant_warehouse(owner, SETTINGS.warehouse_user)


@pytest.fixture
def pipeline(pipeline_stack: Stack) -> Warehouse:
    return open_warehouse(pipeline_stack, SETTINGS)


def execute(dsn: dict[str, Any], sql: str) -> list[Any]:
    with contextlib.closing(psycopg2.connect(**dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


def denial(dsn: dict[str, Any], sql: str) -> str:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege) as error:
        execute(dsn, sql)
    return str(error.value.diag.message_primary)


def test_the_pipeline_and_the_migrations_are_two_users_of_the_warehouse(
    owner: Warehouse, pipeline: Warehouse
) -> None:
    query = Statement("SELECT current_user AS name")
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"

    assert pipeline.query(query).rows == [("IAMR:music-streaming-airflow",)]
    assert owner.query(query).rows == owner.query(Statement(owners)).rows == [("postgres",)]


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("CREATE TABLE more (n INTEGER)", "permission denied for schema public"),
        ("DROP TABLE streams", "must be owner of relation streams"),
        ("ALTER TABLE users ADD COLUMN more INTEGER", "must be owner of relation users"),
        ("TRUNCATE streams", "permission denied for relation streams"),
        ("DELETE FROM schema_version", "permission denied for relation schema_version"),
    ],
)
def test_the_pipeline_is_refused_what_only_a_migration_may_do(
    pipeline: Warehouse, sql: str, error: str
) -> None:
    with pytest.raises(WarehouseError, match=f"ERROR: {error}$"):
        pipeline.query(Statement(sql))


@pytest.mark.parametrize(
    ("right", "statements"),
    [
        ("USAGE ON SCHEMA public", ["SELECT commit_no FROM etl_state"]),
        ("TEMP ON DATABASE warehouse", ["CREATE TEMP TABLE stage_users (LIKE users)"]),
        ("SELECT ON streams", ["SELECT COUNT(*) FROM streams"]),
        ("INSERT ON hourly_kpis", [A_HOUR]),
        ("UPDATE ON etl_state", ["UPDATE etl_state SET commit_no = 0 WHERE commit_no = -1"]),
        ("DELETE ON genre_kpis", ["DELETE FROM genre_kpis WHERE track_genre = ''"]),
        ("SELECT ON schema_version", ["SELECT version FROM schema_version"]),
    ],
)
def test_each_right_is_needed_and_comes_back_by_granting_again(
    owner: Warehouse, pipeline: Warehouse, right: str, statements: list[str]
) -> None:
    batch = [Statement(sql) for sql in (*statements, "SELECT 1 / 0")]
    owner.query(Statement(f"REVOKE {right} FROM {USER}"))

    with pytest.raises(WarehouseError, match=r"permission denied|does not exist"):
        pipeline.run_batch(batch)
    grant_warehouse(owner, SETTINGS.warehouse_user)
    with pytest.raises(WarehouseError, match="Divide by zero"):
        pipeline.run_batch(batch)


@pytest.mark.parametrize(
    ("user", "sql"),
    [
        ("reader", "DELETE FROM users"),
        ("reader", "INSERT INTO metadata_version (version) VALUES ('x')"),
        ("reader", "SELECT file_key FROM metadata_files"),
        ("reader", "SELECT version FROM schema_version"),
        ("reader", "CREATE TEMPORARY TABLE mine (n INTEGER)"),
        ("loader", "INSERT INTO schema_version VALUES (99, 'x')"),
        ("loader", "CREATE TABLE mine (n INTEGER)"),
        ("loader", "DROP TABLE songs"),
        ("loader", "TRUNCATE songs"),
        ("loader", "ALTER TABLE songs ADD COLUMN more INTEGER"),
    ],
)
def test_a_user_of_the_metadata_is_refused_what_it_does_not_need(
    pipeline_stack: Stack, user: str, sql: str
) -> None:
    message = denial(metadata_dsn(pipeline_stack, SETTINGS, user), sql)

    assert message.startswith(("permission denied", "must be owner"))


def test_the_loader_applies_no_migration(pipeline_stack: Stack) -> None:
    dsn = metadata_dsn(pipeline_stack, SETTINGS, "loader")

    with contextlib.closing(metadata.connect(dsn)) as connection:
        metadata.check_schema(connection)
        with pytest.raises(metadata.MetadataError, match="permission denied for schema public"):
            metadata.migrate(connection)


@pytest.mark.parametrize(("rotated", "other"), [("reader", "loader"), ("loader", "reader")])
def test_rotating_one_users_password_breaks_nothing_of_the_other(
    pipeline_stack: Stack, rotated: str, other: str
) -> None:
    """The two secrets are two: a new password is known where its user's secret is read."""
    admin = pipeline_stack.postgres.dsn(SETTINGS.metadata_database)
    before, others = (metadata_dsn(pipeline_stack, SETTINGS, user) for user in (rotated, other))
    try:
        with contextlib.closing(metadata.connect(admin)) as connection:
            set_password(connection, rotated, "another")

        assert execute(others, READ) == []
        assert execute(before | {"password": "another"}, READ) == []
        with pytest.raises(metadata.MetadataError, match="password authentication failed"):
            metadata.connect(before)
    finally:
        with contextlib.closing(metadata.connect(admin)) as connection:
            set_password(connection, rotated, before["password"])


def test_each_user_has_a_secret_of_its_own(pipeline_stack: Stack) -> None:
    client = make_client(pipeline_stack, "secretsmanager")

    def read(name: str) -> str:
        return str(client.get_secret_value(SecretId=name)["SecretString"])

    connection = json.loads(read("airflow/connections/rds_postgres"))
    reader = read("music-streaming/metadata-reader-password")
    assert (connection["login"], connection["password"]) == (
        "loader",
        password_of(pipeline_stack, "loader"),
    )
    assert reader == password_of(pipeline_stack, "reader") != connection["password"]


def test_a_state_from_before_there_were_users_gets_them(
    pipeline_stack: Stack, pipeline: Warehouse
) -> None:
    """Its tables are the superuser's: nothing of them has to be changed."""
    for database, gone in (("metadata", "loader, reader"), ("warehouse", USER)):
        dsn = pipeline_stack.postgres.dsn(database)
        with contextlib.closing(psycopg2.connect(**dsn)) as connection, connection.cursor() as all_:
            all_.execute(f"DROP OWNED BY {gone}; DROP ROLE {gone}")
            connection.commit()

    assert seed(pipeline_stack, SETTINGS) == []

    assert pipeline.query(Statement(READ)).rows == []
    for user in ("loader", "reader"):
        dsn = metadata_dsn(pipeline_stack, SETTINGS, user)
        assert execute(dsn, READ) == []


@pytest.mark.parametrize("name", ['x" TO PUBLIC; --', "", "Reader", "a b", "x" * 64])
def test_a_name_that_is_none_enters_no_statement(name: str) -> None:
    with pytest.raises(UserError, match="may not enter SQL"):
        put_names("ALTER ROLE $reader LOGIN", {"reader": name})


def test_a_statement_gets_exactly_the_names_it_has_markers_for() -> None:
    with pytest.raises(UserError, match="takes"):
        put_names("GRANT SELECT ON users TO $reader", {"loader": "loader"})
    assert put_names("GRANT x TO $user", {"user": "IAMR:a-role"}) == 'GRANT x TO "IAMR:a-role"'


def test_a_secret_that_is_none_of_the_warehouse_is_told(
    pipeline_stack: Stack, pipeline: Warehouse
) -> None:
    arn = put_secret(make_client(pipeline_stack, "secretsmanager"), "a-plain-one", "sesame")
    for wrong, told in ((arn, "holds no JSON"), (f"{arn}x", "cannot be read")):
        with pytest.raises(WarehouseError, match=told) as error:
            dataclasses.replace(pipeline, secret_arn=wrong).query(Statement("SELECT 1"))
        assert "sesame" not in str(error.value)
