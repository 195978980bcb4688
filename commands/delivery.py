"""A folder that holds users/, songs/ and streams/: it stands for `data/` in S3."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from commands.errors import CommandError

FOLDERS = ("users", "songs", "streams")
ENDINGS = (".csv", ".csv.gz")


@dataclass(frozen=True)
class DeliveredFile:
    """A file as S3 would list it; `etag` changes whenever the file is written."""

    file_key: str
    path: Path
    etag: str
    size: int
    last_modified: datetime


@dataclass(frozen=True)
class Delivery:
    """What lies in the folder: deliveries by kind, and the names that are none."""

    users: tuple[DeliveredFile, ...]
    songs: tuple[DeliveredFile, ...]
    streams: tuple[DeliveredFile, ...]
    ignored: tuple[str, ...]


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


def walk(folder: Path) -> Iterator[Path]:
    def give_up(error: OSError) -> None:
        raise error  # os.walk would leave out a folder that cannot be read

    for parent, _, names in os.walk(folder, onerror=give_up):
        yield from (Path(parent, name) for name in names)


def is_delivery(key: str) -> bool:
    """Tell whether a key is a delivery: CSV, its last part not hidden, its bytes UTF-8."""
    name = key.rpartition("/")[2]
    is_text = os.fsencode(key).decode("utf-8", "replace").count("\ufffd") == key.count("\ufffd")
    return name.endswith(ENDINGS) and not name.startswith(("_", ".")) and is_text


def describe(path: Path, file_key: str) -> DeliveredFile:
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise CommandError(
            f"{path} is a link to nothing or was removed just now: remove it, or run it again"
        ) from error
    return DeliveredFile(
        file_key=file_key,
        path=path.absolute(),
        etag=f"{status.st_size}-{status.st_mtime_ns}",
        size=status.st_size,
        last_modified=datetime.fromtimestamp(status.st_mtime, UTC),
    )
