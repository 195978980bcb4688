"""The operations on tags, of applications and of job runs."""

from collections.abc import Callable
from typing import Any

from localaws.emr_serverless.applications import Applications
from localaws.emr_serverless.arns import application_arn, job_run_arn
from localaws.emr_serverless.job_runs import JobRuns
from localaws.emr_serverless.request_checks import check_tags
from localaws.emr_serverless.store import Store
from localaws.endpoint.config import EndpointConfig
from localaws.endpoint.service import ServiceError

Change = Callable[[dict[str, str]], dict[str, str]]


class Tags:
    """Tags by ARN."""

    def __init__(
        self,
        config: EndpointConfig,
        store: Store,
        applications: Applications,
        job_runs: JobRuns,
    ) -> None:
        self._config = config
        self._store = store
        self._applications = applications
        self._job_runs = job_runs

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListTagsForResource."""
        return {"tags": self._change(request["resourceArn"], lambda tags: tags)}

    def add(self, request: dict[str, Any]) -> dict[str, Any]:
        """TagResource."""

        def merge(tags: dict[str, str]) -> dict[str, str]:
            merged: dict[str, str] = tags | request["tags"]
            check_tags(merged)
            return merged

        self._change(request["resourceArn"], merge)
        return {}

    def remove(self, request: dict[str, Any]) -> dict[str, Any]:
        """UntagResource: a key that is not there is no error."""
        gone = request["tagKeys"]
        self._change(
            request["resourceArn"],
            lambda tags: {key: text for key, text in tags.items() if key not in gone},
        )
        return {}

    def _change(self, arn: str, change: Change) -> dict[str, str]:
        """Change the tags of what an ARN names and give them."""
        parts = arn.partition(":/applications/")[2].split("/")
        application = self._applications.find(parts[0])
        if len(parts) == 1 and arn == application_arn(self._config, application.id):
            with self._store.changing_application(application.id) as changed:
                changed.tags = change(changed.tags)
                return changed.tags
        if len(parts) == 3 and parts[1] == "jobruns":
            run = self._job_runs.find({"applicationId": parts[0], "jobRunId": parts[2]})
            if arn == job_run_arn(self._config, run):
                with self._store.changing_job_run(run.id) as tagged:
                    tagged.tags = change(tagged.tags)
                    return tagged.tags
        raise ServiceError("ResourceNotFoundException", f"Resource {arn} does not exist")
