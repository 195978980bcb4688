"""The stand-in and a fresh world for each test; a world may have the workers' own clients."""

import dataclasses
import time
from types import SimpleNamespace

import botocore.endpoint
import pytest

from dags.systems import connections, ledger, warehouse
from dags.systems.alerts import Alerts
from dags.systems.bucket import Bucket
from dags.systems.ledger import Ledger
from dags.systems.warehouse import Warehouse
from tests.pipeline_world import World
from tests.plain_jobs import PlainJobs


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the warehouse sooner: its statements take milliseconds here."""
    monkeypatch.setattr(warehouse, "FIRST_POLL_SECONDS", 0.005)


@pytest.fixture
def worker_world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose clients are those that a worker makes; their waits take no time."""
    for name, text in world.stack.environment().items():
        monkeypatch.setenv(name, text)
    # Not time.sleep itself: whoever polls would spin.
    hasty = SimpleNamespace(sleep=lambda _: None, time=time.time)
    monkeypatch.setattr(botocore.endpoint, "time", hasty)
    monkeypatch.setattr(ledger, "time", hasty)
    settings, pipeline = world.settings, world.pipeline

    aws = connections.open_session(settings.region)
    place = (pipeline.warehouse.workgroup, pipeline.warehouse.database)
    world.pipeline = dataclasses.replace(
        pipeline,
        bucket=Bucket(aws.client("s3"), settings.data_bucket),
        ledger=Ledger(aws.client("dynamodb"), settings.ledger_table),
        warehouse=Warehouse(aws.client("redshift-data"), *place),
        alerts=Alerts(world.told, world.told, settings.alerts_topic_arn),
    )
    world.bucket, world.jobs = world.pipeline.bucket, PlainJobs(world.pipeline)
    return world
