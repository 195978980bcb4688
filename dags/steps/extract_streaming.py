"""Begin the run and claim its files; say that there is nothing to do where there is not."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from conf import places
from conf.run_log import get_log
from dags.protocol.begin import Beginning, begin
from dags.protocol.candidates import is_delivery, list_deliveries
from dags.protocol.claim import Claim, ClaimedFile, new_claim_name, write_claim
from dags.protocol.errors import FinalError
from dags.protocol.params import RunParams
from dags.protocol.pipeline import Pipeline
from dags.protocol.plan import read_plan
from dags.systems import metadata
from dags.systems.bucket import StoredObject, in_parallel
from dags.systems.ledger import Claimant, Item

SHOWN_KEYS = 20

log = get_log(__name__)


def run(pipeline: Pipeline, run_id: str, params: RunParams) -> dict[str, str] | None:
    """Give the new claim's name and time, or None where there is nothing to do.

    Each call makes a claim of its own, so a rerun never shares what an earlier life wrote. Files
    that a dead life of this run holds are its to take; files held by other runs are told of.

    Raises:
        FinalError: What was asked for cannot be done, or the warehouse is not fit.
    """
    beginning = begin(pipeline, may_be_behind=params.rebuild, may_redo=not params.dry_run)
    now = pipeline.now()
    version = _metadata_version(pipeline)
    files = _choose_files(pipeline, params, beginning, run_id, now)
    is_new = beginning.has_redone or version != _committed_version(pipeline, beginning)
    if not (files or is_new or params.is_asked):
        log.info("nothing to do: no file to claim, no unpublished commit, the metadata as it was")
        return None
    name = new_claim_name(run_id)
    if files and not params.dry_run:
        files = _claim_files(pipeline, params, name, run_id, now, files)
        if not (files or is_new or params.is_asked):
            log.info("nothing to do: other runs were faster")
            return None
    claim = Claim(
        run=run_id,
        claim=name,
        run_time=now,
        commit=beginning.commit,
        warehouse_commit=beginning.warehouse_commit,
        metadata_version=version,
        backfill_dates=params.backfill_dates,
        is_rebuild=params.rebuild,
        is_dry=params.dry_run,
        files=tuple(ClaimedFile(f.key, f.etag, f.size, f.last_modified) for f in files),
    )
    write_claim(pipeline.bucket, claim)
    log.info("claim %s: %d files, on commit %d", name, len(files), beginning.commit)
    return {"claim": name, "run_time": now.isoformat()}


def _metadata_version(pipeline: Pipeline) -> str:
    with pipeline.open_metadata() as connection:
        version = metadata.read_version(connection)
    if version is None:
        raise FinalError("RDS holds no users and songs yet: run load_metadata_to_rds first")
    return version


def _committed_version(pipeline: Pipeline, beginning: Beginning) -> str | None:
    if beginning.commit == 0:
        return None
    return read_plan(pipeline.bucket, places.commit_key(beginning.commit)).metadata_version


def _choose_files(
    pipeline: Pipeline, params: RunParams, beginning: Beginning, run_id: str, now: datetime
) -> list[StoredObject]:
    """Choose the files to claim, oldest first, at most as many as one run takes."""
    if params.rebuild or params.from_date:
        return []
    if params.files:
        return _look_up(pipeline, params.files)
    prefix = f"{pipeline.settings.data_prefix}/streams/"
    lookback = pipeline.settings.listing_lookback_days if beginning.commit else None
    found = list_deliveries(
        pipeline.bucket, prefix, today=now.astimezone(UTC).date(), lookback_days=lookback
    )
    for key in found.ignored[:SHOWN_KEYS]:
        log.warning("%s is no delivery: left alone", key)
    if len(found.ignored) > SHOWN_KEYS:
        log.warning("%d more keys are no deliveries", len(found.ignored) - SHOWN_KEYS)
    items = pipeline.ledger.read(each.key for each in found.files)
    by_status: dict[str, list[StoredObject]] = {}
    for each in found.files:
        status = _status(items.get(each.key), each.etag, run_id, now)
        by_status.setdefault(status, []).append(each)
    _tell_held(pipeline, by_status.get("held", []), items)
    return _oldest(pipeline, by_status.get("free", []))


def _status(item: Item | None, etag: str, run_id: str, now: datetime) -> str:
    """Say of a file whether it is free to claim, held by another live run, or done."""
    if item is None or item["status"] == "FAILED" or item["etag"] != etag:
        return "free"
    if item["status"] != "CLAIMED":
        return "done"
    is_over = item["lease_expires_at"] < int(now.timestamp())
    return "free" if is_over or item["run_id"] == run_id else "held"


def _oldest(pipeline: Pipeline, files: Sequence[StoredObject]) -> list[StoredObject]:
    ordered = sorted(files, key=lambda each: (each.last_modified, each.key.encode()))
    limit = pipeline.settings.max_files_per_run
    if len(ordered) > limit:
        log.warning("%d files wait: this run takes %d, the oldest", len(ordered), limit)
    return ordered[:limit]


def _look_up(pipeline: Pipeline, keys: Iterable[str]) -> list[StoredObject]:
    """Find the files that the operator named."""
    prefix = f"{pipeline.settings.data_prefix}/streams/"
    strange = [key for key in keys if not (key.startswith(prefix) and is_delivery(key))]
    if strange:
        raise FinalError(f"{strange[0]} is no stream file: name keys of {prefix}**.csv[.gz]")
    keys = list(keys)
    found = in_parallel(pipeline.bucket.head, keys)
    missing = [key for key, each in zip(keys, found, strict=True) if each is None]
    if missing:
        raise FinalError(f"{missing[0]} is not in bucket {pipeline.bucket.name}: correct its name")
    return _oldest(pipeline, [each for each in found if each is not None])


def _claim_files(
    pipeline: Pipeline,
    params: RunParams,
    name: str,
    run_id: str,
    now: datetime,
    files: list[StoredObject],
) -> list[StoredObject]:
    """Claim the files, and give those that are this run's now.

    Which ones it tries is written first: whoever finds it dead knows what it may hold.
    """
    wanted = json.dumps([each.key for each in files], ensure_ascii=False).encode()
    pipeline.bucket.put(places.wanted_key(name), wanted)
    lease = now + timedelta(minutes=pipeline.settings.lease_minutes)
    claimant = Claimant(run_id, name, int(now.timestamp()), int(lease.timestamp()))
    bucket, by_name = pipeline.bucket.name, bool(params.files)

    def claim(each: StoredObject) -> Item | None:
        return pipeline.ledger.claim(
            each.key, bucket, each.etag, each.size, claimant, by_name=by_name
        )

    lost = in_parallel(claim, files)
    holders = {each.key: item for each, item in zip(files, lost, strict=True) if item is not None}
    # What another run has brought to an end since is held by nobody.
    held = [each for each in files if holders.get(each.key, {}).get("status") == "CLAIMED"]
    _tell_held(pipeline, held, holders)
    return [each for each in files if each.key not in holders]


def _tell_held(pipeline: Pipeline, files: Sequence[StoredObject], items: "dict[str, Item]") -> None:
    """Warn of files that another live run holds, and count them by holder."""
    holders: dict[str, list[str]] = {}
    for each in files:
        holders.setdefault(str(items[each.key].get("run_id")), []).append(each.key)
    for holder, keys in sorted(holders.items()):
        end = max(int(items[key].get("lease_expires_at", 0)) for key in keys)
        until = datetime.fromtimestamp(end, UTC).isoformat()
        shown: Any = keys[:SHOWN_KEYS]
        log.warning("%d files are held by run %s until %s: %s", len(keys), holder, until, shown)
        pipeline.alerts.count("HeldFiles", len(keys), {"Holder": holder})
