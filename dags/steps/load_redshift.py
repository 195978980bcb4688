"""Write the plan and make it true in Redshift: one transaction, which is the commit point."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from conf import places
from conf.run_log import get_log
from dags.protocol import batch, report
from dags.protocol import plan as plans
from dags.protocol.begin import check_warehouse
from dags.protocol.claim import Claim, ClaimedFile, read_claim
from dags.protocol.errors import OvertakenError, ReplacedError
from dags.protocol.pipeline import Pipeline
from dags.protocol.plan import Plan, build_plan, read_plan
from dags.systems import warehouse
from dags.systems.bucket import StoredObject, in_parallel
from dags.systems.warehouse import TransactionConflictError, WarehouseError

CONFLICT_TRIES = 6
SHOWN_KEYS = 5

log = get_log(__name__)


def run(
    pipeline: Pipeline,
    claim_name: str,
    outputs: Mapping[str, str],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> str | None:
    """Commit the claim and give its plan's key; None after a dry run, which only reports.

    Safe to repeat: a rerun that finds its own plan in `etl_state` goes on.

    Args:
        outputs: The URI that each job wrote.

    Raises:
        FinalError: The run was overtaken, a claimed file was replaced, a migration is missing, or
            an output is another claim's.
        WarehouseError: Redshift failed; nothing of the run is in it.
    """
    claim = read_claim(pipeline.bucket, claim_name)
    check_warehouse(pipeline)
    loads_metadata = claim.is_rebuild or _metadata_changed(pipeline, claim, outputs)
    plan = build_plan(pipeline.bucket, claim, outputs, loads_metadata=loads_metadata)
    if claim.is_dry:
        report.write(pipeline, plan, status="dry run")
        log.info("dry run: %d plays would be new; nothing is committed", plan.plays)
        return None
    content = plans.to_bytes(plan)
    key = places.plan_key(plan.claim, content)
    if _is_committed(pipeline, plan, key, content):
        log.info("commit %d is this run's already", plan.commit)
        return key
    require_unchanged(pipeline, claim)
    pipeline.bucket.put(key, content)
    commit(pipeline, plan, key, sleep)
    log.info("committed %d: %d new plays", plan.commit, plan.plays)
    return key


def _is_committed(pipeline: Pipeline, plan: Plan, key: str, content: bytes) -> bool:
    """Tell whether an earlier try committed the plan, and later runs may have built on it."""
    if warehouse.read_state(pipeline.warehouse) == (plan.commit, key):
        return True
    return pipeline.bucket.read(places.commit_key(plan.commit)) == content


def commit(pipeline: Pipeline, plan: Plan, key: str, sleep: Callable[[float], None]) -> None:
    """Run the batch, again where another transaction was in its way.

    Raises:
        OvertakenError: Another run has taken the commit's number.
        WarehouseError: Redshift refused the batch, or was in conflict too often.
    """
    plays = plan.tables["streams"]
    if plan.is_rebuild:
        plays = batch.list_lake_plays(pipeline.bucket, plan.commit - 1)
    statements = batch.build_batch(pipeline, plan, key, plays)
    for tried in range(1, CONFLICT_TRIES + 1):
        if _has_had_its_turn(pipeline, plan, key):
            return
        try:
            pipeline.warehouse.run_batch(statements)
            return
        except TransactionConflictError as error:
            log.warning("try %d of %d: %s", tried, CONFLICT_TRIES, error)
            if tried == CONFLICT_TRIES:
                raise
            sleep(pipeline.settings.poll_seconds * 2 ** (tried - 1))
        except WarehouseError:
            if _has_had_its_turn(pipeline, plan, key):
                return
            raise


def require_unchanged(pipeline: Pipeline, claim: Claim) -> None:
    """Look at the claimed files again.

    A file that was another one meanwhile and is back has its old ETag, but a new LastModified.

    Raises:
        ReplacedError: One is not what was claimed: it may have been read in two versions.
    """

    def is_as_claimed(file: ClaimedFile) -> bool:
        found = pipeline.bucket.head(file.file_key)
        return found is not None and _version(found) == _version(file)

    same = in_parallel(is_as_claimed, claim.files)
    gone = [file.file_key for file, is_same in zip(claim.files, same, strict=True) if not is_same]
    if gone:
        raise ReplacedError(
            f"{len(gone)} claimed files were replaced while they were read, the next run takes "
            f"them: {', '.join(gone[:SHOWN_KEYS])}"
        )


def _version(file: StoredObject | ClaimedFile) -> tuple[str, datetime]:
    # A HEAD tells whole seconds.
    return file.etag, file.last_modified.replace(microsecond=0)


def _has_had_its_turn(pipeline: Pipeline, plan: Plan, key: str) -> bool:
    """Tell whether a batch of an earlier try has committed the plan meanwhile.

    Raises:
        OvertakenError: Another run has committed instead.
    """
    number, committed = warehouse.read_state(pipeline.warehouse)
    if (number, committed) == (plan.commit, key):
        return True
    if number != plan.before:
        raise OvertakenError(
            f"overtaken by commit {number}: this run was built on {plan.before}; the next run "
            "takes its files"
        )
    return False


def _metadata_changed(pipeline: Pipeline, claim: Claim, outputs: Mapping[str, str]) -> bool:
    """Tell whether users and songs are others than those of the last commit."""
    if claim.commit == 0:
        return True
    folder = pipeline.bucket.key_of(outputs["extract_metadata"])
    extracted = json.loads(pipeline.bucket.require(f"{folder}/metadata.json"))["metadata_version"]
    last = read_plan(pipeline.bucket, places.commit_key(claim.commit))
    return str(extracted) != last.metadata_version
