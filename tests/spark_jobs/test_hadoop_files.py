"""Small files and listings come the same from any file system of Hadoop's."""

import threading
from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from spark_jobs import hadoop_files
from spark_jobs.errors import JobError

AWKWARD = ["st*r", "br[1]", "sp ace=%25é", "a:b", "new\nline", "back\\slash", "c,d", "{e,f}", "g?"]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("s3://b/x", "y"), "s3://b/x/y"),
        (("s3://b/x/", "y"), "s3://b/x/y"),
        (("s3://b/x/", "y/", "z.csv"), "s3://b/x/y/z.csv"),
    ],
)
def test_parts_are_joined_by_one_slash(parts: tuple[str, ...], expected: str) -> None:
    assert hadoop_files.join_uri(*parts) == expected


def test_bytes_come_back_as_written(spark: SparkSession, tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    uri = f"file:{tmp_path}/deep/er/file.bin"

    hadoop_files.write_bytes(spark, uri, content)

    assert hadoop_files.read_bytes(spark, uri) == content
    assert (tmp_path / "deep" / "er" / "file.bin").read_bytes() == content
    assert [path.name for path in (tmp_path / "deep" / "er").iterdir()] == ["file.bin"]


def test_a_file_is_written_once(spark: SparkSession, tmp_path: Path) -> None:
    uri = f"file:{tmp_path}/once.json"
    hadoop_files.write_bytes(spark, uri, b"first")

    with pytest.raises(JobError, match=r"once\.json cannot be written: .*exists"):
        hadoop_files.write_bytes(spark, uri, b"second")

    assert (tmp_path / "once.json").read_bytes() == b"first"


def test_a_missing_file_is_an_error_of_one_line(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"none\.json cannot be read: .*FileNotFound") as error:
        hadoop_files.read_bytes(spark, f"file:{tmp_path}/none.json")

    assert "\n" not in str(error.value)


def test_names_and_sizes_are_listed_in_order_and_a_missing_folder_has_none(
    spark: SparkSession, tmp_path: Path
) -> None:
    for size, name in enumerate(("b", "a", "_c", ".d")):
        (tmp_path / name).write_bytes(b"x" * size)

    found = hadoop_files.list_sizes(spark, f"file:{tmp_path}")
    assert list(found.items()) == [(".d", 3), ("_c", 2), ("a", 1), ("b", 0)]
    assert hadoop_files.list_sizes(spark, f"file:{tmp_path}/none") == {}


def test_folders_are_listed_in_order_without_the_files_beside_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    for name in ("day=2/deeper", "day=1", "_c", "a:b", "empty"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "file").touch()
    (tmp_path / "day=1" / "file").touch()

    found = hadoop_files.list_folders(spark, f"file:{tmp_path}")

    assert found == ["_c", "a:b", "day=1", "day=2", "empty"]
    assert hadoop_files.list_folders(spark, f"file:{tmp_path}/none") == []


@pytest.mark.parametrize("folder", AWKWARD)
def test_files_are_listed_by_relative_path_without_what_a_committer_left(
    spark: SparkSession, tmp_path: Path, folder: str
) -> None:
    inner = tmp_path / folder / "day=1"
    inner.mkdir(parents=True)
    (tmp_path / folder / "b.parquet").write_bytes(b"12")
    (inner / "a.parquet").write_bytes(b"123")
    (inner / "_SUCCESS").touch()
    (inner / ".a.parquet.crc").touch()
    for own in ("__magic_job-1/tasks", "_temporary/0", "day=2/.staging"):
        (tmp_path / folder / own).mkdir(parents=True)
        (tmp_path / folder / own / "part-00000.parquet").touch()

    found = hadoop_files.list_files(spark, f"file:{tmp_path}/{folder}/")

    assert found == {"b.parquet": 2, "day=1/a.parquet": 3}


def test_a_folder_is_deleted_with_all_in_it_and_nothing_beside_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    for name in ("gone/deep/file", "kept/file", "gone-not"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    hadoop_files.delete(spark, f"file:{tmp_path}/gone")
    hadoop_files.delete(spark, f"file:{tmp_path}/none")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["gone-not", "kept"]


def test_an_escaped_pattern_means_its_one_file(spark: SparkSession, tmp_path: Path) -> None:
    for name in ("st*r", "star", "br[1]", "br1", "back\\slash", "{c,d}", "c", "q?", "qu"):
        (tmp_path / name).write_text(name)

    for name in ("st*r", "br[1]", "back\\slash", "{c,d}", "q?"):
        uri = hadoop_files.escape_pattern(f"file:{tmp_path}/{name}")
        assert [row.value for row in spark.read.text(uri).collect()] == [name]


def test_results_come_in_the_order_of_the_items_from_several_threads() -> None:
    meeting = threading.Barrier(2, timeout=30)

    def square(number: int) -> int:
        if number < 2:
            meeting.wait()
        return number * number

    assert hadoop_files.in_parallel(square, range(100)) == [n * n for n in range(100)]


def test_an_error_in_a_parallel_call_comes_through(spark: SparkSession) -> None:
    with pytest.raises(JobError, match="cannot be read"):
        hadoop_files.in_parallel(lambda uri: hadoop_files.read_bytes(spark, uri), ["file:/none"])


def test_a_java_error_is_told_by_the_first_line_of_its_last_cause(spark: SparkSession) -> None:
    lang = hadoop_files.jvm(spark).java.lang
    cause = lang.IllegalStateException("the cause\nand its details")
    thrown = lang.RuntimeException("in between", lang.RuntimeException("nearer", cause))
    future = hadoop_files.jvm(spark).java.util.concurrent.CompletableFuture.failedFuture(thrown)

    with pytest.raises(Py4JJavaError) as error:
        future.get()

    assert hadoop_files.java_message(error.value) == ("java.lang.IllegalStateException: the cause")
