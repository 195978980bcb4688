"""Make the bucket hold what a data folder holds: put what is new or changed, remove what went."""

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from commands.console import CommandError, say
from commands.folder_run.delivery import DeliveredFile, Delivery
from dags.systems.bucket import Bucket, in_parallel

NOTES = "uploads.json"
PARALLEL_PUTS = 8
SHOWN_KEYS = 20
IN_PARTS_FROM = 8 << 20  # bytes; less is put by one call
NOTE_SECONDS = 2.0


def upload_delivery(bucket: Bucket, prefix: str, delivery: Delivery, notes: Path) -> int:
    """Put each file that differs from what was put before, and give their number.

    What was put before and is in the folder no more is removed; what others put stays.

    What was put is noted in `notes` after it was: a call that is killed puts some files again,
    which changes nothing, as equal content has an equal ETag.

    Args:
        prefix: Of the keys, without its slash.

    Raises:
        CommandError: A file cannot be read any more.
    """
    known = read_notes(notes)
    files = {f"{prefix}/{file.file_key.partition('/')[2]}": file for file in delivery.files}
    known = remove_gone(bucket, sorted(known.keys() - files.keys()), known, notes)
    fresh = {key: file for key, file in files.items() if known.get(key) != file.etag}
    say(f"{len(fresh):,} of {len(files):,} files to upload")
    pool = ThreadPoolExecutor(PARALLEL_PUTS)
    try:
        puts = {pool.submit(put, bucket, key, fresh[key]): key for key in fresh}
        note_puts(puts, fresh, known, notes)
    finally:
        pool.shutdown(cancel_futures=True)
    return len(fresh)


def remove_gone(
    bucket: Bucket, gone: Sequence[str], known: Mapping[str, str], notes: Path
) -> dict[str, str]:
    """Remove what was put and is gone from the folder, tell of it, and give what stays noted."""
    if gone:
        found = in_parallel(lambda key: is_ours(bucket, key, known[key]), gone)
        ours = [key for key, is_one in zip(gone, found, strict=True) if is_one]
        bucket.delete(ours)
        for key in ours[:SHOWN_KEYS]:
            say(f"{key} is not in DATA any more: removed from the bucket")
        if len(ours) > SHOWN_KEYS:
            say(f"{len(ours) - SHOWN_KEYS:,} more files likewise")
        known = {key: etag for key, etag in known.items() if key not in set(gone)}
        write_notes(notes, known)
    return dict(known)


def is_ours(bucket: Bucket, key: str, etag: str) -> bool:
    """Tell whether an object is as it was put, where its ETag or an older note can show it."""
    found = bucket.head(key)
    return found is not None and ("-" in f"{found.etag}{etag}" or found.etag == etag)


def note_puts(
    puts: Mapping["Future[None]", str],
    fresh: Mapping[str, DeliveredFile],
    known: dict[str, str],
    notes: Path,
) -> None:
    """Wait for the puts and note them, now and then, and whatever comes between."""
    noted = time.monotonic()
    done: list[str] = []
    try:
        for future in as_completed(puts):
            future.result()
            done.append(puts[future])
            if time.monotonic() - noted > NOTE_SECONDS:
                write_notes(notes, known | etags(fresh, done))
                noted = time.monotonic()
                say(f"uploaded {len(done):,} of {len(fresh):,}")
    finally:
        if done:
            write_notes(notes, known | etags(fresh, done))


def etags(files: Mapping[str, DeliveredFile], keys: Sequence[str]) -> dict[str, str]:
    return {key: files[key].etag for key in keys}


def put(bucket: Bucket, key: str, file: DeliveredFile) -> None:
    """Put a file; what was noted of it was read before, so a change meanwhile is seen next time."""
    try:
        if file.size < IN_PARTS_FROM:
            bucket.put(key, file.path.read_bytes(), modified=file.modified)
        else:
            with file.path.open("rb") as content:
                bucket.upload(key, content, modified=file.modified)
    except OSError as error:
        raise CommandError(
            f"{file.path}: {error.strerror}: check it and call it again, the other files stay"
        ) from error


def read_notes(path: Path) -> dict[str, str]:
    """Read what was put: the hash of each key's file."""
    try:
        found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise CommandError(f"{path} is damaged: remove it, all files are put again then") from error
    return found


def write_notes(path: Path, notes: Mapping[str, str]) -> None:
    """Write it whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(notes, indent=0, ensure_ascii=False), encoding="utf-8")
    part.replace(path)
