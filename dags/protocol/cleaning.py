"""The staging of claims whose commit is settled goes after some days, nothing else ever does."""

import json
from datetime import timedelta

from conf import places
from conf.run_log import get_log
from dags.protocol.pipeline import Pipeline

log = get_log(__name__)


def remove_old_staging(pipeline: Pipeline) -> None:
    """Remove the folders of claims whose number was published long enough ago.

    A claim builds on commit n, so it commits n + 1 or never. Once that number is published, by
    itself or by another, nobody reads its staging again. A claim without `claim.json` commits
    nothing: its age decides alone.
    """
    oldest = pipeline.now() - timedelta(days=pipeline.settings.staging_days)
    for folder in pipeline.bucket.list_level(f"{places.STAGING}/").folders:
        if _is_settled(pipeline, folder, oldest.timestamp()):
            keys = [each.key for each in pipeline.bucket.list_objects(folder)]
            # What says that it may go is removed last: a killed removal is gone on with.
            pipeline.bucket.delete(key for key in keys if not key.endswith("/claim.json"))
            pipeline.bucket.delete([f"{folder}claim.json"])
            log.info("removed %s", folder)


def _is_settled(pipeline: Pipeline, folder: str, oldest: float) -> bool:
    bucket, key = pipeline.bucket, f"{folder}claim.json"
    if bucket.head(key) is None:
        ages = [each.last_modified.timestamp() for each in bucket.list_objects(folder)]
        return bool(ages) and max(ages) < oldest
    commit = int(json.loads(bucket.require(key))["commit"]) + 1
    published = bucket.head(places.commit_key(commit))
    return published is not None and published.last_modified.timestamp() < oldest
