"""The door of the endpoint: each request to its API, each refusal in the API's own shape."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import Applications

ERRORS_PAGE = "general/latest/gr/signature-v4-troubleshooting.html"
COMMON_ERRORS = "emr-serverless/latest/APIReference/CommonErrors.html"
Client = Callable[..., Any]


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int, str]:
    response = error.value.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return response["Error"]["Code"], status, response["Error"]["Message"]


def test_an_operation_takes_its_path_its_query_and_its_body(
    client: Client, applications: Applications
) -> None:
    client("emr-serverless").list_applications(maxResults=7, states=["CREATED", "STARTED"])
    answer = client("redshift-data").execute_statement(Sql="SELECT 1")

    assert applications.asked[-1] == {"maxResults": 7, "states": ["CREATED", "STARTED"]}
    assert answer["Id"] == "SELECT 1"


def test_an_error_of_the_model_has_its_status(client: Client) -> None:
    with pytest.raises(ClientError) as error:
        client("emr-serverless").get_application(applicationId="00x")

    assert refusal(error) == ("ResourceNotFoundException", 404, "Application not found")


def test_input_that_breaks_the_model_is_refused(client: Client) -> None:
    with pytest.raises(ClientError) as error:
        client("emr-serverless").get_application(applicationId="NOT-AN-ID")

    code, status, message = refusal(error)
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith("1 validation error detected: Value 'NOT-AN-ID' at 'applicationId'")


@pytest.mark.rule(
    "A failure of the service is its 500, with no trace in it", page=COMMON_ERRORS, group="endpoint"
)
def test_a_bug_is_answered_without_its_trace(client: Client) -> None:
    with pytest.raises(ClientError) as error:
        client("emr-serverless").get_application(applicationId="broken")

    code, status, message = refusal(error)
    assert (code, status) == ("InternalServerException", 500)
    assert "secret of the code" not in message


def test_an_operation_that_the_double_lacks_is_said_to_be_missing(client: Client) -> None:
    with pytest.raises(ClientError) as error:
        client("emr-serverless").stop_application(applicationId="00x")

    code, _, message = refusal(error)
    assert code == "UnsupportedOperationException"
    assert message == "StopApplication is not supported by the local AWS"


@pytest.mark.rule("An unknown access key is refused", page=ERRORS_PAGE, group="endpoint")
def test_another_access_key_is_refused_and_the_right_one_is_not(client: Client) -> None:
    with pytest.raises(ClientError) as error:
        client("redshift-data", "another").execute_statement(Sql="SELECT 1")

    message = "The security token included in the request is invalid."
    assert refusal(error) == ("UnrecognizedClientException", 403, message)
    assert client("redshift-data").execute_statement(Sql="SELECT 1")["Id"]


@pytest.mark.rule("An unsigned request is refused", page=ERRORS_PAGE, group="endpoint")
def test_an_unsigned_request_is_refused_and_a_page_is_shown(port: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/applications")

    assert error.value.code == 403
    document = json.loads(error.value.read())
    assert document["__type"] == "MissingAuthenticationTokenException"
    page = urllib.request.urlopen(f"http://127.0.0.1:{port}/dashboard/a/b").read()
    assert page == b"/dashboard/a/b"


def test_what_moto_stands_in_for_is_answered_by_moto(client: Client) -> None:
    client("secretsmanager").create_secret(Name="a/secret", SecretString="its value")
    secret = client("secretsmanager").get_secret_value(SecretId="a/secret")
    topic = client("sns").create_topic(Name="alerts")
    client("logs").create_log_group(logGroupName="/of/the/door")
    client("cloudwatch").put_metric_data(
        Namespace="door", MetricData=[{"MetricName": "m", "Value": 1.0}]
    )

    assert secret["SecretString"] == "its value"
    assert topic["TopicArn"] == "arn:aws:sns:eu-west-1:123456789012:alerts"
    assert client("sts").get_caller_identity()["Account"] == "123456789012"
    groups = client("logs").describe_log_groups(logGroupNamePrefix="/of/the/door")["logGroups"]
    assert len(groups) == 1
    assert client("cloudwatch").list_metrics(Namespace="door")["Metrics"][0]["MetricName"] == "m"


def test_a_service_that_is_no_part_of_it_is_named(client: Client) -> None:
    with pytest.raises(ClientError) as error:
        client("kinesis").list_streams()

    code, _, message = refusal(error)
    assert (code, message) == ("UnknownServiceException", "kinesis is not part of the local AWS")


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(port: int, body: bytes) -> None:
    authorization = (
        "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/redshift-data/aws4_request"
    )
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/",
        data=body,
        headers={"Authorization": authorization, "X-Amz-Target": "RedshiftData.ExecuteStatement"},
    )

    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request)

    assert error.value.code == 400
    assert json.loads(error.value.read())["__type"] == "SerializationException"


def test_an_operation_that_no_api_has_is_refused(port: int) -> None:
    authorization = (
        "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/redshift-data/aws4_request"
    )
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/",
        data=b"{}",
        headers={"Authorization": authorization, "X-Amz-Target": "RedshiftData.Nothing"},
    )

    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request)

    assert json.loads(error.value.read())["__type"] == "UnknownOperationException"
