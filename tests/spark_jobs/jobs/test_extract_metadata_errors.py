"""What keeps extract_metadata from the database is told in one line, without the password."""

import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from spark_jobs import hadoop_files, session
from spark_jobs.errors import JobError
from spark_jobs.jobs.extract_metadata import PASSWORD_SETTING, parse_args, run, translate
from tests.builders import a_song, a_user
from tests.spark_jobs.job_builders import MetadataDatabase

ODD_PASSWORD = "p'ä&%?\"\\ $1;="
A_URL = "jdbc:postgresql://db.example:5432/metadata"
FLAGS = ["--jdbc-url", A_URL, "--jdbc-user", "etl", "--output", "o"]


@pytest.fixture(autouse=True)
def _password(spark: SparkSession, database: MetadataDatabase) -> Iterator[None]:
    spark.conf.set(PASSWORD_SETTING, database.server.password)
    database.set_version("v1")
    yield
    spark.conf.unset(PASSWORD_SETTING)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Give a port that this test holds and nobody listens on."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def error_of(spark: SparkSession, database: MetadataDatabase, output: Path, **flags: str) -> str:
    """Give the message of an attempt that fails, once it is a line without the password."""
    with pytest.raises(JobError) as error:
        run(spark, parse_args(database.arguments(output, **flags)))
    message = str(error.value)
    assert "\n" not in message
    assert spark.conf.get(PASSWORD_SETTING, None) not in message
    assert not output.exists()
    return message


def test_a_wrong_password_is_told_with_the_setting_to_check(
    spark: SparkSession, database: MetadataDatabase, tmp_path: Path
) -> None:
    spark.conf.set(PASSWORD_SETTING, "not-the-password")

    message = error_of(spark, database, tmp_path / "out")

    assert "password authentication failed" in message
    assert message.endswith(f"check the user and the setting {PASSWORD_SETTING}")


def test_an_unknown_user_is_told_like_a_wrong_password(
    spark: SparkSession, database: MetadataDatabase, tmp_path: Path
) -> None:
    message = error_of(spark, database, tmp_path / "out", jdbc_user="nobody")

    assert f"{database.jdbc_url} as nobody: " in message
    assert "password authentication failed" in message


def test_a_host_that_does_not_answer_is_told(
    spark: SparkSession, database: MetadataDatabase, tmp_path: Path, closed_port: int
) -> None:
    url = f"jdbc:postgresql://127.0.0.1:{closed_port}/metadata"

    message = error_of(spark, database, tmp_path / "out", jdbc_url=url)

    assert message.startswith(f"{url} as postgres: ")
    assert message.endswith("check --jdbc-url, and that the database runs and can be reached")


def test_an_unknown_database_is_told(
    spark: SparkSession, database: MetadataDatabase, tmp_path: Path
) -> None:
    url = f"jdbc:postgresql://127.0.0.1:{database.server.port}/nowhere"

    message = error_of(spark, database, tmp_path / "out", jdbc_url=url)

    assert 'database "nowhere" does not exist' in message


def test_a_database_without_its_migrations_is_told(
    spark: SparkSession, database: MetadataDatabase, tmp_path: Path
) -> None:
    database.execute("DROP TABLE metadata_version")

    message = error_of(spark, database, tmp_path / "out")

    assert 'relation "metadata_version" does not exist' in message
    assert message.endswith("check the database's name and that its migrations are applied")


def test_a_database_that_was_never_loaded_is_told(
    spark: SparkSession, database: MetadataDatabase, tmp_path: Path
) -> None:
    database.execute("DELETE FROM metadata_version")

    message = error_of(spark, database, tmp_path / "out")

    assert message == "the database holds no metadata yet: load users and songs first"


def test_a_server_without_tls_is_told_where_tls_is_asked_for(
    spark: SparkSession, database: MetadataDatabase, tmp_path: Path
) -> None:
    message = error_of(spark, database, tmp_path / "out", ssl_mode="require")

    assert "does not support SSL" in message
    assert message.endswith("check --ssl-mode and --ssl-root-cert")


def test_an_output_that_is_there_already_is_told(
    spark: SparkSession, database: MetadataDatabase, tmp_path: Path
) -> None:
    (tmp_path / "out" / "users").mkdir(parents=True)

    with pytest.raises(JobError, match="users is there already"):
        run(spark, parse_args(database.arguments(tmp_path / "out")))


