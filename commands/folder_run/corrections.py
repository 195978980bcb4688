"""Which hours a correction of songs has not reached, and the call that reaches them."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from commands.console import CommandError
from dags.protocol.errors import FinalError
from dags.protocol.params import MAX_BACKFILL_DAYS, read_params


def read_span(from_date: str | None, to_date: str | None) -> tuple[date, ...]:
    """Read the days of FROM and TO; none where neither is given.

    Raises:
        CommandError: One of them is missing or no day, or the span is too long or turned round.
    """
    try:
        return read_params({"from_date": from_date, "to_date": to_date}).backfill_dates
    except FinalError as error:
        raise CommandError(f"FROM and TO: {error}") from error


def spark_run_call(data: Path, out: Path) -> str:
    """Write the call of `make spark-run` over the same folders."""
    return f"make spark-run DATA={shlex.quote(str(data))} OUT={shlex.quote(str(out))}"


def describe_old_hours(load: Mapping[str, Any], days: Sequence[date], call: str) -> list[str]:
    """Say which hours keep their artists after a load that changed songs; else nothing.

    Args:
        load: The load's report, as JSON.
        days: Days with hours that were computed before, the first and the last among them.
        call: What makes a backfill, without its FROM and TO.
    """
    songs = sum(load.get(name, {}).get("songs", 0) for name in ("rows_changed", "rows_removed"))
    if not (songs and days):
        return []
    calls = "; ".join(f"{call} FROM={a} TO={b}" for a, b in _cut(min(days), max(days)))
    return [
        f"{songs:,} rows of songs changed: genres follow at once, hours that were computed before "
        f"keep their artists until: {calls}"
    ]


def _cut(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Cut a span into such as one backfill takes."""
    while first <= last:
        end = min(last, first + timedelta(days=MAX_BACKFILL_DAYS - 1))
        yield first, end
        first = end + timedelta(days=1)
