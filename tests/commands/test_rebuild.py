"""`make rebuild`: here to its end, in an environment by a run of MWAA's Airflow."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from commands import rebuild
from commands.console import CommandError
from conf.settings import load_settings

SETTINGS = replace(load_settings("local"), mwaa_environment="an-environment")
NOW = datetime(2026, 11, 27, 10, 30, 1, 5, tzinfo=UTC)
RUN_ID = "rebuild__2026-11-27T10:30:01.000005+00:00"
REQUEST = {
    "Name": "an-environment",
    "Path": "/dags/music_streaming_etl/dagRuns",
    "Method": "POST",
    "Body": {"dag_run_id": RUN_ID, "logical_date": None, "conf": {"rebuild": True}},
}


@pytest.fixture
def mwaa() -> Any:
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    return boto3.client("mwaa", region_name="eu-west-1", **keys)


def refuse(mwaa: Any, code: str, **fields: Any) -> Stubber:
    stubber = Stubber(mwaa)
    stubber.add_client_error("invoke_rest_api", code, "no", modeled_fields=fields)
    stubber.activate()
    return stubber


def test_an_environments_airflow_is_asked_for_one_run_that_rebuilds(mwaa: Any) -> None:
    answer = {"RestApiStatusCode": 200, "RestApiResponse": {"dag_run_id": RUN_ID}}

    with Stubber(mwaa) as stubber:
        stubber.add_response("invoke_rest_api", answer, REQUEST)
        assert rebuild.begin_run(mwaa, SETTINGS, NOW) == RUN_ID
        stubber.assert_no_pending_responses()


def test_a_run_that_the_clients_first_try_began_is_the_one(mwaa: Any) -> None:
    refuse(mwaa, "RestApiClientException", RestApiStatusCode=409, RestApiResponse={})

    assert rebuild.begin_run(mwaa, SETTINGS, NOW) == RUN_ID


def test_what_airflow_refuses_is_told_in_its_words(mwaa: Any) -> None:
    answer = {"detail": "The Dag with ID: `music_streaming_etl` was not found"}
    refuse(mwaa, "RestApiClientException", RestApiStatusCode=404, RestApiResponse=answer)

    with pytest.raises(CommandError, match=r"refuses the run with 404: .*was not found.*: see"):
        rebuild.begin_run(mwaa, SETTINGS, NOW)


def test_what_aws_refuses_stays_its_error(mwaa: Any) -> None:
    refuse(mwaa, "AccessDeniedException")

    with pytest.raises(ClientError, match="AccessDeniedException"):
        rebuild.begin_run(mwaa, SETTINGS, NOW)


def test_a_run_that_was_begun_is_named_with_the_places_to_look_at(
    mwaa: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rebuild, "open_settings", lambda _: SETTINGS)
    session = SimpleNamespace(client=lambda _: mwaa)
    monkeypatch.setattr(rebuild.connections, "open_session", lambda _: session)
    monkeypatch.setattr(rebuild, "begin_run", lambda *_: RUN_ID)

    assert rebuild.main(["--environment", "test"]) == 0

    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines()[0] == (
        f"begun: run {RUN_ID} of music_streaming_etl in the environment an-environment"
    )
    assert "the console of MWAA in eu-west-1" in out
    assert "s3://music-streaming-local/reports/run=rebuild-2026-11-27T10-30-01-000005-00-00-" in out


@pytest.mark.parametrize(
    ("argv", "state"), [([], ".local/aws"), (["--environment", "local", "--state", "s"], "s")]
)
def test_on_the_stand_in_it_is_a_run_of_the_dag(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], state: str
) -> None:
    given: list[list[str]] = []
    monkeypatch.setattr(rebuild.run, "main", lambda words: given.append(words) or 1)

    assert rebuild.main(argv) == 1

    assert given == [["--state", state, "--conf", '{"rebuild": true}']]
