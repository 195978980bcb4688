"""A claim is read whole or not at all."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from spark_jobs.claim import Claim, ClaimedFile, read_claim
from spark_jobs.errors import JobError


def a_file(name: str = "a.csv", **fields: Any) -> dict[str, Any]:
    file = {
        "file_key": f"data/streams/{name}",
        "uri": f"s3://bucket/data/streams/{name}",
        "etag": "e1",
        "size": 5,
        "last_modified": "2024-07-01T02:00:00.000001+02:00",
    }
    return {name: value for name, value in (file | fields).items() if value is not None}


def a_claim(**fields: Any) -> dict[str, Any]:
    claim = {
        "run": "scheduled-1",
        "claim": "scheduled-1-0123abcd",
        "run_time": "2024-07-01T00:00:00+00:00",
        "commit": 7,
        "metadata_version": "v1",
        "backfill_dates": ["2024-06-25", "2024-02-29"],
        "files": [a_file()],
    }
    return {name: value for name, value in (claim | fields).items() if value is not None}


def read(spark: SparkSession, folder: Path, document: Any) -> Claim:
    path = folder / "claim.json"
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return read_claim(spark, f"file:{path}")


def test_a_claim_gives_its_fields_with_times_in_utc(spark: SparkSession, tmp_path: Path) -> None:
    claim = read(spark, tmp_path, a_claim())

    assert claim == Claim(
        run="scheduled-1",
        commit=7,
        backfill_dates=(date(2024, 6, 25), date(2024, 2, 29)),
        files=(
            ClaimedFile(
                "data/streams/a.csv",
                "s3://bucket/data/streams/a.csv",
                5,
                datetime(2024, 7, 1, 0, 0, 0, 1, tzinfo=UTC),
            ),
        ),
        is_rebuild=False,
    )


def test_files_stand_in_the_byte_order_of_their_keys(spark: SparkSession, tmp_path: Path) -> None:
    names = ["\U0001f3b5.csv", "é.csv", "b.csv", "a.csv", "B.csv", "\ufb01.csv", "a/a.csv"]

    claim = read(spark, tmp_path, a_claim(files=[a_file(name) for name in names]))

    assert [file.file_key.removeprefix("data/streams/") for file in claim.files] == [
        *("B.csv", "a.csv", "a/a.csv", "b.csv", "é.csv", "\ufb01.csv", "\U0001f3b5.csv")
    ]


def test_a_claim_may_hold_no_file(spark: SparkSession, tmp_path: Path) -> None:
    claim = read(spark, tmp_path, a_claim(files=[], backfill_dates=[], commit=0))

    assert (claim.commit, claim.files, claim.backfill_dates) == (0, (), ())


@pytest.mark.parametrize("is_rebuild", [False, True])
def test_a_claim_says_whether_the_run_is_a_rebuild(
    spark: SparkSession, tmp_path: Path, is_rebuild: bool
) -> None:
    document = a_claim(files=[], backfill_dates=[], is_rebuild=is_rebuild)

    assert read(spark, tmp_path, document).is_rebuild is is_rebuild


@pytest.mark.parametrize("value", [1, 0, "true", [], {}])
def test_whether_it_is_a_rebuild_is_told_by_a_boolean_alone(
    spark: SparkSession, tmp_path: Path, value: Any
) -> None:
    with pytest.raises(JobError, match=r"is no claim: TypeError is_rebuild is true or false"):
        read(spark, tmp_path, a_claim(files=[], backfill_dates=[], is_rebuild=value))


def test_null_does_not_say_whether_it_is_a_rebuild(spark: SparkSession, tmp_path: Path) -> None:
    document = a_claim(files=[], backfill_dates=[]) | {"is_rebuild": None}

    with pytest.raises(JobError, match="is no claim: TypeError .* got None"):
        read(spark, tmp_path, document)


@pytest.mark.parametrize("empty", ["files", "backfill_dates"])
def test_a_rebuild_has_neither_files_nor_backfill_dates(
    spark: SparkSession, tmp_path: Path, empty: str
) -> None:
    with pytest.raises(JobError, match="is no claim: ValueError a rebuild has no files"):
        read(spark, tmp_path, a_claim(is_rebuild=True) | {empty: []})


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "JSONDecodeError"),
        (b'{"run": "r"', "JSONDecodeError"),
        (b"\xff\xfe\xfa", "UnicodeDecodeError"),
        (["no", "object"], "TypeError"),
        (a_claim(run=None), "KeyError 'run'"),
        (a_claim(commit=None), "KeyError 'commit'"),
        (a_claim(commit="seven"), "ValueError"),
        (a_claim(files=None), "KeyError 'files'"),
        (a_claim(backfill_dates=None), "KeyError 'backfill_dates'"),
        (a_claim(backfill_dates=["2023-02-29"]), "ValueError"),
        (a_claim(files=[a_file(uri=None)]), "KeyError 'uri'"),
        (a_claim(files=[a_file(last_modified="yesterday")]), "ValueError"),
        (a_claim(files=[a_file(last_modified="2024-07-01T00:00:00")]), "no time zone"),
        (a_claim(files=[a_file(), a_file()]), "twice"),
    ],
    ids=[
        "no byte",
        "cut",
        "no UTF-8",
        "no object",
        "no run",
        "no commit",
        "a commit in words",
        "no files",
        "no backfill dates",
        "no such day",
        "a file without URI",
        "no time",
        "a time without zone",
        "a key twice",
    ],
)
def test_what_is_no_claim_is_an_error_of_one_line(
    spark: SparkSession, tmp_path: Path, document: Any, reason: str
) -> None:
    with pytest.raises(JobError, match=r"claim\.json is no claim: ") as error:
        read(spark, tmp_path, document)

    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_claim_is_an_error_that_names_it(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"claim\.json cannot be read: .*FileNotFound"):
        read_claim(spark, f"file:{tmp_path}/claim.json")
