"""How every run, backfill, rebuild and compaction begins: with all commits published."""

from dataclasses import dataclass

from conf import places
from conf.run_log import get_log
from dags.protocol import publish
from dags.protocol.errors import FinalError, OvertakenError
from dags.protocol.pipeline import Pipeline
from dags.protocol.plan import read_plan
from dags.systems import warehouse
from dags.systems.bucket import Bucket

log = get_log(__name__)


@dataclass(frozen=True)
class Beginning:
    """What a run builds on.

    Attributes:
        commit: the greatest published commit; its `.json` was seen, or it is 0.
        warehouse_commit: what `etl_state` says: the same, but for a restored warehouse.
        has_redone: whether an unpublished commit was carried out first.
    """

    commit: int
    warehouse_commit: int
    has_redone: bool


def begin(pipeline: Pipeline, *, may_be_behind: bool = False, may_redo: bool = True) -> Beginning:
    """Carry out a commit that its run could not publish, and say what there is to build on.

    Args:
        may_be_behind: A rebuild goes on where the warehouse is older than the lake.
        may_redo: A dry run changes nothing.

    Raises:
        OvertakenError: Other runs commit faster than this one can look.
        FinalError: The warehouse is behind the lake, or lacks a migration.
    """
    check_warehouse(pipeline)
    number, has_redone = _publish_last(pipeline, may_redo=may_redo)
    greatest = greatest_published(pipeline.bucket, number)
    if greatest > number and not may_be_behind:
        now, _ = warehouse.read_state(pipeline.warehouse)
        if now >= greatest:
            raise OvertakenError(f"overtaken by commit {now}, which came while this run began")
        raise FinalError(
            f"the warehouse is at commit {now}, the lake at {greatest}: the warehouse was "
            "restored from a backup; run `make rebuild`"
        )
    return Beginning(greatest, number, has_redone)


def _publish_last(pipeline: Pipeline, *, may_redo: bool) -> tuple[int, bool]:
    """Give the warehouse's commit, which is published then, and whether this had to do it."""
    number, plan_key = warehouse.read_state(pipeline.warehouse)
    if is_published(pipeline.bucket, number):
        return number, False
    if not may_redo:
        raise FinalError(f"commit {number} is not published yet: start a run without dry_run")
    log.warning("commit %d was not published: carrying out %s", number, plan_key)
    plan = read_plan(pipeline.bucket, str(plan_key))
    publish.publish(pipeline, plan)
    publish.mark(pipeline, plan)
    number, plan_key = warehouse.read_state(pipeline.warehouse)
    if not is_published(pipeline.bucket, number):
        raise OvertakenError(f"overtaken by commit {number}, which is not published yet")
    return number, True


def check_warehouse(pipeline: Pipeline) -> None:
    """Refuse a warehouse whose tables are not those of this version.

    Raises:
        FinalError: A migration is missing, or not known to this version.
    """
    try:
        missing = warehouse.missing_migrations(pipeline.warehouse)
    except warehouse.SchemaVersionError as error:
        raise FinalError(str(error)) from error
    if missing:
        raise FinalError(
            f"the warehouse lacks {', '.join(missing)}: run `make up`, or deploy, first"
        )


def is_published(bucket: Bucket, commit: int) -> bool:
    """Tell whether a commit's objects lie in the lake; commit 0 has none."""
    return commit == 0 or bucket.head(places.commit_key(commit)) is not None


def greatest_published(bucket: Bucket, commit: int) -> int:
    """Give the greatest published commit from this one on."""
    greatest = commit
    for found in bucket.list_objects(places.COMMITS, after=places.commit_key(commit)):
        if match := places.COMMIT_OBJECT.fullmatch(found.key):
            greatest = max(greatest, int(match["commit"]))
    return greatest
