"""The operations on applications."""

import time
from typing import Any

from localaws.emr_serverless.application_checks import check_settings
from localaws.emr_serverless.arns import application_arn
from localaws.emr_serverless.capacity import scheduler_of
from localaws.emr_serverless.pages import cut_page
from localaws.emr_serverless.records import Application, fingerprint, new_id
from localaws.emr_serverless.request_checks import refuse
from localaws.emr_serverless.scheduler import DEFAULT_IDLE_MINUTES, Scheduler
from localaws.emr_serverless.store import Store
from localaws.endpoint.config import EndpointConfig
from localaws.endpoint.service import ServiceError

CHANGEABLE = ("STOPPED", "CREATED")
STARTABLE = ("CREATED", "STOPPED", "STARTING", "STARTED")
STOPPABLE = ("STARTING", "STARTED", "STOPPING", "STOPPED")


class Applications:
    """Applications, as the API shows and changes them."""

    def __init__(self, config: EndpointConfig, store: Store, scheduler: Scheduler) -> None:
        self._config = config
        self._store = store
        self._scheduler = scheduler

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """CreateApplication: one client token makes one application."""
        check_settings(request)
        now = time.time()
        kept = {name: value for name, value in request.items() if name != "clientToken"}
        application = Application(
            id=new_id(),
            client_token=request["clientToken"],
            fingerprint=fingerprint(request),
            settings={name: value for name, value in kept.items() if name != "tags"},
            tags=request.get("tags", {}),
            state="CREATING",
            created_at=now,
            updated_at=now,
            idle_since=now,
        )
        # Nothing has to be prepared here, so CREATING is over before the answer.
        application.move("CREATED")
        known = self._store.add_application(application)
        if known.fingerprint != application.fingerprint:
            raise ServiceError(
                "ConflictException",
                f"Client token {application.client_token} was used with other parameters.",
            )
        name = known.settings.get("name")
        return {
            "applicationId": known.id,
            "arn": application_arn(self._config, known.id),
            "name": name,
        }

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetApplication: a terminated one too."""
        return {"application": self.describe(self.find(request["applicationId"]))}

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListApplications: the newest first; terminated ones only where they are asked for."""
        states = request.get("states")
        found = [
            application
            for application in self._store.applications()
            if (application.state in states if states else application.state != "TERMINATED")
        ]
        page, token = cut_page(found, request, lambda application: application.id)
        return {"applications": [self.summarise(each) for each in page], "nextToken": token}

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        """StartApplication: one that is started stays so."""
        self.find(request["applicationId"])
        with self._store.changing_application(request["applicationId"]) as application:
            require(application, STARTABLE, "started")
            if application.state in CHANGEABLE:
                application.move("STARTING")
        self._scheduler.wake()
        return {}

    def stop(self, request: dict[str, Any]) -> dict[str, Any]:
        """StopApplication: only when no job run is left that has not ended."""
        self.find(request["applicationId"])
        with self._store.changing_application(request["applicationId"]) as application:
            require(application, STOPPABLE, "stopped")
            living = self._store.living_job_runs()
            busy = [run.id for run in living if run.application_id == application.id]
            if busy:
                raise refuse(
                    f"Application {application.id} cannot be stopped: all scheduled and running "
                    f"jobs must be completed or cancelled before. Active job runs: {len(busy)}"
                )
            if application.state not in ("STOPPED", "STOPPING"):
                application.move("STOPPING")
        self._scheduler.wake()
        return {}

    def update(self, request: dict[str, Any]) -> dict[str, Any]:
        """UpdateApplication: the members that are given replace those that were."""
        self.find(request["applicationId"])
        given = {
            name: value
            for name, value in request.items()
            if name not in ("applicationId", "clientToken")
        }
        with self._store.changing_application(request["applicationId"]) as application:
            require(application, CHANGEABLE, "updated")
            settings = application.settings | given
            check_settings(settings)
            application.settings = settings
            application.updated_at = time.time()
        return {"application": self.describe(application)}

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        """DeleteApplication: it is TERMINATED, and no more listed."""
        self.find(request["applicationId"])
        with self._store.changing_application(request["applicationId"]) as application:
            require(application, CHANGEABLE, "deleted")
            application.move("TERMINATED")
        return {}

    def find(self, application_id: str) -> Application:
        """Find an application.

        Raises:
            ServiceError: ResourceNotFoundException.
        """
        application = self._store.application(application_id)
        if application is None:
            raise ServiceError(
                "ResourceNotFoundException", f"Application {application_id} does not exist"
            )
        return application

    def summarise(self, application: Application) -> dict[str, Any]:
        """Give the members of a list's item."""
        return {
            "id": application.id,
            "name": application.settings.get("name"),
            "arn": application_arn(self._config, application.id),
            "releaseLabel": application.release,
            "type": "Spark",
            "state": application.state,
            "stateDetails": application.state_details,
            "createdAt": application.created_at,
            "updatedAt": application.updated_at,
            "architecture": application.settings.get("architecture", "X86_64"),
        }

    def describe(self, application: Application) -> dict[str, Any]:
        """Give all members, the defaults that hold among them."""
        summary = self.summarise(application)
        summary["applicationId"] = summary.pop("id")
        defaults = {
            "autoStartConfiguration": {"enabled": True},
            "autoStopConfiguration": {"enabled": True, "idleTimeoutMinutes": DEFAULT_IDLE_MINUTES},
            "schedulerConfiguration": scheduler_of(application.settings),
        }
        return defaults | application.settings | summary | {"tags": application.tags}


def require(application: Application, states: tuple[str, ...], verb: str) -> None:
    """Refuse what an application's state does not allow."""
    if application.state not in states:
        raise refuse(
            f"Application {application.id} must be in one of the statuses to be {verb}: "
            f"[{', '.join(states)}]. Current status: {application.state}"
        )
