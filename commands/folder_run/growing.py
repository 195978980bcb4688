"""Which files of a data folder are still being written, and wait for the next run."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime

from commands.console import say
from commands.folder_run.delivery import DeliveredFile
from conf.settings import load_settings
from dags.protocol.growing import describe_growing, ends_open, is_fresh


def leave_growing(
    files: Sequence[DeliveredFile], now: datetime | None = None
) -> list[DeliveredFile]:
    """Give the files at rest, and tell of the others in one line."""
    now = now or datetime.now(UTC)
    settle_minutes = load_settings("local").settle_minutes
    growing = [file.file_key for file in files if is_growing(file, now, settle_minutes)]
    if growing:
        say(describe_growing(growing, settle_minutes))
    return [file for file in files if file.file_key not in growing]


def is_growing(file: DeliveredFile, now: datetime, settle_minutes: int) -> bool:
    """Tell it by the file's own modification time; whoever reads it tells of one that is gone."""
    if not (file.size and is_fresh(file.last_modified, now, settle_minutes)):
        return False
    try:
        with file.path.open("rb") as content:
            content.seek(-1, os.SEEK_END)
            last_byte = content.read()
        return ends_open(file.file_key, last_byte, lambda: open(file.path, "rb"))  # noqa: PTH123
    except OSError:
        return False
