"""Carry the commit's plan out in the lake."""

from dags.protocol.pipeline import Pipeline
from dags.protocol.plan import read_plan
from dags.protocol.publish import publish


def run(pipeline: Pipeline, plan_key: str) -> None:
    """Publish a committed plan; anyone may, again and at any time.

    Raises:
        BucketError: The plan or an object of it is not there.
    """
    publish(pipeline, read_plan(pipeline.bucket, plan_key))
