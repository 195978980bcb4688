"""A run that begins: deliveries in memory and a real ledger, and what is told of them."""

import logging
from datetime import timedelta
from typing import Any

import pytest

from conf import places
from dags.protocol.claim import Claim, read_claim
from dags.protocol.params import read_params
from dags.steps import extract_streaming
from dags.systems.ledger import Claimant, Item, Ledger, Outcome
from tests.dags.memory_s3 import A_TIME, MemoryS3
from tests.dags.pipeline_doubles import MemoryWarehouse, Told, a_pipeline
from tests.dags.plan_builders import publish_commit

NOW = int(A_TIME.timestamp())
LEASE = timedelta(hours=8)


class BeginningRun:
    """A pipeline on commit 6, published, with metadata v1; each delivery a second younger."""

    def __init__(self, ledger: Ledger, commit: int = 6, version: str | None = "v1", **more: Any):
        self.s3, self.told, self.ledger = MemoryS3(), Told(), ledger
        self.warehouse = MemoryWarehouse(commit, "an-older-plan" if commit else None)
        self.pipeline = a_pipeline(
            self.s3, self.warehouse, ledger=ledger, told=self.told, version=version, **more
        )
        self.s3.now = A_TIME - timedelta(hours=1)
        if commit:
            publish_commit(self.pipeline.bucket, commit)

    def deliver(self, *names: str, content: bytes = b"plays") -> list[str]:
        """Put stream files, the first one the oldest, and give their keys."""
        keys = [f"data/streams/{name}" for name in names]
        for key in keys:
            self.s3.now += timedelta(seconds=1)
            self.pipeline.bucket.put(key, content)
        return keys

    def begin(self, run_id: str = "daily", **params: Any) -> Claim | None:
        """Begin a run and give its claim, None where there is nothing to do."""
        found = extract_streaming.run(self.pipeline, run_id, read_params(params))
        return read_claim(self.pipeline.bucket, found["claim"]) if found else None

    def keys(self, run_id: str = "daily", **params: Any) -> list[str]:
        """Begin a run and give the files that it claimed."""
        claim = self.begin(run_id, **params)
        assert claim is not None
        return [file.file_key for file in claim.files]

    def hold(self, key: str, run_id: str = "other", since: timedelta = timedelta()) -> None:
        """Let a run claim a file as it is now."""
        begun = NOW - int(since.total_seconds())
        claimant = Claimant(run_id, f"{run_id}-1", begun, begun + int(LEASE.total_seconds()))
        found = self.pipeline.bucket.head(key)
        assert found is not None
        lost = self.ledger.claim(key, "a-bucket", found.etag, found.size, claimant, by_name=True)
        assert lost is None

    def finish(self, key: str, status: Any = "PROCESSED") -> None:
        """Let another run bring a file to an end."""
        self.hold(key)
        if status == "FAILED":
            assert self.ledger.release(key, "other", "why")
        else:
            self.mark(key, status)

    def mark(self, key: str, status: Any) -> None:
        """Let whoever holds a file bring it to an end."""
        outcome = Outcome(status, error="why", judged_by=self.pipeline.settings.judged_by)
        assert self.ledger.finish(key, self.item(key)["claim_id"], outcome, NOW)

    def item(self, key: str) -> Item:
        return self.ledger.read([key])[key]

    def staged(self) -> list[str]:
        return [key for key in self.s3.writes if key.startswith(places.STAGING)]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give the warnings of the log without their run."""
    records = [each for each in caplog.records if each.levelno == logging.WARNING]
    return [record.getMessage().partition("] ")[2] for record in records]
