"""The verbs over an environment: the caller's credentials, the secrets, and what goes wrong."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import exceptions as aws
from botocore.exceptions import ClientError

from commands import compact, environment, query, rebuild, reconcile, validate
from commands.console import CommandError
from commands.environment import read_connection
from conf.settings import load_settings
from dags.systems import connections
from tests.flow_deliveries import FIRST, SONGS
from tests.pipeline_world import World

VERBS = (compact, query, rebuild, reconcile, validate)
ARN = "arn:aws:sts::210987654321:assumed-role/an-operator/ann"


@pytest.fixture
def account(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world that is reached as an account is: by the exports of `make env`, and by secrets."""
    for name, value in world.stack.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(environment, "load_settings", lambda _: world.settings)
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)
    world.run("first")
    return world


def test_every_verb_finds_an_environment_by_credentials_and_secrets(
    account: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SQL", "SELECT COUNT(*) AS plays FROM streams")
    monkeypatch.setenv("FORMAT", "csv")
    place = ["--environment", "test"]
    capsys.readouterr()

    ended = [verb.main(place) for verb in (reconcile, compact, query, validate)]

    out, err = capsys.readouterr()
    assert (ended, err) == ([0, 0, 0, 0], "")
    plays = len(account.tables()["streams"])
    assert "commit 1: every play is there exactly once\ncompacted up to commit 1: 0 objects" in out
    assert f"\nplays\n{plays}\n" in out
    assert out.count(";\n") == len(validate.QUERIES)


class Sts:
    """Says who calls, or raises what AWS or the way to it does."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def get_caller_identity(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "a text\nof AWS"}}, "GetCallerIdentity")


def asked(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[str]:
    """Let AWS answer so to whoever asks who calls; give the services that are asked."""
    services: list[str] = []

    def make_client(service: str) -> Sts:
        services.append(service)
        return Sts(answer)

    monkeypatch.setattr(environment, "load_settings", lambda _: load_settings("local"))
    session = SimpleNamespace(client=make_client)
    monkeypatch.setattr(connections, "open_session", lambda _: session)
    monkeypatch.setenv("SQL", "SELECT 1")
    return services


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (aws.NoCredentialsError(), "there are no AWS credentials ("),
        (aws.ProfileNotFound(profile="x"), "there are no AWS credentials ("),
        (client_error("ExpiredToken"), "the AWS session has expired ("),
        (aws.UnauthorizedSSOTokenError(), "the AWS session has expired ("),
        (client_error("InvalidClientTokenId"), "AWS does not know these credentials ("),
        (client_error("AccessDenied"), "AWS denied it (An error occurred (AccessDenied) when"),
        (aws.EndpointConnectionError(endpoint_url="https://x"), "AWS refuses, or is not reached: "),
        (
            {"Account": "210987654321", "Arn": ARN},
            f"these credentials are of account 210987654321 ({ARN}), test is account 123456789012",
        ),
    ],
)
@pytest.mark.parametrize("verb", VERBS)
def test_who_may_not_is_told_in_one_line_before_anything_is_touched(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verb: Any,
    answer: Any,
    told: str,
) -> None:
    services = asked(monkeypatch, answer)

    assert verb.main(["--environment", "test"]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {told}")
    assert err.count("\n") == 1
    assert services == ["sts"]


@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_environment_or_a_state_beside_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: Any
) -> None:
    monkeypatch.setenv("SQL", "SELECT 1")

    assert verb.main(["--environment", "nowhere"]) == 2
    assert verb.main(["--environment", "nowhere", "--state", "somewhere"]) == 2

    assert capsys.readouterr().err.splitlines() == [
        "error: there is no conf/nowhere.yaml: name an environment that has one",
        "error: ENV and STATE do not go together: STATE is a folder of the stand-in, nowhere lies "
        "in an account",
    ]


@pytest.mark.parametrize("extra", ['{"workgroup": "w"}', '"{\\"workgroup\\": \\"w\\"}"'])
def test_a_secret_is_read_as_airflows_backend_reads_it(extra: str) -> None:
    found = read_connection("redshift_conn", f'{{"host": "h", "port": 1, "extra": {extra}}}')

    assert found == SimpleNamespace(
        conn_id="redshift_conn", host="h", port=1, schema=None, login=None, password=None,
        extra_dejson={"workgroup": "w"},
    )  # fmt: skip


@pytest.mark.parametrize("text", ["postgres://u:a-password@h/d", '["a-password"]'])
def test_a_secret_of_another_form_is_told_without_its_text(text: str) -> None:
    with pytest.raises(CommandError, match="secret of connection x is no JSON object") as error:
        read_connection("x", text)

    assert "a-password" not in str(error.value)


class Secrets:
    """Secrets Manager without a secret."""

    class exceptions:  # noqa: N801
        class ResourceNotFoundException(Exception):  # noqa: N818
            pass

    def get_secret_value(self, **_: str) -> Any:
        raise self.exceptions.ResourceNotFoundException


def test_a_secret_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    session = SimpleNamespace(client=lambda _: Secrets())
    monkeypatch.setattr(connections, "open_session", lambda _: session)
    read: Callable[[str], Any] = environment.secret_reader(load_settings("local"))

    with pytest.raises(CommandError, match="there is no secret airflow/connections/redshift_conn"):
        read("redshift_conn")
