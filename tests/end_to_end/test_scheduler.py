"""The DAG under scheduler, dag processor and triggerer on 3.3.1: what `dags test` hides."""

import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from commands.airflow_run.airflow import build_environment, find_airflow
from commands.airflow_run.artifacts import collect_artifacts, put_artifacts
from commands.stack.bring_up import bring_up
from commands.stack.describe import describe_stack, make_client
from commands.stack.seed import open_warehouse
from conf import places
from conf.settings import Settings
from dags.systems.bucket import Bucket
from dags.systems.emr_serverless import LIVE
from dags.systems.ledger import Ledger
from dags.systems.warehouse import Statement
from localaws.stack import Stack
from tests.end_to_end.airflow_services import Services, listening, running, wait_until

pytestmark = pytest.mark.slow
SONG = "1,dawn,Ann,Album,Dawn,60,200000,false,,,,,,,,,,,,,pop"
JOBS = ("extract_metadata", "validate_data", "transform_kpis")
FAILING = b"import sys\nprint('the planted reason', file=sys.stderr)\nsys.exit(1)\n"


class Service:
    """A music service on the stand-in: its bucket, its ledger, its jobs."""

    def __init__(self, stack: Stack, settings: Settings) -> None:
        self.stack, self.settings = stack, settings
        self.bucket = Bucket(make_client(stack, "s3"), settings.data_bucket)
        self.ledger = Ledger(make_client(stack, "dynamodb"), settings.ledger_table)
        self.emr = make_client(stack, "emr-serverless")
        header = ",".join(
            "id track_id artists album_name track_name popularity duration_ms explicit "
            "danceability energy key loudness mode speechiness acousticness instrumentalness "
            "liveness valence tempo time_signature track_genre".split()
        )
        users = "user_id,user_name,user_age,user_country,created_at\n1,Ann,30,X,2020-01-01\n"
        self.bucket.put("data/users/users.csv", users.encode())
        self.bucket.put("data/songs/songs.csv", f"{header}\n{SONG}\n".encode())
        put_artifacts(self.bucket, settings)

    def deliver(self, name: str, user: int) -> str:
        key = f"data/streams/{name}"
        line = f"{user},dawn,2024-06-01 10:00:00"
        self.bucket.put(key, f"user_id,track_id,listen_time\n{line}\n".encode())
        return key

    def status(self, key: str) -> dict[str, Any]:
        return dict(self.ledger.read([key]).get(key, {"status": "unknown"}))

    def total_plays(self) -> int:
        sql = "SELECT SUM(total_plays) FROM hourly_kpis"
        rows = open_warehouse(self.stack, self.settings).query(Statement(sql)).rows
        return int(rows[0][0] or 0)

    def job_runs(self, job: str) -> list[dict[str, Any]]:
        """Give a job's runs of all claims, the youngest last."""
        application = self.emr.list_applications()["applications"][0]["id"]
        runs = self.emr.list_job_runs(applicationId=application)["jobRuns"]
        found = [run for run in runs if run["name"].endswith(f"/{job}")]
        return sorted(found, key=lambda run: run["createdAt"])

    @contextlib.contextmanager
    def broken(self, job: str) -> Iterator[Callable[[], None]]:
        """Let a job fail for a while; give how to mend it."""
        key = places.job_key(self.settings.artifacts_prefix, job)

        def mend() -> None:
            self.bucket.put(key, collect_artifacts(self.settings)[key])

        self.bucket.put(key, FAILING)
        yield mend
        mend()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    stack, settings = describe_stack(tmp_path_factory.mktemp("aws"))
    try:
        bring_up(stack, settings)
        yield Service(stack, settings)
    finally:
        stack.down()


@contextlib.contextmanager
def services_of(service: Service, folder: Path, *, is_deferrable: bool) -> Iterator[Services]:
    """Run an Airflow that tries everything twice, and nothing unless it is triggered."""
    airflow = find_airflow("3.3.1", folder)
    Path(airflow.home).mkdir(parents=True)
    environment = build_environment(airflow, service.settings, service.stack.environment())
    options = {
        "IS_DEFERRABLE": str(is_deferrable).lower(),
        "TASK_RETRIES": "1",
        "RETRY_SECONDS": "1",
        "SCHEDULE": "",
    }
    with running(airflow, dict(environment), **options) as services:
        yield services