@pytest.mark.parametrize("password", [None, ""])
def test_a_missing_password_is_told_before_the_database_is_asked(
    spark: SparkSession, tmp_path: Path, password: str | None
) -> None:
    spark.conf.unset(PASSWORD_SETTING)
    if password is not None:
        spark.conf.set(PASSWORD_SETTING, password)

    with pytest.raises(JobError, match=f"no password: set {PASSWORD_SETTING}"):
        run(spark, parse_args(FLAGS))


@pytest.mark.parametrize(
    ("java_message", "advice"),
    [
        ("The connection attempt failed. UnknownHostException: db.example", "check the host"),
        ("Connect timed out", "check that this network reaches the database"),
        ("SSL error: PKIX path building failed", "check --ssl-mode and --ssl-root-cert"),
        ("ClassNotFoundException: org.postgresql.Driver", "put the PostgreSQL driver"),
    ],
)
def test_what_the_driver_says_comes_with_advice(
    spark: SparkSession, java_message: str, advice: str
) -> None:
    message = str(translate(java_error(spark, java_message), parse_args(FLAGS)))

    assert message.startswith(f"{A_URL} as etl: java.lang.Exception: {java_message}: {advice}")


def test_an_error_without_advice_stays_as_it_is(spark: SparkSession) -> None:
    error = java_error(spark, "out of the ordinary")

    with pytest.raises(Py4JJavaError) as found:
        translate(error, parse_args(FLAGS))

    assert found.value is error


def java_error(spark: SparkSession, message: str) -> Py4JJavaError:
    """Give a Java exception as py4j raises it."""
    jvm = hadoop_files.jvm(spark)
    thrown = jvm.java.lang.Exception(message)
    future = jvm.java.util.concurrent.CompletableFuture.failedFuture(thrown)
    with pytest.raises(Py4JJavaError) as error:
        future.get()
    found: Py4JJavaError = error.value
    return found


class Unstoppable:
    """The tests' session, which a job must not end."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark

    def __getattr__(self, name: str) -> Any:
        return (lambda: None) if name == "stop" else getattr(self.spark, name)


@pytest.mark.parametrize("is_right", [True, False])
def test_the_password_is_in_no_line_that_the_job_logs(
    spark: SparkSession,
    database: MetadataDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    is_right: bool,
) -> None:
    """A password of any characters is taken, and shown nowhere."""
    database.execute("CREATE ROLE " + database.name + " LOGIN PASSWORD %s", (ODD_PASSWORD,))
    for table in ("users", "songs", "metadata_version"):
        database.execute(f"GRANT SELECT ON {table} TO {database.name}")
    database.insert("users", a_user(1))
    database.insert("songs", a_song(1))
    password = ODD_PASSWORD if is_right else f"{ODD_PASSWORD}x"
    spark.conf.set(PASSWORD_SETTING, password)
    monkeypatch.setattr(session, "build_session", lambda app_name: Unstoppable(spark))
    args = parse_args(database.arguments(tmp_path / "out", jdbc_user=database.name))

    with caplog.at_level(logging.DEBUG, logger="extract_metadata"):
        code = session.run_job("extract_metadata", args, run)

    shown = "".join([caplog.text, *capfd.readouterr()])
    assert code == (0 if is_right else 2)
    assert "extract_metadata starts with" in shown
    assert ODD_PASSWORD not in shown


@pytest.mark.parametrize(
    "url",
    [
        "jdbc:postgresql://db/metadata?password=hidden",
        "jdbc:postgresql://db/metadata?user=a&PassWord=hidden",
        "jdbc:mysql://db/metadata",
        "postgresql://db/metadata",
    ],
)
def test_a_url_with_a_password_or_of_another_database_is_refused(
    capsys: pytest.CaptureFixture[str], url: str
) -> None:
    with pytest.raises(SystemExit):
        parse_args([*FLAGS, "--jdbc-url", url])

    assert "hidden" not in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--fetch-size", "--max-partitions"])
@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_sizes_are_at_least_one(flag: str, value: str) -> None:
    with pytest.raises(SystemExit):
        parse_args([*FLAGS, flag, value])
