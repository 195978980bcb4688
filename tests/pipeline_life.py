"""One life of a run: the DAG's steps, one after the other, as Airflow would call them."""

from dataclasses import dataclass, field
from typing import Any

from dags.protocol.params import RunParams
from dags.steps import (
    extract_streaming,
    load_metadata_to_rds,
    load_redshift,
    mark_processed,
    publish_lake,
    release_claims,
)

# In their order; `release` is the teardown.
STEPS = ("load_metadata", "extract", "run_jobs", "load", "publish", "mark")


@dataclass
class Life:
    """A life; what its steps hand over is kept in it. A test may leave it at any step."""

    world: Any
    run_id: str
    params: RunParams
    claim: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    plan_key: str = ""

    def complete(self) -> str:
        self.load_metadata()
        if not self.extract():
            return "nothing to do"
        self.run_jobs()
        if not self.load():
            return "dry run"
        self.publish()
        self.mark()
        return "committed"

    def load_metadata(self) -> None:
        load_metadata_to_rds.run(self.world.pipeline, self.run_id, self.params)

    def extract(self) -> bool:
        claim = extract_streaming.run(self.world.pipeline, self.run_id, self.params)
        self.claim = claim["claim"] if claim else ""
        return claim is not None

    def run_jobs(self, attempt: int = 1) -> None:
        jobs, share = self.world.jobs, self.params.max_rejected_share
        shares = {} if share is None else {"share": share}
        self.outputs["extract_metadata"] = jobs.extract_metadata(self.claim, attempt)
        self.outputs["validate_data"] = jobs.validate_data(self.claim, attempt, **shares)
        self.outputs["transform_kpis"] = jobs.transform_kpis(self.claim, attempt, self.outputs)

    def load(self) -> str:
        pipeline = self.world.pipeline
        self.plan_key = load_redshift.run(pipeline, self.claim, self.outputs, sleep=_no_sleep) or ""
        return self.plan_key

    def publish(self) -> None:
        publish_lake.run(self.world.pipeline, self.plan_key)

    def mark(self) -> None:
        mark_processed.run(self.world.pipeline, self.plan_key)

    def release(self) -> int:
        return release_claims.run(self.world.pipeline, self.run_id)


def _no_sleep(seconds: float) -> None:
    """A test waits for nobody."""
