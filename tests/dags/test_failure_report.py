"""What is told of a task that failed for good, whatever Airflow handed over."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from conf import places
from conf.settings import load_settings
from dags import failure_report
from dags.airflow_versions import AirflowException, TaskDeferralError
from dags.failure_report import report_failure
from dags.protocol import pipeline
from dags.systems import connections
from tests.pipeline_world import Told

RUN = "manual__2026-11-23T09:51:14+00:00"
WANTED = places.wanted_key(f"{places.run_name(RUN)}-0123abcd")


class FakeEmr:
    """One job run of the failed task, ended by itself."""

    def get_paginator(self, name: str) -> Any:
        run = {
            "id": "1",
            "name": f"{places.run_name(RUN)}-0123abcd/validate_data",
            "createdAt": 1,
            "state": "FAILED",
        }
        pages = {
            "list_applications": {
                "applications": [{"id": "a", "name": "music-streaming", "state": "STARTED"}]
            },
            "list_job_runs": {"jobRuns": [run]},
        }
        return SimpleNamespace(paginate=lambda **_: [pages[name]])

    def get_job_run(self, **_: str) -> dict[str, Any]:
        return {
            "jobRun": {
                "applicationId": "a",
                "jobRunId": "1",
                "state": "FAILED",
                "stateDetails": "out of memory",
            }
        }


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the callback leaves: messages, and objects by key."""
    from dags.systems.alerts import Alerts

    left = SimpleNamespace(told=Told(), objects={})
    settings = load_settings("local")
    alerts = Alerts(left.told, left.told, settings.alerts_topic_arn)
    bucket = SimpleNamespace(
        put=left.objects.__setitem__,
        list_level=lambda _: SimpleNamespace(folders=(WANTED.removesuffix("wanted.json"),)),
        read={WANTED: b'["data/streams/a.csv"]'}.get,
    )
    monkeypatch.setattr(pipeline, "open_alerts", lambda _: alerts)
    monkeypatch.setattr(pipeline, "open_bucket", lambda _: bucket)
    monkeypatch.setattr(failure_report, "load_own_settings", lambda: settings)
    session = SimpleNamespace(client=lambda _: FakeEmr())
    monkeypatch.setattr(connections, "open_session", lambda _: session)
    return left


def a_context(task: str, **more: Any) -> dict[str, Any]:
    return {"run_id": RUN, "ti": SimpleNamespace(task_id=task), **more}


def test_a_failed_task_is_told_with_run_task_and_reason(told: Any) -> None:
    error = ValueError("the warehouse\nlacks a table")

    report_failure(a_context("load_redshift", exception=error))

    (message,) = told.told.messages
    assert message.startswith("music_streaming_etl: load_redshift failed\n")
    assert f"run {RUN}, task load_redshift, failed: the warehouse lacks a table" in message
    failure = json.loads(told.objects[places.failure_key(places.run_name(RUN))])
    assert failure == {
        "run": RUN,
        "task": "load_redshift",
        "reason": "the warehouse lacks a table",
        "files": "1: data/streams/a.csv",
    }
    assert "Files: 1: data/streams/a.csv\n" in message


def test_a_task_that_airflow_ended_itself_gets_the_jobs_reason(told: Any) -> None:
    report_failure(a_context("validate_data"))

    (message,) = told.told.messages
    assert "failed: job run 1 ended FAILED: out of memory; its log: " in message


@pytest.mark.parametrize("words", ["Trigger failure", "Trigger/execution timeout"])
def test_a_deferral_that_failed_gets_the_jobs_reason(told: Any, words: str) -> None:
    report_failure(a_context("validate_data", exception=TaskDeferralError(words)))

    (message,) = told.told.messages
    assert "failed: job run 1 ended FAILED: out of memory; its log: " in message


def test_a_jobs_own_reason_and_a_deferral_without_a_job_run_stay_as_they_are(told: Any) -> None:
    reason = "job run 7 ended CANCELLED: timed out"

    report_failure(a_context("validate_data", exception=AirflowException(reason)))
    report_failure(a_context("transform_kpis", exception=TaskDeferralError("no trigger")))

    own, deferral = told.told.messages
    assert f"failed: {reason}\n" in own
    assert "failed: no trigger\n" in deferral


def test_a_task_without_a_job_says_that_no_reason_was_given(told: Any) -> None:
    report_failure(a_context("publish_lake"))

    assert "failed: Airflow gave no reason" in told.told.messages[0]


def test_what_goes_wrong_while_it_is_told_is_only_logged(
    told: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Any) -> None:
        raise OSError("no secrets backend")

    monkeypatch.setattr(pipeline, "open_alerts", refuse)

    report_failure(a_context("publish_lake"))

    assert "the failure could not be reported" in caplog.text


def test_a_reason_that_cannot_be_found_out_holds_no_alert_up(
    told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError("no such service")

    monkeypatch.setattr(connections, "open_session", refuse)

    report_failure(a_context("validate_data"))

    assert "failed: not known (OSError)" in told.told.messages[0]
