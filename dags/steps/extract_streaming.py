"""Begin the run and claim its files; say that there is nothing to do where there is not."""

from datetime import date, datetime, timedelta
from typing import Any

from conf import places, spark_sizes
from conf.run_log import get_log
from dags.protocol.begin import Beginning, begin
from dags.protocol.choice import choose_files, tell_held
from dags.protocol.claim import Claim, ClaimedFile, new_claim_name, write_claim
from dags.protocol.errors import FinalError
from dags.protocol.params import RunParams
from dags.protocol.pipeline import Pipeline
from dags.protocol.plan import Plan, read_plan
from dags.protocol.wanted import write_wanted
from dags.systems import metadata
from dags.systems.bucket import StoredObject, in_parallel
from dags.systems.ledger import Claimant, Item

log = get_log(__name__)


def run(pipeline: Pipeline, run_id: str, params: RunParams) -> dict[str, Any] | None:
    """Give the new claim's name, time and size, or None where there is nothing to do.

    Each call makes a claim of its own, so a rerun never shares what an earlier life wrote. Files
    that a dead life of this run holds are its to take; files held by other runs are told of.

    Raises:
        FinalError: What was asked for cannot be done, or the warehouse is not fit.
    """
    beginning = begin(pipeline, may_be_behind=params.rebuild, may_redo=not params.dry_run)
    now = pipeline.now()
    version = _metadata_version(pipeline)
    last = _last_plan(pipeline, beginning)
    listed_until = _day_of(last)
    choice = choose_files(pipeline, params, listed_until=listed_until, run_id=run_id, now=now)
    chosen, listed_until = choice.files, choice.listed_until
    has_news = beginning.has_redone or last is None or version != last.metadata_version
    has_news = has_news or params.is_asked
    if not (chosen or has_news):
        log.info("nothing to do: no file to claim, no unpublished commit, the metadata as it was")
        return None
    name = new_claim_name(run_id)
    files = chosen[: pipeline.settings.max_files_per_run]
    if len(chosen) > len(files):
        log.warning("%d files wait: this run takes %d, the oldest", len(chosen), len(files))
    if files and not params.dry_run:
        write_wanted(pipeline.bucket, name, (each.key for each in chosen))
        files = _claim_files(pipeline, params, name, run_id, now, files)
        if not (files or has_news):
            log.info("nothing to do: other runs were faster")
            return None
    claim = _describe(pipeline, params, beginning, run_id, name, now, version, files, listed_until)
    write_claim(pipeline.bucket, claim)
    log.info("claim %s: %d files, on commit %d", name, len(files), beginning.commit)
    return {"claim": name, "run_time": now.isoformat(), "is_small": _is_small(claim)}


def _is_small(claim: Claim) -> bool:
    """Tell whether the jobs read little; what a rebuild or a backfill reads is not known here."""
    if claim.is_rebuild or claim.backfill_dates:
        return False
    return spark_sizes.is_small(spark_sizes.weigh((f.file_key, f.size) for f in claim.files))


def _describe(
    pipeline: Pipeline,
    params: RunParams,
    beginning: Beginning,
    run_id: str,
    name: str,
    now: datetime,
    version: str,
    files: list[StoredObject],
    listed_until: date | None,
) -> Claim:
    return Claim(
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
        listed_until=listed_until,
        judged_by=pipeline.settings.judged_by,
    )


def _metadata_version(pipeline: Pipeline) -> str:
    with pipeline.open_metadata() as connection, metadata.transaction(connection):
        version = metadata.read_version(connection)
    if version is None:
        raise FinalError("RDS holds no users and songs yet: run load_metadata_to_rds first")
    return version


def _last_plan(pipeline: Pipeline, beginning: Beginning) -> Plan | None:
    if beginning.commit == 0:
        return None
    return read_plan(pipeline.bucket, places.commit_key(beginning.commit))


def _day_of(last: Plan | None) -> date | None:
    """Give the day until which the deliveries are listed, None where that is not known."""
    return date.fromisoformat(last.listed_until) if last and last.listed_until else None


def _claim_files(
    pipeline: Pipeline,
    params: RunParams,
    name: str,
    run_id: str,
    now: datetime,
    files: list[StoredObject],
) -> list[StoredObject]:
    """Claim the files, and give those that are this run's now.

    Raises:
        FinalError: The operator named files, and other runs hold them all.
    """
    rules = pipeline.settings.judged_by
    lease = now + timedelta(minutes=pipeline.settings.lease_minutes)
    claimant = Claimant(run_id, name, int(now.timestamp()), int(lease.timestamp()), rules)
    bucket, by_name = pipeline.bucket.name, bool(params.files)

    def claim(each: StoredObject) -> Item | None:
        return pipeline.ledger.claim(
            each.key, bucket, each.etag, each.size, claimant, by_name=by_name
        )

    lost = in_parallel(claim, files)
    holders = {each.key: item for each, item in zip(files, lost, strict=True) if item is not None}
    # What another run has brought to an end since is held by nobody.
    held = [each for each in files if holders.get(each.key, {}).get("status") == "CLAIMED"]
    tell_held(pipeline, held, holders)
    if by_name and len(held) == len(files):
        raise FinalError(
            f"all {len(files)} named files are held by other runs, see the warnings above: let "
            "these end, then start this one again"
        )
    return [each for each in files if each.key not in holders]
