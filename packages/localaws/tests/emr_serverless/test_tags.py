"""Tags, of applications and of job runs."""

import pytest
from botocore.exceptions import ClientError

from .emr_service import Service

PAGE = "emr/latest/EMR-Serverless-UserGuide/tagging.html"


def test_tags_are_added_and_removed(service: Service) -> None:
    application = service.create(tags={"team": "music", "stage": "local"})
    client = service.client()
    run = service.get(application, service.start(application, tags={"claim": "7"}))
    whole = client.get_application(applicationId=application)["application"]

    client.tag_resource(resourceArn=whole["arn"], tags={"stage": "test", "cost": "0"})
    client.untag_resource(resourceArn=whole["arn"], tagKeys=["team", "missing"])
    client.tag_resource(resourceArn=run["arn"], tags={"row": "1"})

    assert client.list_tags_for_resource(resourceArn=whole["arn"])["tags"] == {
        "stage": "test",
        "cost": "0",
    }
    assert client.list_tags_for_resource(resourceArn=run["arn"])["tags"] == {
        "claim": "7",
        "row": "1",
    }
    assert service.get(application, run["jobRunId"])["tags"] == {"claim": "7", "row": "1"}


@pytest.mark.rule("A resource has at most 50 tags", page=PAGE, group="emr")
def test_more_than_50_tags_are_refused(service: Service) -> None:
    application = service.create()
    client = service.client()
    arn = client.get_application(applicationId=application)["application"]["arn"]
    client.tag_resource(resourceArn=arn, tags={f"key-{number}": "" for number in range(50)})

    with pytest.raises(ClientError) as error:
        client.tag_resource(resourceArn=arn, tags={"one-more": ""})

    assert error.value.response["Error"]["Code"] == "ValidationException"
    assert len(client.list_tags_for_resource(resourceArn=arn)["tags"]) == 50


@pytest.mark.rule(
    "Tags of what does not exist are ResourceNotFoundException",
    page="emr-serverless/latest/APIReference/API_ListTagsForResource.html",
    group="emr",
)
def test_tags_of_an_unknown_resource_are_not_found(service: Service) -> None:
    application = service.create()
    client = service.client()
    arn = client.get_application(applicationId=application)["application"]["arn"]
    elsewhere = arn.replace("eu-west-1", "us-east-1")

    for unknown in (elsewhere, arn + "00", f"{arn}/jobruns/00missing"):
        with pytest.raises(ClientError) as error:
            client.list_tags_for_resource(resourceArn=unknown)
        assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {}
