"""The pipeline's systems over a state's stand-in, as a worker has them over AWS."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from commands.stack import bring_up
from commands.stack.describe import describe_stack, make_client
from commands.stack.seed import metadata_dsn, open_warehouse
from conf.settings import Settings
from dags.protocol.pipeline import Pipeline
from dags.systems import metadata
from dags.systems.alerts import Alerts
from dags.systems.bucket import Bucket
from dags.systems.ledger import Ledger
from localaws.stack import Stack


def open_local_pipeline(state: Path) -> Pipeline:
    """Give the systems of the stand-in in a state folder; where it is down it is started."""
    stack, settings = describe_stack(state)
    if not all(line.is_running for line in stack.status()):
        bring_up.bring_up(stack, settings)
    return pipeline_over(stack, settings)


def pipeline_over(stack: Stack, settings: Settings) -> Pipeline:
    """Give the systems of a stand-in that is up."""

    @contextlib.contextmanager
    def open_metadata() -> "Iterator[metadata.Connection]":
        dsn = metadata_dsn(stack, settings, settings.metadata_user)
        with contextlib.closing(metadata.connect(dsn)) as connection:
            yield connection

    topics, metrics = make_client(stack, "sns"), make_client(stack, "cloudwatch")
    return Pipeline(
        settings=settings,
        bucket=Bucket(make_client(stack, "s3"), settings.data_bucket),
        ledger=Ledger(make_client(stack, "dynamodb"), settings.ledger_table),
        warehouse=open_warehouse(stack, settings),
        copy_role=settings.copy_role,
        alerts=Alerts(topics, metrics, settings.alerts_topic_arn),
        open_metadata=open_metadata,
    )
