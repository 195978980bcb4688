"""Which delivered files there are: a listing that hardly grows with the history."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from dags.systems.bucket import Bucket, StoredObject, in_parallel

ENDINGS = (".csv", ".csv.gz")
HIDDEN = ("_", ".", "~$")  # `~$`: the lock that Excel puts beside an open file
YEAR = re.compile(r"[12][0-9]{3}")
MONTH = re.compile(r"0[1-9]|1[0-2]")
DAY = re.compile(r"0[1-9]|[12][0-9]|3[01]")


@dataclass(frozen=True)
class Deliveries:
    """What a listing found: deliveries, and the keys that are none."""

    files: tuple[StoredObject, ...]
    ignored: tuple[str, ...]


def is_delivery(key: str) -> bool:
    """Tell whether a key is a delivery: CSV, packed or not, its last part not hidden or a lock."""
    name = key.rpartition("/")[2]
    return name.endswith(ENDINGS) and not name.startswith(HIDDEN)


def is_listed_for_long(key: str, prefix: str, *, today: date, lookback_days: int) -> bool:
    """Tell whether the next runs list a key anyway, though some days go by without one."""
    parts = key.removeprefix(prefix).split("/")[:3]
    if not all(map(re.fullmatch, (YEAR, MONTH, DAY), parts)) or len(parts) < 3:
        return True
    day = _read_day(parts)
    return day is None or (today - day).days * 2 <= lookback_days


def list_deliveries(
    bucket: Bucket,
    prefix: str,
    *,
    today: date,
    lookback_days: int | None,
    since: date | None = None,
) -> Deliveries:
    """List the deliveries below a prefix that ends in a slash.

    Folders `YYYY/MM/DD/` of the last days and of the future are listed, and of the older ones each
    once in `lookback_days` days: a late file is found then at the latest. All else, flat files and
    folders of other names, is listed whole.

    Args:
        today: The day of the run, UTC.
        lookback_days: None lists everything, as the first run does.
        since: The first day whose share may not have been listed; the shares of the days from
            then on are listed too, so that a day without a run leaves no folder out.
    """
    if lookback_days is None:
        found = list(bucket.list_objects(prefix))
    else:
        shares = Shares(today, since or today, lookback_days)
        chosen = list(_choose(bucket, prefix, prefix, shares))
        found = [each for each in chosen if isinstance(each, StoredObject)]
        folders = [each for each in chosen if isinstance(each, str)]
        for objects in in_parallel(lambda folder: list(bucket.list_objects(folder)), folders):
            found += objects
    objects = [each for each in found if not each.key.endswith("/")]
    return Deliveries(
        tuple(each for each in objects if is_delivery(each.key)),
        tuple(each.key for each in objects if not is_delivery(each.key)),
    )


@dataclass(frozen=True)
class Shares:
    """Which folders of days are listed: the last ones, and the shares of the days since one."""

    today: date
    since: date
    lookback_days: int

    def has(self, day: date) -> bool:
        """Tell whether a day's folder is listed."""
        if (self.today - day).days <= self.lookback_days:
            return True
        # The last day before tomorrow whose share the folder belongs to.
        ago = (self.today.toordinal() + day.toordinal()) % self.lookback_days
        return ago <= (self.today - self.since).days


def _choose(
    bucket: Bucket, prefix: str, folder: str, shares: Shares
) -> Iterator[StoredObject | str]:
    """Give the objects right in a folder, and the folders below that are to be listed whole."""
    level = bucket.list_level(folder)
    yield from level.objects
    for below in level.folders:
        parts = below.removeprefix(prefix).rstrip("/").split("/")
        if not all(map(re.fullmatch, (YEAR, MONTH, DAY), parts)):
            yield below
        elif len(parts) < 3:
            yield from _choose(bucket, prefix, below, shares)
        elif (day := _read_day(parts)) is None or shares.has(day):
            yield below


def _read_day(parts: list[str]) -> date | None:
    """Give the day of a folder, None where the calendar has none, as of the 31st of June."""
    try:
        return date(*map(int, parts))
    except ValueError:
        return None
