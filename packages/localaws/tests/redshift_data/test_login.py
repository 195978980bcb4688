"""As whom a statement runs: the user of the caller's identity, or the one that a secret names."""

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localaws.emr_serverless.secrets import SecretError
from localaws.postgres import PostgresServer
from localaws.redshift_data.login import Login
from localaws.redshift_data.session import Session
from localaws.redshift_data.sql_error import NotSupportedError, SqlError

ACCESS = "redshift/latest/mgmt/data-api-access.html"
USERS = "redshift/latest/dg/r_CREATE_USER.html"
GRANTS = "redshift/latest/dg/r_GRANT.html"
SCHEMAS = "redshift/latest/dg/r_Schemas_and_tables.html"
ROLE = "IAMR:a-Role"
_numbers = itertools.count()

Run = Callable[..., list[Any]]


@pytest.fixture
def run(postgres: PostgresServer) -> Iterator[Run]:
    """Give what runs statements in a new database, each in a session of its own."""
    database = f"users_{next(_numbers)}"
    postgres.create_database(database)
    admin = {"username": "postgres", "password": postgres.password}
    secrets = {
        "admin": json.dumps(admin),
        "rotated": json.dumps(admin | {"password": "another"}),
        "plain": "sesame",
    }

    def read_secret(name: str) -> str:
        if name not in secrets:
            raise SecretError(f"secret {name} cannot be read: ResourceNotFoundException")
        return secrets[name]

    login = Login(postgres.dsn, ROLE, read_secret)

    def run_all(*sqls: str, secret: str | None = None) -> list[Any]:
        with contextlib.closing(login.open(database, secret)) as connection:
            session = Session(connection, copy_roles=(), s3=None)
            rows = [session.execute(sql).rows for sql in sqls][-1]
            connection.commit()
        return rows

    return run_all


@pytest.mark.rule(
    "Without a secret a statement runs as IAM:<user> or IAMR:<role> of its caller",
    page=ACCESS,
    group="data-api",
)
def test_a_statement_runs_as_the_user_of_its_callers_identity(run: Run) -> None:
    assert run("SELECT current_user AS now, session_user AS first") == [(ROLE, ROLE)]


@pytest.mark.rule("SecretArn names the secret of a database's user", page=ACCESS, group="data-api")
def test_a_statement_with_a_secret_runs_as_its_user(run: Run) -> None:
    assert run("SELECT current_user AS now", secret="admin") == [("postgres",)]


def test_a_secret_whose_password_was_changed_is_refused(run: Run) -> None:
    with pytest.raises(Exception, match="password authentication failed"):
        run("SELECT 1", secret="rotated")


@pytest.mark.parametrize(
    ("secret", "error"), [("plain", "holds no JSON with username"), ("none", "cannot be read")]
)
def test_what_is_no_secret_of_a_user_is_refused_and_not_shown(
    run: Run, secret: str, error: str
) -> None:
    with pytest.raises(SqlError, match=error) as found:
        run("SELECT 1", secret=secret)

    assert "sesame" not in str(found.value)


@pytest.mark.rule(
    "Everybody makes tables in public until CREATE is revoked", page=SCHEMAS, group="sql"
)
def test_a_table_is_made_by_anyone_until_that_is_revoked(run: Run) -> None:
    run("CREATE TABLE mine (n INTEGER)")
    run("REVOKE CREATE ON SCHEMA public FROM PUBLIC", secret="admin")

    with pytest.raises(SqlError, match="^ERROR: permission denied for schema public$"):
        run("CREATE TABLE more (n INTEGER)")


@pytest.mark.rule("What was not granted is denied", page=GRANTS, group="sql")
def test_a_table_of_another_user_is_read_once_that_is_granted(run: Run) -> None:
    run("CREATE TABLE t (n INTEGER)", "INSERT INTO t VALUES (1)", secret="admin")
    with pytest.raises(SqlError, match="^ERROR: permission denied for relation t$"):
        run("SELECT n FROM t")

    run(f'GRANT SELECT ON t TO "{ROLE}"', secret="admin")

    assert run("SELECT n FROM t") == [(1,)]
    for sql, error in (
        ("DELETE FROM t", "permission denied for relation t"),
        ("TRUNCATE t", "permission denied for relation t"),
        ("DROP TABLE t", "must be owner of relation t"),
        ("ALTER TABLE t RENAME TO u", "must be owner of relation t"),
    ):
        with pytest.raises(SqlError, match=f"^ERROR: {error}$"):
            run(sql)


@pytest.mark.rule(
    "CREATE USER … PASSWORD DISABLE makes a user before it comes", page=USERS, group="sql"
)
def test_a_user_can_be_made_before_its_identity_comes(run: Run) -> None:
    name = f"IAMR:user-{next(_numbers)}"
    run(f'-- A comment.\nCREATE USER "{name}" PASSWORD DISABLE', secret="admin")

    found = run(f"SELECT usename FROM pg_user WHERE usename = '{name}'")

    assert found == [(name,)]
    with pytest.raises(SqlError, match="already exists"):
        run(f'CREATE USER "{name}" PASSWORD DISABLE', secret="admin")
    with pytest.raises(SqlError, match="permission denied to create role"):
        run('CREATE USER "IAMR:other" PASSWORD DISABLE')


@pytest.mark.parametrize("more", ["", " PASSWORD 'Sesame1'", " PASSWORD DISABLE CREATEDB"])
def test_a_user_of_another_sort_is_not_known_here(run: Run, more: str) -> None:
    with pytest.raises(NotSupportedError):
        run(f"CREATE USER other{more}", secret="admin")
