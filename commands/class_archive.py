"""An archive of the classes that Spark loads: each later start of a job is 3 s shorter.

Java writes it when the first job on this machine ends, and maps it into the others. It fits one
Java and one pyspark; where it does not fit, Java starts without it.
"""

import hashlib
import os
from importlib.metadata import version
from pathlib import Path

from commands.java import java_home

# Else Java names every class that it leaves out.
QUIET = "-Xlog:disable -Xlog:all=off"
ARCHIVES = Path(__file__).resolve().parent.parent / ".cache" / "java"


def archive_path() -> Path:
    """Give the path of the archive of this Java and this pyspark, there or not."""
    home = java_home()
    release = home / "release"
    text = release.read_text() if release.exists() else ""
    fingerprint = hashlib.sha256(f"{home}\n{text}".encode()).hexdigest()[:12]
    return ARCHIVES / f"spark-{version('pyspark')}-{fingerprint}.jsa"


def java_options(archive: Path, *, may_write: bool) -> str:
    """Give the options that use an archive, or write one beside it if there is none yet."""
    if archive.exists():
        return f'{QUIET} "-XX:SharedArchiveFile={archive}"'
    if not may_write:
        return QUIET
    archive.parent.mkdir(parents=True, exist_ok=True)
    return f'{QUIET} "-XX:ArchiveClassesAtExit={part_path(archive)}"'


def part_path(archive: Path) -> Path:
    return archive.with_suffix(f".{os.getpid()}.part")


def keep_written(archive: Path) -> None:
    """Put a freshly written archive in its place, whole or not at all."""
    part = part_path(archive)
    if part.exists():
        part.replace(archive)
