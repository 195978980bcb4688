"""The log of the workers: every line names the run that it is about."""

import logging
from collections.abc import MutableMapping
from typing import Any

_current = {"run": "no run"}


class RunLog(logging.LoggerAdapter):  # type: ignore[type-arg]
    """A log whose lines begin with the run's id; one process works on one run at a time."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        # The message is a format: a run's id may hold its sign.
        return f"[{_current['run'].replace('%', '%%')}] {msg}", kwargs


def get_log(name: str) -> RunLog:
    """Give the log of a module."""
    return RunLog(logging.getLogger(name), {})


def name_run(run_id: str) -> None:
    """Say which run the lines to come are about."""
    _current["run"] = run_id
