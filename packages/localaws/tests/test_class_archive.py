"""The archive of Spark's classes: one for each Java and class path, whole or not at all."""

import os
from pathlib import Path

import pytest

from localaws.class_archive import ABANDONED_SECONDS, QUIET, ClassArchive, find_archive

VALIDATE = "validate_data.py"


@pytest.fixture
def java(tmp_path: Path) -> Path:
    home = tmp_path / "java"
    home.mkdir()
    (home / "release").write_text("17.0.1")
    return home


def find(java: Path, class_path: str = "", writer: str = "1") -> ClassArchive:
    return find_archive(java.parent / "archives", java, class_path, writer)


def test_it_is_written_by_the_job_of_the_most_classes_and_then_used_by_all(java: Path) -> None:
    archive = find(java)

    assert archive.java_options("transform_kpis.py") == QUIET
    assert archive.java_options(VALIDATE) == f'{QUIET} "-XX:ArchiveClassesAtExit={archive.part}"'
    archive.part.write_bytes(b"classes")
    archive.end(is_success=True)
    assert find(java).java_options("transform_kpis.py") == (
        f'{QUIET} "-XX:SharedArchiveFile={archive.path}"'
    )


def test_a_job_that_wrote_none_keeps_none(java: Path) -> None:
    archive = find(java)
    archive.java_options(VALIDATE)

    archive.end(is_success=True)

    assert not archive.path.exists()


def test_the_archive_of_a_failed_job_is_dropped(java: Path) -> None:
    archive = find(java)
    archive.java_options(VALIDATE)
    archive.part.write_bytes(b"few classes")

    archive.end(is_success=False)

    assert list(archive.path.parent.iterdir()) == []


def test_another_java_class_path_or_jar_has_another_archive(java: Path, tmp_path: Path) -> None:
    jars = tmp_path / "jars"
    jars.mkdir()
    (jars / "a.jar").touch()
    paths = [find(java).path, find(java, "/a.jar").path, find(java, f"{jars}/*").path]
    (jars / "b.jar").touch()
    paths += [find(java, f"{jars}/*").path, find(java, f"{jars}/*{os.pathsep}/a.jar").path]
    os.utime(jars / "b.jar", (1, 1))  # put there again, as by a new environment
    paths += [find(java, f"{jars}/*").path]
    (java / "release").write_text("17.0.2")

    assert len({*paths, find(java).path}) == len(paths) + 1
    assert find(java, writer="2").part != find(java, writer="3").part


def test_what_a_killed_job_left_goes_when_the_next_one_writes(java: Path) -> None:
    left, written = find(java, writer="dead").part, find(java, writer="living").part
    left.parent.mkdir()
    for part in (left, written):
        part.write_bytes(b"half")
    long_ago = left.stat().st_mtime - 2 * ABANDONED_SECONDS
    os.utime(left, (long_ago, long_ago))

    find(java).java_options(VALIDATE)

    assert (left.exists(), written.exists()) == (False, True)
