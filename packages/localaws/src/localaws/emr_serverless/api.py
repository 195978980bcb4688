"""The EMR Serverless API, put together."""

from collections.abc import Mapping

from localaws.emr_serverless.applications import Applications
from localaws.emr_serverless.dashboard import Dashboard
from localaws.emr_serverless.job_runs import JobRuns
from localaws.emr_serverless.runner import Runner, end_orphans
from localaws.emr_serverless.scheduler import Scheduler
from localaws.emr_serverless.secrets import ReadSecret, reader
from localaws.emr_serverless.store import Store
from localaws.emr_serverless.tags import Tags
from localaws.endpoint.config import EndpointConfig
from localaws.endpoint.protocols import HttpRequest, HttpResponse
from localaws.endpoint.service import Operation

MINUTE_SECONDS = 60.0


class EmrServerless:
    """The service; what ran when its process was killed is ended and reads FAILED from the start.

    `minute_seconds` is how long the minutes of its timeouts are.
    """

    name = "emr-serverless"

    def __init__(
        self,
        config: EndpointConfig,
        *,
        minute_seconds: float = MINUTE_SECONDS,
        read_secret: ReadSecret | None = None,
    ) -> None:
        self._config = config
        config.folder.mkdir(parents=True, exist_ok=True)
        self._store = Store(config.folder / "emr.sqlite")
        end_orphans(config, self._store)
        self._runner = Runner(
            config,
            self._store,
            read_secret or reader(config),
            minute_seconds=minute_seconds,
            on_end=lambda run_id: self._scheduler.ended(run_id),
        )
        self._scheduler = Scheduler(
            self._store, self._runner, config.spark, minute_seconds=minute_seconds
        )
        applications = Applications(config, self._store, self._scheduler)
        job_runs = JobRuns(
            config, self._store, applications, scheduler=self._scheduler, runner=self._runner
        )
        tags = Tags(config, self._store, applications, job_runs)
        self._dashboard = Dashboard(config, job_runs, self._runner)
        self.operations: Mapping[str, Operation] = name_operations(applications, job_runs, tags)
        self._scheduler.start()

    def show_dashboard(self, request: HttpRequest) -> HttpResponse:
        """Show the page of a job run."""
        return self._dashboard.show(request)

    def close(self) -> None:
        """End all job runs; those that had not begun read FAILED too."""
        self._scheduler.close()
        self._runner.close()
        end_orphans(self._config, self._store)
        self._store.close()


def name_operations(
    applications: Applications, job_runs: JobRuns, tags: Tags
) -> Mapping[str, Operation]:
    """Give the operations by their names in the API's model."""
    return {
        "CreateApplication": applications.create,
        "GetApplication": applications.get,
        "ListApplications": applications.list,
        "StartApplication": applications.start,
        "StopApplication": applications.stop,
        "UpdateApplication": applications.update,
        "DeleteApplication": applications.delete,
        "StartJobRun": job_runs.start,
        "GetJobRun": job_runs.get,
        "ListJobRuns": job_runs.list,
        "ListJobRunAttempts": job_runs.list_attempts,
        "CancelJobRun": job_runs.cancel,
        "GetDashboardForJobRun": job_runs.dashboard,
        "ListTagsForResource": tags.list,
        "TagResource": tags.add,
        "UntagResource": tags.remove,
    }
