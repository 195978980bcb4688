"""How often the pipeline calls S3, DynamoDB and the Data API, by operation."""

import threading
from collections import Counter
from typing import Any

from tests.pipeline_world import World

# Asked until a statement has ended: how often is the machine's doing, not the run's.
POLLS = ("redshift-data.DescribeStatement",)


class CountedCalls:
    """Counts the calls of a world's clients from its making on."""

    def __init__(self, world: World) -> None:
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        pipeline = world.pipeline
        for client in (pipeline.bucket.client, pipeline.ledger.client, pipeline.warehouse.client):
            client.meta.events.register("before-call", self._count)

    def _count(self, event_name: str, **_: Any) -> None:
        operation = event_name.removeprefix("before-call.")
        if operation not in POLLS:
            with self._lock:  # copies and ledger writes come from many threads
                self.calls[operation] += 1

    def take(self) -> Counter[str]:
        """Give the calls since the last taking."""
        with self._lock:
            taken, self.calls = self.calls, Counter()
        return taken
