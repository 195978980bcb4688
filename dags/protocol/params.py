"""What a run is asked for: the DAG's parameters, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dags.protocol.errors import FinalError

MAX_BACKFILL_DAYS = 3700


@dataclass(frozen=True)
class RunParams:
    """A run's parameters; the defaults are those of the daily run.

    Attributes:
        files: keys to take again, whatever their status but a live claim; nothing else then.
        from_date, to_date: days whose KPIs are computed anew; nothing is claimed then.
        max_rejected_share: instead of the configured one.
        dry_run: claim nothing and end after transform_kpis.
        rebuild: derive track_plays, KPIs and the warehouse's streams anew from the lake.
    """

    files: tuple[str, ...] = ()
    from_date: date | None = None
    to_date: date | None = None
    max_rejected_share: float | None = None
    dry_run: bool = False
    rebuild: bool = False

    @property
    def backfill_dates(self) -> tuple[date, ...]:
        if self.from_date is None or self.to_date is None:
            return ()
        days = (self.to_date - self.from_date).days + 1
        return tuple(self.from_date + timedelta(days=number) for number in range(days))

    @property
    def is_asked(self) -> bool:
        """Tell whether the operator asked for something that even a run without news does."""
        return bool(self.files or self.from_date or self.rebuild)


def read_params(params: Mapping[str, Any]) -> RunParams:
    """Read the DAG's parameters.

    Raises:
        FinalError: One is not of its form, or two of them contradict each other.
    """
    share = params.get("max_rejected_share")
    if share is not None and (isinstance(share, bool) or not isinstance(share, int | float)):
        raise FinalError(f"max_rejected_share is a share of 0 … 1, got {share!r}")
    if share is not None and not 0 <= share <= 1:
        raise FinalError(f"max_rejected_share is a share of 0 … 1, got {share!r}")
    read = RunParams(
        files=_read_files(params.get("files")),
        from_date=_read_date(params, "from_date"),
        to_date=_read_date(params, "to_date"),
        max_rejected_share=share,
        dry_run=_read_switch(params, "dry_run"),
        rebuild=_read_switch(params, "rebuild"),
    )
    _refuse_contradictions(read)
    return read


def _refuse_contradictions(params: RunParams) -> None:
    if (params.from_date is None) != (params.to_date is None):
        raise FinalError("from_date and to_date go together: give both, or neither")
    if params.from_date and params.to_date:
        days = (params.to_date - params.from_date).days + 1
        if not 1 <= days <= MAX_BACKFILL_DAYS:
            raise FinalError(f"from_date to to_date is 1 to {MAX_BACKFILL_DAYS} days, got {days}")
    named = {"files": params.files, "from_date": params.from_date, "rebuild": params.rebuild}
    asked = [name for name, value in named.items() if value]
    if len(asked) > 1:
        raise FinalError(f"{' and '.join(asked)} do not go together: start a run for each")


def _read_files(value: Any) -> tuple[str, ...]:
    """Read the named keys, each once."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(key, str) and key for key in value):
        raise FinalError(f'files is a list of S3 keys, as in ["data/streams/a.csv"], got {value!r}')
    return tuple(sorted(set(value)))


def _read_date(params: Mapping[str, Any], name: str) -> date | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise FinalError(f"{name} is a day as in 2024-06-01, got {value!r}") from None


def _read_switch(params: Mapping[str, Any], name: str) -> bool:
    value = params.get(name, False)
    if not isinstance(value, bool):
        raise FinalError(f"{name} is true or false, got {value!r}")
    return value