@pytest.fixture(scope="module")
def services(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Airflow whose Spark tasks are deferred to the triggerer."""
    folder = tmp_path_factory.mktemp("deferred")
    with services_of(service, folder, is_deferrable=True) as services:
        yield services


def test_a_run_by_hand_commits(services: Services, service: Service) -> None:
    key = service.deliver("good.csv", 1)

    services.trigger("by~hand:10:00+00")

    assert services.wait_for("by~hand:10:00+00") == "success"
    assert set(services.states("by~hand:10:00+00").values()) == {"success"}
    assert service.status(key)["status"] == "PROCESSED"
    assert service.total_plays() >= 1
    assert all("deferred" in services.seen[job] for job in JOBS)
    assert listening(services) == {"127.0.0.1"}


def test_a_job_that_fails_once_is_tried_again_in_a_folder_of_its_own(
    services: Services, service: Service
) -> None:
    key = service.deliver("once.csv", 11)
    before = len(service.job_runs("validate_data"))

    with service.broken("validate_data") as mend:
        services.trigger("fails-once")
        wait_until(
            lambda: [r["state"] for r in service.job_runs("validate_data")[before:]] == ["FAILED"],
            "the first attempt fails",
        )
        mend()
        assert services.wait_for("fails-once") == "success"

    runs = service.job_runs("validate_data")[before:]
    assert [run["state"] for run in runs] == ["FAILED", "SUCCESS"]
    assert len({run["name"] for run in runs}) == 1
    report = json.loads(
        service.bucket.require(places.report_key(places.run_name("fails-once"), "json"))
    )
    assert report["quarantine"].endswith("attempt=2")
    assert service.status(key)["status"] == "PROCESSED"


def test_a_run_that_fails_for_good_gives_its_files_back_with_the_reason(
    services: Services, service: Service
) -> None:
    key = service.deliver("never.csv", 21)

    with service.broken("validate_data"):
        services.trigger("fails-for-good")
        assert services.wait_for("fails-for-good") == "failed"

    states = services.states("fails-for-good")
    assert (states["validate_data"], states["release_claims"]) == ("failed", "success")
    assert states["load_redshift"] == "upstream_failed"
    assert service.status(key)["status"] == "FAILED"
    failure = json.loads(
        service.bucket.require(places.failure_key(places.run_name("fails-for-good")))
    )
    assert failure["task"] == "validate_data"
    assert "ended FAILED" in failure["reason"]
    assert f"/logs/claim={places.run_name('fails-for-good')}-" in failure["reason"]
    services.trigger("takes-them")
    assert services.wait_for("takes-them") == "success"
    assert service.status(key)["status"] == "PROCESSED"


def test_a_wait_goes_on_under_a_new_triggerer(services: Services, service: Service) -> None:
    key = service.deliver("waits.csv", 31)
    before = len(service.job_runs("transform_kpis"))

    services.trigger("loses-its-triggerer")
    wait_until(lambda: is_live(service, before), "transform_kpis runs")
    triggerer = services.running["triggerer"]
    os.killpg(triggerer.pid, signal.SIGKILL)
    triggerer.wait()
    services.start(("triggerer", "-s"))

    assert services.wait_for("loses-its-triggerer") == "success"
    assert len(service.job_runs("transform_kpis")[before:]) == 1
    assert service.status(key)["status"] == "PROCESSED"


def test_no_secret_is_in_what_the_services_left(services: Services, service: Service) -> None:
    password = service.stack.postgres.password
    secret = service.stack.environment()["AWS_SECRET_ACCESS_KEY"]

    left = [path for path in services.airflow.home.rglob("*") if path.is_file()]

    assert left
    for word in (password, secret):
        assert [path.name for path in left if word.encode() in path.read_bytes()] == []
    assert json.dumps(service.job_runs("extract_metadata"), default=str).count(password) == 0


def test_a_try_after_a_dead_worker_waits_for_the_live_job(service: Service, tmp_path: Path) -> None:
    key = service.deliver("killed.csv", 41)
    before = len(service.job_runs("transform_kpis"))

    with services_of(service, tmp_path, is_deferrable=False) as services:
        services.trigger("loses-its-worker")
        wait_until(lambda: is_live(service, before), "transform_kpis runs")
        process = services.task_process()
        assert process is not None
        process.kill()

        assert services.wait_for("loses-its-worker") == "success"

    assert "up_for_retry" in services.seen["transform_kpis"]
    assert len(service.job_runs("transform_kpis")[before:]) == 1
    assert service.status(key)["status"] == "PROCESSED"


def is_live(service: Service, before: int) -> bool:
    """Tell whether the one job run that was begun since is going on."""
    return [run["state"] in LIVE for run in service.job_runs("transform_kpis")[before:]] == [True]
