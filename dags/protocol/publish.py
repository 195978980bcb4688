"""What follows a commit only carries out its plan: the lake, then the ledger. By anyone, again."""

from conf import places
from conf.run_log import get_log
from dags.protocol import plan as plans
from dags.protocol.pipeline import Pipeline
from dags.protocol.plan import FileAccount, Plan
from dags.systems.bucket import in_parallel
from dags.systems.ledger import Outcome

KEPT_TOTALS = 7

log = get_log(__name__)


def publish(pipeline: Pipeline, plan: Plan) -> None:
    """Put a committed plan's objects into the lake, `lake/commits/<commit>.json` last.

    Dying anywhere leaves objects that no reader takes; whoever comes next puts the same again.
    """
    bucket, key = pipeline.bucket, places.commit_key(plan.commit)
    if bucket.head(key) is not None:
        log.info("commit %d is published already", plan.commit)
        return
    in_parallel(lambda move: bucket.copy(move.source, move.target), plan.moves)
    remove_old_totals(pipeline, plan.commit)
    bucket.put(key, plans.to_bytes(plan))
    log.info("published commit %d: %d plays, %d objects", plan.commit, plan.plays, len(plan.moves))


def remove_old_totals(pipeline: Pipeline, commit: int) -> None:
    """Keep the plays per track of seven commits, those that killed calls left included."""
    bucket = pipeline.bucket
    for folder in bucket.list_level(places.TRACK_PLAYS).folders:
        found = places.TRACK_PLAYS_FOLDER.fullmatch(folder)
        if found and int(found["commit"]) <= commit - KEPT_TOTALS:
            bucket.delete([each.key for each in bucket.list_objects(folder)])


def mark(pipeline: Pipeline, plan: Plan) -> None:
    """Note in the ledger what became of the plan's files, and tell of the refused ones."""
    now = int(pipeline.now().timestamp())

    def finish(entry: tuple[str, FileAccount]) -> None:
        key, account = entry
        if not pipeline.ledger.finish(key, plan.claim, _outcome(account, plan.judged_by), now):
            log.warning("%s is another claim's by now: its ledger entry stays as it is", key)

    in_parallel(finish, plan.files.items())
    refused = {key: file.refused for key, file in plan.files.items() if file.refused}
    for key, reason in refused.items():
        log.error("%s is refused: %s", key, reason)
    if refused:
        lines = [f"{key}: {reason}" for key, reason in refused.items()]
        pipeline.alerts.send(
            f"music_streaming_etl refused {len(refused)} file(s)",
            "\n".join([f"run {plan.run}, task mark_processed, refused:", *lines]),
        )
    log.info("marked %d files of commit %d", len(plan.files), plan.commit)


def _outcome(account: FileAccount, judged_by: str) -> Outcome:
    if account.refused:
        return Outcome("REJECTED", error=account.refused, judged_by=judged_by)
    return Outcome(
        "PROCESSED",
        account.rows_read,
        account.rows_accepted,
        account.rows_duplicate,
        account.rows_rejected,
        judged_by=judged_by,
    )
