"""What people are told, and that telling them never fails a run."""

import logging
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from dags.systems.alerts import MAX_MESSAGE_BYTES, Alerts

ARN = "arn:aws:sns:eu-west-1:123456789012:music-streaming-alerts"
DENIED = ClientError({"Error": {"Code": "AuthorizationError", "Message": "no"}}, "Publish")
AWAY = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


class Told:
    """SNS and CloudWatch in one: keeps what it is told, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.requests = error, []

    def publish(self, **request: Any) -> None:
        self._take(request)

    def put_metric_data(self, **request: Any) -> None:
        self._take(request)

    def _take(self, request: dict[str, Any]) -> None:
        if self.error:
            raise self.error
        self.requests.append(request)


@pytest.mark.parametrize("error", [DENIED, AWAY])
def test_an_alert_that_cannot_be_sent_stands_in_the_log(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    Alerts(Told(error), None, ARN).send("a subject", "run r failed: why")

    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage().endswith("it would have said: run r failed: why")


@pytest.mark.parametrize("error", [DENIED, AWAY])
def test_a_metric_that_cannot_be_put_stands_in_the_log(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    Alerts(None, Told(error), ARN).count("HeldFiles", 3)

    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "metric HeldFiles = 3 was not put" in record.getMessage()


def test_an_error_of_our_own_is_not_hidden() -> None:
    with pytest.raises(KeyError):
        Alerts(Told(KeyError("typo")), None, ARN).send("a subject", "a message")


def test_an_alert_goes_to_the_topic() -> None:
    sns = Told()

    Alerts(sns, None, ARN).send("a subject", "ein Grund: “größer”\nmore")

    assert sns.requests == [
        {"TopicArn": ARN, "Subject": "a subject", "Message": "ein Grund: “größer”\nmore"}
    ]


def test_a_subject_is_what_sns_takes_as_one() -> None:
    sns = Told()

    Alerts(sns, None, ARN).send("größer\nthan\x7f " + "x" * 200, "m")

    assert sns.requests[0]["Subject"] == "gr??er?than? " + "x" * 87


def test_a_long_message_is_cut_between_two_characters() -> None:
    sns = Told()

    Alerts(sns, None, ARN).send("s", "x" + "é" * MAX_MESSAGE_BYTES)

    message = sns.requests[0]["Message"]
    assert message == "x" + "é" * (MAX_MESSAGE_BYTES // 2 - 1)


def test_a_metric_names_what_it_counts() -> None:
    cloudwatch = Told()

    Alerts(None, cloudwatch, ARN).count("HeldFiles", 3)

    datum = {"MetricName": "HeldFiles", "Value": 3, "Unit": "Count"}
    assert cloudwatch.requests == [{"Namespace": "MusicStreamingEtl", "MetricData": [datum]}]
