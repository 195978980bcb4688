"""What follows a commit only carries out its plan: the lake, then the ledger. By anyone, again."""

from dataclasses import asdict
from logging import ERROR, WARNING

from conf import explanations, places
from conf.run_log import get_log
from conf.unknown_plays import describe_unknown
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
    """Note in the ledger what became of the plan's files, and tell of what was not taken."""
    now = int(pipeline.now().timestamp())

    def finish(entry: tuple[str, FileAccount]) -> None:
        key, account = entry
        outcome = _outcome(key, account, plan.judged_by)
        if not pipeline.ledger.finish(key, plan.claim, outcome, now):
            log.warning("%s is another claim's by now: its ledger entry stays as it is", key)

    in_parallel(finish, plan.files.items())
    _tell(pipeline, plan)
    _tell_unknown(pipeline, plan)
    log.info("marked %d files of commit %d", len(plan.files), plan.commit)


def _tell(pipeline: Pipeline, plan: Plan) -> None:
    """Log what was refused or rejected, and why; an alert says it where a file is refused."""
    place = pipeline.bucket.uri(f"{plan.quarantine}/")
    told: dict[bool, list[str]] = {True: [], False: []}
    for key, file in plan.files.items():
        if file.refused or file.explanation:
            lines = explanations.describe(key, file.refused, file.explanation or {}, place=place)
            for line in lines:
                log.log(ERROR if file.refused else WARNING, "%s", line)
            told[bool(file.refused)] += lines
    refused = sum(bool(file.refused) for file in plan.files.values())
    if refused:
        pipeline.alerts.send(
            f"music_streaming_etl refused {refused} file(s)",
            "\n".join([f"run {plan.run}, task mark_processed:", *told[True], *told[False]]),
        )


def _tell_unknown(pipeline: Pipeline, plan: Plan) -> None:
    """Warn of the files whose plays are, above the configured share, of unknown tracks or users."""
    files = {key: asdict(account) for key, account in plan.files.items()}
    lines = describe_unknown(files, plan.unknown, pipeline.settings.max_unknown_share)
    for line in lines:
        log.warning("%s", line)
    if lines:
        pipeline.alerts.send(
            "music_streaming_etl took plays of unknown tracks or users",
            "\n".join([f"run {plan.run}, task mark_processed: they count in hours alone", *lines]),
        )


def _outcome(file_key: str, account: FileAccount, judged_by: str) -> Outcome:
    if account.refused:
        line = explanations.describe(file_key, account.refused, account.explanation or {})[0]
        error = line.removeprefix(f"refused: {file_key}: ")
        return Outcome("REJECTED", error=error, judged_by=judged_by)
    return Outcome(
        "PROCESSED",
        account.rows_read,
        account.rows_accepted,
        account.rows_duplicate,
        account.rows_rejected,
        judged_by=judged_by,
    )
