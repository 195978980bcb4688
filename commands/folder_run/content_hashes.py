"""The hash of each delivered file, kept, so that an unchanged file is not read again."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

# Within so long after a change of a file another one may leave its times as they are.
RACY_NS = 2_000_000_000

Signature = tuple[int, int, int, int]


def sign(status: os.stat_result) -> Signature:
    """Give what changes whenever a file is written or replaced, but for a cast of luck."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def hash_files(
    files: Iterable[tuple[Path, Signature]], cache: Path | None, now_ns: int
) -> list[str]:
    """Give each file's MD5, S3's ETag of an object put by one call; read it where it is unknown.

    Args:
        cache: Where the hashes of the last call lie, and those of this one will.
        now_ns: The instant of this call. A file that changed just before it is not noted: it may
            change again without a trace in its signature, as git knows.

    Raises:
        OSError: A file cannot be read.
    """
    known = read_cache(cache)
    noted: dict[str, list[int | str]] = {}
    hashes = []
    for path, signature in files:
        size, _, changed_ns, _ = signature
        *former, found = known.get(str(path), ("",))
        content_hash = str(found) if former == [*signature] else hash_file(path)
        hashes.append(content_hash)
        if changed_ns < now_ns - RACY_NS:
            noted[str(path)] = [*signature, content_hash]
    if cache is not None and noted != known:
        part = cache.with_name(f"{cache.name}.part")
        part.write_text(json.dumps(noted), encoding="utf-8")
        part.replace(cache)
    return hashes


def hash_file(path: Path) -> str:
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False))
    return digest.hexdigest()


def read_cache(cache: Path | None) -> dict[str, list[int | str]]:
    """Read what is noted; nothing where it is damaged, as all is hashed anew then."""
    try:
        found: dict[str, list[int | str]] = json.loads(cache.read_bytes()) if cache else {}
    except (FileNotFoundError, ValueError):
        return {}
    return found
