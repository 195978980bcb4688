"""Which files a run is to claim: new, changed, given back, or named by the operator."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

from conf import places
from conf.run_log import get_log
from dags.protocol.candidates import is_delivery, is_listed_for_long, list_deliveries
from dags.protocol.errors import FinalError
from dags.protocol.growing import describe_growing, ends_open, is_fresh
from dags.protocol.params import RunParams
from dags.protocol.pipeline import Pipeline
from dags.protocol.wanted import read_wanted
from dags.systems.bucket import StoredObject, in_parallel
from dags.systems.ledger import Item

SHOWN_KEYS = 20

log = get_log(__name__)


@dataclass(frozen=True)
class Choice:
    """What a run is to claim, the oldest first, and until when the deliveries count as listed."""

    files: list[StoredObject]
    listed_until: date | None


def choose_files(
    pipeline: Pipeline,
    params: RunParams,
    *,
    listed_until: date | None,
    run_id: str,
    now: datetime,
) -> Choice:
    """Choose the files to claim, the oldest first; one run may take fewer.

    Files that are still being written wait. The next run is to find them: where it would not
    list their folders anyway, the deliveries do not count as listed today.

    Args:
        listed_until: The last day on which a run listed the deliveries and committed, or one that
            it built on; None lists everything.

    Raises:
        FinalError: A file that the operator named is none, or they are too many.
    """
    if params.is_asked:
        # Nothing is listed: those days' shares are the next run's.
        return Choice(_look_up(pipeline, params.files), listed_until)
    found = _list_files(pipeline, listed_until, now)
    listed = {each.key for each in found}
    found += _look_after(pipeline, listed, run_id, now)
    items, rules = pipeline.ledger.read(each.key for each in found), pipeline.settings.judged_by
    by_status: dict[str, list[StoredObject]] = {}
    for each in found:
        status = _status(items.get(each.key), each.etag, rules, run_id, now)
        by_status.setdefault(status, []).append(each)
    tell_held(pipeline, by_status.get("held", []), items)
    free = by_status.get("free", [])
    growing = _find_growing(pipeline, free, now)
    at_rest = _oldest_first(each for each in free if each.key not in growing)
    is_listed = _are_found_again(pipeline, growing, now)
    return Choice(at_rest, now.astimezone(UTC).date() if is_listed else listed_until)


def _are_found_again(pipeline: Pipeline, growing: Sequence[str], now: datetime) -> bool:
    """Tell whether the next run lists the files that wait, wherever they lie."""
    settings, today = pipeline.settings, now.astimezone(UTC).date()
    prefix, days = f"{settings.data_prefix}/streams/", settings.listing_lookback_days
    return all(is_listed_for_long(key, prefix, today=today, lookback_days=days) for key in growing)


def _find_growing(pipeline: Pipeline, files: Sequence[StoredObject], now: datetime) -> list[str]:
    """Find the files that are still being written, and tell of them."""
    settle_minutes = pipeline.settings.settle_minutes
    fresh = [f for f in files if f.size and is_fresh(f.last_modified, now, settle_minutes)]

    def is_growing(file: StoredObject) -> bool:
        last = pipeline.bucket.read_last(file.key, file.etag)
        if last is None:
            return True
        # A file is no younger than its upload.
        modified = min(file.last_modified, last.modified or file.last_modified)
        open_content = partial(pipeline.bucket.open, file.key, file.etag)
        return is_fresh(modified, now, settle_minutes) and ends_open(
            file.key, last.content, open_content
        )

    found = in_parallel(is_growing, fresh)
    growing = [each.key for each, is_one in zip(fresh, found, strict=True) if is_one]
    if growing:
        log.warning("%s", describe_growing(growing, settle_minutes))
    return growing


def tell_held(pipeline: Pipeline, files: Sequence[StoredObject], items: Mapping[str, Item]) -> None:
    """Warn of files that other live runs hold, by holder, and count them."""
    holders: dict[str, list[str]] = {}
    for each in files:
        holders.setdefault(str(items[each.key].get("run_id")), []).append(each.key)
    for holder, keys in sorted(holders.items()):
        end = max(int(items[key].get("lease_expires_at", 0)) for key in keys)
        until = datetime.fromtimestamp(end, UTC).isoformat()
        shown = keys[:SHOWN_KEYS]
        log.warning("%d files are held by run %s until %s: %s", len(keys), holder, until, shown)
    if files:
        pipeline.alerts.count("HeldFiles", len(files))


def _list_files(pipeline: Pipeline, listed_until: date | None, now: datetime) -> list[StoredObject]:
    found = list_deliveries(
        pipeline.bucket,
        f"{pipeline.settings.data_prefix}/streams/",
        today=now.astimezone(UTC).date(),
        lookback_days=pipeline.settings.listing_lookback_days if listed_until else None,
        since=listed_until,
    )
    for key in found.ignored[:SHOWN_KEYS]:
        log.warning("%s is no delivery: left alone", key)
    if len(found.ignored) > SHOWN_KEYS:
        log.warning("%d more keys are no deliveries", len(found.ignored) - SHOWN_KEYS)
    return list(found.files)


def _look_after(
    pipeline: Pipeline, listed: set[str], run_id: str, now: datetime
) -> list[StoredObject]:
    """Find what earlier runs gave back or left waiting, though its folder is not listed today."""
    noted = read_wanted(pipeline.bucket, f"{places.STAGING}/")
    keys = [key for key in dict.fromkeys(noted) if key not in listed]
    items = pipeline.ledger.read(keys)
    # By the ETag of the ledger itself: what has changed since is its folder's to show.
    rules = pipeline.settings.judged_by
    waiting = [key for key in keys if _status(items.get(key), None, rules, run_id, now) == "free"]
    found = in_parallel(pipeline.bucket.head, waiting[: pipeline.settings.max_files_per_run])
    return [each for each in found if each is not None]


def _status(item: Item | None, etag: str | None, rules: str, run_id: str, now: datetime) -> str:
    """Say of a file whether it is free to claim, held by another live run, or done."""
    if item is None or item["status"] == "FAILED" or etag not in (None, item["etag"]):
        return "free"
    if item["status"] == "REJECTED" and item.get("judged_by") != rules:
        return "free"
    if item["status"] != "CLAIMED":
        return "done"
    is_over = item["lease_expires_at"] < int(now.timestamp())
    return "free" if is_over or item["run_id"] == run_id else "held"


def _look_up(pipeline: Pipeline, keys: Sequence[str]) -> list[StoredObject]:
    """Find the files that the operator named."""
    prefix = f"{pipeline.settings.data_prefix}/streams/"
    limit = pipeline.settings.max_files_per_run
    if len(keys) > limit:
        raise FinalError(f"files names {len(keys)} keys, one run takes {limit}: name fewer")
    strange = [key for key in keys if not (key.startswith(prefix) and is_delivery(key))]
    if strange:
        raise FinalError(f"{strange[0]} is no stream file: name keys of {prefix}**.csv[.gz]")
    found = in_parallel(pipeline.bucket.head, keys)
    missing = [key for key, each in zip(keys, found, strict=True) if each is None]
    if missing:
        raise FinalError(f"{missing[0]} is not in bucket {pipeline.bucket.name}: correct its name")
    return _oldest_first(each for each in found if each is not None)


def _oldest_first(files: Iterable[StoredObject]) -> list[StoredObject]:
    return sorted(files, key=lambda each: (each.last_modified, each.key.encode()))
