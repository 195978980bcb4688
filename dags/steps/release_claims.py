"""Give back the files that the run still holds, when it has ended without its commit."""

import json

from conf import places
from conf.run_log import get_log
from dags.protocol.pipeline import Pipeline
from dags.protocol.wanted import read_wanted
from dags.systems.bucket import in_parallel

NO_REASON = "the run ended before its commit"

log = get_log(__name__)


def run(pipeline: Pipeline, run_id: str) -> int:
    """Turn this run's claims into FAILED and give their number; after a good run there are none.

    What each life of the run tried to claim stands in its `wanted.json`, written before it did.
    """
    name = places.run_name(run_id)
    keys = sorted(set(read_wanted(pipeline.bucket, places.claims_prefix(name))))
    items = pipeline.ledger.read(keys)
    held = [
        key
        for key in keys
        if (item := items.get(key)) and item["status"] == "CLAIMED" and item["run_id"] == run_id
    ]
    reason = _reason(pipeline, name) if held else ""
    released = in_parallel(lambda key: pipeline.ledger.release(key, run_id, reason), held)
    for key in held:
        log.warning("%s is given back: %s", key, reason)
    log.info("%d files given back", sum(released))
    return sum(released)


def _reason(pipeline: Pipeline, name: str) -> str:
    """Give why the run failed, as its failing task left it."""
    content = pipeline.bucket.read(places.failure_key(name))
    if content is None:
        return NO_REASON
    failure = json.loads(content)
    return f"{failure['task']}: {failure['reason']}"
