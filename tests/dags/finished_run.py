"""A run whose jobs have finished: what load_redshift finds, over systems in memory."""

from typing import Any

from dags.protocol.claim import write_claim
from dags.steps import load_redshift
from tests.dags.memory_s3 import MemoryS3
from tests.dags.pipeline_doubles import MemoryWarehouse, a_pipeline
from tests.dags.plan_builders import CLAIM, A, a_claim, a_file, counts, finish_jobs, publish_commit


class FinishedRun:
    """A claim of file A on a commit, its jobs finished, and what the step makes of it."""

    def __init__(self, commit: int = 0, version: str = "v1", **changes: Any) -> None:
        self.s3, self.naps = MemoryS3(), []
        self.warehouse = MemoryWarehouse(commit, "an-older-plan" if commit else None)
        self.pipeline = a_pipeline(self.s3, self.warehouse, poll_seconds=15)
        self.bucket = self.pipeline.bucket
        files = [a_file(key, self.put(key)) for key in changes.pop("keys", (A,))]
        write_claim(self.bucket, a_claim(commit=commit, **{"files": tuple(files)} | changes))
        accounts = {file.file_key: counts() for file in files}
        self.outputs = finish_jobs(self.bucket, version=version, files=accounts)
        if commit:
            publish_commit(self.bucket, commit)

    def put(self, key: str, content: bytes = b"plays") -> str:
        self.bucket.put(key, content)
        found = self.bucket.head(key)
        assert found is not None
        return found.etag

    def load(self, **outputs: str) -> str | None:
        outputs = self.outputs | outputs
        return load_redshift.run(self.pipeline, CLAIM, outputs, sleep=self.naps.append)

    def batch(self) -> str:
        (statements,) = self.warehouse.batches
        return "\n".join(statements)
