"""An archive of the classes that Spark loads: each later start of a job is seconds shorter.

Java writes it when the first job of a class path ends on this machine, and maps it into the
others. It fits one Java, one pyspark and one class path: each has its own.
"""

import contextlib
import hashlib
import os
import time
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

# Else Java names every class that it leaves out.
QUIET = "-Xlog:disable -Xlog:all=off"
ARCHIVING_JOB = "validate_data.py"  # it loads the most classes
ABANDONED_SECONDS = 3600.0


@dataclass(frozen=True)
class ClassArchive:
    """An archive, there or not yet; `part` is where the job that asked writes it."""

    path: Path
    part: Path

    def java_options(self, job: str) -> str:
        """Give the options of a job's Java: use the archive, or write one if there is none yet."""
        if self.path.exists():
            return f'{QUIET} "-XX:SharedArchiveFile={self.path}"'
        if job != ARCHIVING_JOB:
            return QUIET
        self.path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(self.path.parent)
        return f'{QUIET} "-XX:ArchiveClassesAtExit={self.part}"'

    def end(self, *, is_success: bool) -> None:
        """Put a freshly written archive in its place; that of a failed job lacks classes."""
        with contextlib.suppress(FileNotFoundError):
            if is_success:
                self.part.replace(self.path)
            else:
                self.part.unlink()


def find_archive(folder: Path, java_home: Path, class_path: str, writer: str) -> ClassArchive:
    """Find the archive of a class path, the one that goes before Spark's own.

    Args:
        writer: A name of whoever may write it, another than any other's.
    """
    release = java_home / "release"
    java = release.read_text() if release.exists() else ""
    spark = find_spec("pyspark")
    spark_jars = f"{Path(spark.origin).parent}/jars/*" if spark and spark.origin else ""
    # Java compares the whole class path, so a copy of Spark elsewhere has another archive.
    parts = [str(java_home), java, *list_jars(spark_jars), *list_jars(class_path)]
    fingerprint = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    path = folder / f"spark-{version('pyspark')}-{fingerprint}.jsa"
    return ClassArchive(path, path.with_suffix(f".{writer}.part"))


def list_jars(class_path: str) -> list[str]:
    """List the files of a class path, folders (`…/*`) too, each with its size and time.

    Java refuses an archive whose jars are newer, without an error: as of a .venv made again.
    """
    listed: list[Path] = []
    for path in map(Path, filter(None, class_path.split(os.pathsep))):
        listed += sorted(path.parent.glob("*")) if path.name == "*" else [path]
    found = ((path, path.stat() if path.exists() else None) for path in listed)
    return [f"{path} {stat and (stat.st_size, stat.st_mtime_ns)}" for path, stat in found]


def remove_abandoned(folder: Path) -> None:
    """Remove what killed jobs left half written."""
    for part in folder.glob("*.part"):
        with contextlib.suppress(FileNotFoundError):
            if part.stat().st_mtime < time.time() - ABANDONED_SECONDS:
                part.unlink()
