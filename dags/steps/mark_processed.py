"""Note in the ledger what became of the run's files, report the run, and clear old staging."""

from dags.protocol import cleaning, report
from dags.protocol.pipeline import Pipeline
from dags.protocol.plan import read_plan
from dags.protocol.publish import mark


def run(pipeline: Pipeline, plan_key: str) -> None:
    """Finish a published commit. Safe to repeat: it writes the same again.

    Raises:
        BucketError: The plan is not there.
    """
    plan = read_plan(pipeline.bucket, plan_key)
    mark(pipeline, plan)
    report.write(pipeline, plan, status="committed")
    cleaning.remove_old_staging(pipeline)
