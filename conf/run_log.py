"""The log of the workers: every line names the run that it is about."""

import logging
from contextvars import ContextVar

_run: ContextVar[str] = ContextVar("run", default="no run")


def _add_run(record: logging.LogRecord) -> bool:
    """Begin a line with the run's id; with arguments the line is a format, and its sign doubled."""
    run = _run.get().replace("%", "%%") if record.args else _run.get()
    record.msg = f"[{run}] {record.msg}"
    return True


def get_log(name: str) -> logging.Logger:
    """Get the log of a module."""
    log = logging.getLogger(name)
    log.addFilter(_add_run)  # a filter that is there already is not added again
    return log


def name_run(run_id: str) -> None:
    """Say which run the lines to come are about, in this thread and those that copy its context."""
    _run.set(run_id)
