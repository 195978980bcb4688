"""Applications through a real client: their states, and what each state allows."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.emr_serverless.applications import STARTABLE, require
from localaws.endpoint.service import ServiceError

from .emr_service import Service

API = "emr-serverless/latest/APIReference/"
STATES = "emr/latest/EMR-Serverless-UserGuide/applications.html"


def assert_refused(ask: Callable[[], Any], code: str = "ValidationException") -> str:
    with pytest.raises(ClientError) as error:
        ask()
    assert error.value.response["Error"]["Code"] == code
    return str(error.value.response["Error"]["Message"])


def test_an_application_shows_what_it_was_made_with_and_the_defaults(service: Service) -> None:
    application_id = service.create(tags={"team": "music"})

    application = service.client().get_application(applicationId=application_id)["application"]

    assert application["state"] == "CREATED"
    assert application["name"] == "an-application"
    assert application["type"] == "Spark"
    assert application["architecture"] == "X86_64"
    assert application["tags"] == {"team": "music"}
    assert application["autoStartConfiguration"] == {"enabled": True}
    assert application["autoStopConfiguration"] == {"enabled": True, "idleTimeoutMinutes": 15}
    assert application["schedulerConfiguration"] == {
        "maxConcurrentRuns": 15,
        "queueTimeoutMinutes": 360,
    }


def test_an_application_starts_and_stops_when_it_is_told_to(service: Service) -> None:
    application = service.create()
    client = service.client()

    client.start_application(applicationId=application)
    service.wait_application(application, "STARTED")
    client.stop_application(applicationId=application)
    stopped = service.wait_application(application, "STOPPED")

    assert stopped["updatedAt"] >= stopped["createdAt"]


@pytest.mark.rule(
    "An application is started twice without error, and not while it is stopping",
    page=API + "API_StartApplication.html",
    group="emr",
)
def test_an_application_is_started_twice_and_not_while_it_is_stopping(service: Service) -> None:
    application = service.create()
    client = service.client()
    for _ in range(2):
        client.start_application(applicationId=application)
    service.wait_application(application, "STARTED")
    client.start_application(applicationId=application)
    stopping = SimpleNamespace(id="an-id", state="STOPPING")

    with pytest.raises(ServiceError, match="to be started: .* Current status: STOPPING"):
        require(stopping, STARTABLE, "started")  # type: ignore[arg-type]


@pytest.mark.rule(
    "An application is updated or deleted only in CREATED or STOPPED",
    page=API + "API_UpdateApplication.html",
    group="emr",
)
def test_a_started_application_is_neither_updated_nor_deleted(service: Service) -> None:
    application = service.create()
    client = service.client()
    client.start_application(applicationId=application)
    service.wait_application(application, "STARTED")
    stop = {"enabled": True, "idleTimeoutMinutes": 5}

    message = assert_refused(
        lambda: client.update_application(applicationId=application, autoStopConfiguration=stop)
    )
    assert_refused(lambda: client.delete_application(applicationId=application))
    client.stop_application(applicationId=application)
    service.wait_application(application, "STOPPED")
    updated = client.update_application(applicationId=application, autoStopConfiguration=stop)
    client.delete_application(applicationId=application)

    assert message == (
        f"Application {application} must be in one of the statuses to be updated: "
        "[STOPPED, CREATED]. Current status: STARTED"
    )
    assert updated["application"]["autoStopConfiguration"] == stop
    assert updated["application"]["name"] == "an-application"
    assert service.wait_application(application, "TERMINATED")["state"] == "TERMINATED"


@pytest.mark.rule(
    "All job runs must have ended before an application is stopped",
    page=API + "API_StopApplication.html",
    group="emr",
)
def test_an_application_with_a_running_job_is_not_stopped(service: Service, fifo: Path) -> None:
    application = service.create()
    run_id = service.start(application, f"wait={fifo}")
    service.wait(application, run_id, "RUNNING")
    client = service.client()

    message = assert_refused(lambda: client.stop_application(applicationId=application))
    fifo.write_text("go\n")
    service.wait(application, run_id, "SUCCESS")
    client.stop_application(applicationId=application)

    assert "must be completed or cancelled" in message
    service.wait_application(application, "STOPPED")


@pytest.mark.rule(
    "A terminated application is not listed, and takes no job run", page=STATES, group="emr"
)
def test_a_deleted_application_is_not_listed_and_takes_no_job_run(service: Service) -> None:
    gone, kept = service.create(name="gone"), service.create(name="kept")
    client = service.client()

    client.delete_application(applicationId=gone)

    listed = client.list_applications()["applications"]
    terminated = client.list_applications(states=["TERMINATED"])["applications"]
    assert [application["id"] for application in listed] == [kept]
    assert [application["id"] for application in terminated] == [gone]
    assert_refused(lambda: service.start(gone))
    assert_refused(lambda: client.start_application(applicationId=gone))
    assert service.start(kept)


@pytest.mark.rule(
    "A job run starts an application that is not started, unless auto start is off",
    page="emr/latest/EMR-Serverless-UserGuide/app-behavior.html",
    group="emr",
)
def test_without_auto_start_only_a_started_application_takes_job_runs(service: Service) -> None:
    by_itself = service.create()
    by_hand = service.create(autoStartConfiguration={"enabled": False})

    message = assert_refused(lambda: service.start(by_hand))
    service.client().start_application(applicationId=by_hand)
    service.wait_application(by_hand, "STARTED")

    assert "Current status: CREATED" in message
    assert service.wait(by_hand, service.start(by_hand))["state"] == "SUCCESS"
    assert service.wait(by_itself, service.start(by_itself))["state"] == "SUCCESS"
    assert service.wait_application(by_itself, "STARTED")


@pytest.mark.rule(
    "One client token makes one application; with other parameters it is a conflict",
    page=API + "API_CreateApplication.html",
    group="emr",
)
def test_a_client_token_makes_one_application(service: Service) -> None:
    first = service.create(clientToken="a-token")

    again = service.create(clientToken="a-token")

    assert again == first
    assert_refused(
        lambda: service.create(clientToken="a-token", name="another"), "ConflictException"
    )


def test_applications_are_listed_in_pages_by_a_real_paginator(service: Service) -> None:
    made = [service.create(name=f"application-{number}") for number in range(3)]

    pages = (
        service.client()
        .get_paginator("list_applications")
        .paginate(PaginationConfig={"PageSize": 2})
    )

    assert [item["id"] for page in pages for item in page["applications"]] == made[::-1]
