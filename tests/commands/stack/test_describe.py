"""Clients of the stand-in, as the verbs make them."""

from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSResponse

from commands.stack.describe import make_client

ENVIRONMENT = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "a-key",
    "AWS_SECRET_ACCESS_KEY": "a-secret",
}


def test_a_put_of_nothing_does_not_wait_for_leave_to_go_on() -> None:
    """SeaweedFS gives it late, and the next PUT would wait for a minute."""
    stack: Any = SimpleNamespace(environment=lambda: ENVIRONMENT)
    client = make_client(stack, "s3")
    sent: list[Any] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 200, {}, SimpleNamespace(stream=lambda: iter(())))

    client.meta.events.register("before-send.s3.PutObject", answer)
    client.put_object(Bucket="a-bucket", Key="empty.csv", Body=b"")

    assert [request.method for request in sent] == ["PUT"]
    assert "Expect" not in sent[0].headers
