"""What a try does before it submits: an application that stands still is started, once."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conf.settings import load_settings
from dags.spark_job import SparkJobOperator
from dags.systems.emr_serverless import EmrServerless

REFUSED = ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "StartApplication")


class Application:
    """An application that is, at each look, in the next of these states, and then in the last."""

    def __init__(self, *states: str, refuses: bool = False) -> None:
        self.states, self.refuses = list(states), refuses
        self.done: list[str] = []

    def get_application(self, applicationId: str) -> dict[str, Any]:  # noqa: N803
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"application": {"state": state}}

    def start_application(self, applicationId: str) -> None:  # noqa: N803
        self.done.append("start")
        if self.refuses:
            raise REFUSED

    def get_waiter(self, name: str) -> Any:
        return SimpleNamespace(wait=lambda **_: self.done.append(name))


def start(application: Application, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    task = SparkJobOperator(task_id="validate_data", settings=load_settings("local"))
    hook = SimpleNamespace(get_waiter=application.get_waiter)
    monkeypatch.setattr(SparkJobOperator, "hook", hook)
    task._start_application(EmrServerless(application, "music-streaming"))
    return application.done


@pytest.mark.parametrize(
    ("state", "done"),
    [
        ("CREATED", []),
        ("STARTED", []),
        ("STARTING", ["serverless_app_started"]),
        ("STOPPED", ["start", "serverless_app_started"]),
        ("STOPPING", ["serverless_app_stopped", "start", "serverless_app_started"]),
    ],
)
def test_an_application_is_started_where_it_stands_still_after_it_has_stopped(
    monkeypatch: pytest.MonkeyPatch, state: str, done: list[str]
) -> None:
    assert start(Application(state), monkeypatch) == done


@pytest.mark.parametrize("now", ["STARTING", "STARTED"])
def test_an_application_that_another_task_started_meanwhile_is_no_error(
    monkeypatch: pytest.MonkeyPatch, now: str
) -> None:
    done = start(Application("STOPPED", now, refuses=True), monkeypatch)

    assert done == ["start", "serverless_app_started"]


def test_an_application_that_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClientError, match="StartApplication"):
        start(Application("STOPPED", refuses=True), monkeypatch)
