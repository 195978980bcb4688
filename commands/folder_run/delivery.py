"""A folder that holds users/, songs/ and streams/: it stands for `data/` in S3."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from commands.console import CommandError
from commands.folder_run.content_hashes import Signature, hash_files, sign
from dags.protocol import candidates

FOLDERS = ("users", "songs", "streams")
# In the folder of a verb's state.
HASHES = "hashes.json"


@dataclass(frozen=True)
class DeliveredFile:
    """A file as S3 would list it; `etag` is the hash of its content, once it was asked for."""

    file_key: str
    path: Path
    signature: Signature
    size: int
    last_modified: datetime
    etag: str = ""

    @property
    def modified(self) -> str:
        """Give the modification time in seconds since 1970, as text of whole nanoseconds."""
        seconds, rest = divmod(self.signature[1], 10**9)
        return f"{seconds}.{rest:09d}"


@dataclass(frozen=True)
class Delivery:
    """What lies in the folder: deliveries by kind, and the names that are none."""

    users: tuple[DeliveredFile, ...]
    songs: tuple[DeliveredFile, ...]
    streams: tuple[DeliveredFile, ...]
    ignored: tuple[str, ...]

    @property
    def files(self) -> tuple[DeliveredFile, ...]:
        return (*self.users, *self.songs, *self.streams)


def list_delivery(data: Path) -> Delivery:
    """List a data folder, each kind in byte order of its keys.

    Raises:
        CommandError: The folder or one of its three is not there, or a file went away.
    """
    for folder in FOLDERS:
        if not (data / folder).is_dir():
            raise CommandError(
                f"{data / folder} is no folder: DATA names a folder that holds "
                "users/, songs/ and streams/"
            )
    data = data.resolve()
    files: dict[str, tuple[DeliveredFile, ...]] = {}
    ignored: list[str] = []
    for folder in FOLDERS:
        found = {path: path.relative_to(data).as_posix() for path in walk(data / folder)}
        taken = {path: key for path, key in found.items() if is_delivery(key)}
        ignored += sorted(key for path, key in found.items() if path not in taken)
        described = [describe(path, f"data/{key}") for path, key in taken.items()]
        files[folder] = tuple(sorted(described, key=lambda file: os.fsencode(file.file_key)))
    return Delivery(files["users"], files["songs"], files["streams"], tuple(ignored))


def hash_delivery(delivery: Delivery, state: Path | None = None) -> Delivery:
    """Give a delivery with its ETags; of unchanged files those that `state` holds.

    Raises:
        CommandError: A file went away.
        OSError: A file cannot be read.
    """
    files = [(file.path, file.signature) for file in delivery.files]
    try:
        hashes = iter(hash_files(files, state and state / HASHES, time.time_ns()))
    except FileNotFoundError as error:
        raise gone_away(Path(error.filename)) from error
    users, songs, streams = (
        tuple(replace(file, etag=next(hashes)) for file in kind)
        for kind in (delivery.users, delivery.songs, delivery.streams)
    )
    return Delivery(users, songs, streams, delivery.ignored)


def walk(folder: Path) -> Iterator[Path]:
    def give_up(error: OSError) -> None:
        raise error  # os.walk would leave out a folder that cannot be read

    for parent, _, names in os.walk(folder, onerror=give_up):
        yield from (Path(parent, name) for name in names)


def is_delivery(key: str) -> bool:
    """Tell whether a key is a delivery whose bytes are UTF-8, as S3's keys are."""
    is_text = os.fsencode(key).decode("utf-8", "replace").count("\ufffd") == key.count("\ufffd")
    return candidates.is_delivery(key) and is_text


def describe(path: Path, file_key: str) -> DeliveredFile:
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise gone_away(path) from error
    return DeliveredFile(
        file_key=file_key,
        path=path.absolute(),
        signature=sign(status),
        size=status.st_size,
        last_modified=datetime.fromtimestamp(status.st_mtime, UTC),
    )


def gone_away(path: Path) -> CommandError:
    return CommandError(
        f"{path} is a link to nothing or was removed just now: remove it, or run it again"
    )
