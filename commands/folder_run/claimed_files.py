"""Which stream files a call of `make spark-run` takes, and what it notes of them."""

import contextlib
import json
from pathlib import Path
from typing import Any

from commands.console import CommandError
from commands.folder_run.content_hashes import sign
from commands.folder_run.delivery import DeliveredFile, Delivery
from commands.folder_run.snapshot import Snapshot


def read_share(text: str) -> float:
    """Read MAX_REJECTED_SHARE.

    Raises:
        CommandError: It is no share.
    """
    with contextlib.suppress(ValueError):
        if 0 <= (share := float(text)) <= 1:
            return share
    raise CommandError(f"MAX_REJECTED_SHARE is a share of 0 … 1, got {text!r}")


def claim_files(delivery: Delivery, snapshot: Snapshot, rules: str) -> list[DeliveredFile]:
    """Choose the files that are new, have changed since, or were refused by other rules."""
    return [
        file
        for file in delivery.streams
        if not is_done(snapshot.ledger.get(file.file_key, {}), file.etag, rules)
    ]


def is_done(entry: dict[str, Any], etag: str, rules: str) -> bool:
    """Tell whether a file's content was taken, or refused by these very rules."""
    is_settled = entry.get("status") != "REJECTED" or entry.get("judged_by") == rules
    return is_settled and entry.get("etag") == etag


def check_unchanged(claimed: list[DeliveredFile]) -> None:
    """Refuse a run whose files were replaced since they were hashed."""
    for file in claimed:
        path = file.path
        try:
            status = path.stat()
        except FileNotFoundError as error:
            raise CommandError(f"{path} was removed while it was read: run it again") from error
        if sign(status) != file.signature:
            raise CommandError(f"{path} was replaced while it was read: run it again")


def note_files(claimed: list[DeliveredFile], built: Path, rules: str) -> dict[str, dict[str, Any]]:
    """Give the ledger's entries of this call's files."""
    refused = json.loads((built / "accounting.json").read_text())["refused"]
    return {
        file.file_key: {
            "etag": file.etag,
            "status": "REJECTED" if file.file_key in refused else "PROCESSED",
            "judged_by": rules,
        }
        for file in claimed
    }
