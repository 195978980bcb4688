"""A plan is what the jobs finished, the same for the same outputs, and never another claim's."""

from typing import Any

import pytest

from conf import places
from dags.protocol import plan as plans
from dags.protocol.errors import FinalError
from dags.protocol.plan import DataFile, FileAccount, Move, Plan, build_plan, read_plan
from dags.systems.bucket import Bucket, BucketError
from tests.dags.memory_s3 import BUCKET, MemoryS3
from tests.dags.plan_builders import (
    CLAIM,
    FOLDER,
    A,
    B,
    a_claim,
    a_file,
    a_plan,
    counts,
    finish_jobs,
    stage,
)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket(MemoryS3(), BUCKET)


def build(bucket: Bucket, outputs: dict[str, str], **claim: object) -> Plan:
    return build_plan(bucket, a_claim(**claim), outputs, loads_metadata=True)


@pytest.mark.parametrize("task", ["extract_metadata", "validate_data", "transform_kpis"])
def test_an_output_of_another_claim_is_refused(bucket: Bucket, task: str) -> None:
    outputs = finish_jobs(bucket)
    strangers = finish_jobs(bucket, f"{CLAIM[:-1]}0")

    with pytest.raises(FinalError, match=f"is no output of {task} for claim {CLAIM}: clear that"):
        build(bucket, outputs | {task: strangers[task]})


def test_an_output_of_another_task_is_refused(bucket: Bucket) -> None:
    outputs = finish_jobs(bucket)

    with pytest.raises(FinalError, match="is no output of validate_data for claim"):
        build(bucket, outputs | {"validate_data": outputs["transform_kpis"]})


def test_an_output_of_another_bucket_is_refused(bucket: Bucket) -> None:
    outputs = finish_jobs(bucket)
    elsewhere = outputs["validate_data"].replace(BUCKET, "elsewhere")

    with pytest.raises(BucketError, match="does not lie in bucket a-bucket"):
        build(bucket, outputs | {"validate_data": elsewhere})


@pytest.mark.parametrize("table", [*plans.TABLES, plans.TRACK_PLAYS])
def test_a_data_set_that_was_not_finished_is_told(bucket: Bucket, table: str) -> None:
    outputs = finish_jobs(bucket)
    task = plans.TABLES.get(table, "transform_kpis")
    bucket.delete([f"{FOLDER}/{task}/attempt=1/{table}/_files.json"])

    with pytest.raises(BucketError, match=f"attempt=1/{table}/_files.json is not there"):
        build(bucket, outputs)


@pytest.mark.parametrize(
    ("files", "refused"),
    [
        ({}, {}),
        ({A: counts()}, {}),
        ({A: counts()}, {B: "columns", "data/streams/c.csv": "empty"}),
        ({A: counts(), B: counts()}, {B: "columns"}),
    ],
)
def test_an_accounting_that_is_not_the_claims_is_refused(
    bucket: Bucket, files: dict[str, object], refused: dict[str, str]
) -> None:
    outputs = finish_jobs(bucket, files=files, refused=refused)
    claim = a_claim(a_file(A), a_file(B))

    with pytest.raises(FinalError, match=f"^accounting.json does not name the files of .* {CLAIM}"):
        build_plan(bucket, claim, outputs, loads_metadata=True)


def test_each_claimed_file_has_its_account(bucket: Bucket) -> None:
    outputs = finish_jobs(
        bucket, files={A: counts(9, duplicate=2, malformed_row=3)}, refused={B: "columns"}
    )
    claim = a_claim(a_file(B, "e2"), a_file(A, "e1"))

    plan = build_plan(bucket, claim, outputs, loads_metadata=True)

    assert plan.files == {
        A: FileAccount("e1", None, 9, 4, 2, {"malformed_row": 3}),
        B: FileAccount("e2", "columns"),
    }


def test_an_account_says_why_as_the_job_explained_it(bucket: Bucket) -> None:
    explained = {A: {"rows_read": 9, "rows_rejected": 1, "reasons": {}}, B: {"cause": "it is wide"}}
    outputs = finish_jobs(bucket, files={A: counts(9)}, refused={B: "columns"}, explained=explained)

    plan = build_plan(bucket, a_claim(a_file(A), a_file(B)), outputs, loads_metadata=True)

    assert {key: file.explanation for key, file in plan.files.items()} == explained
    assert read_plan(bucket, stage(bucket, plan)) == plan


def test_a_plan_is_the_next_commit_and_takes_every_table(bucket: Bucket) -> None:
    plan = build(bucket, finish_jobs(bucket, version="v2"), commit=6)

    assert (plan.before, plan.commit, plan.plays, plan.metadata_version) == (6, 7, 4, "v2")
    assert {table: [file.rows for file in files] for table, files in plan.tables.items()} == {
        "users": [2],
        "songs": [3],
        "streams": [4],
        "touched_hours": [2],
        "genre_kpis": [1],
        "hourly_kpis": [2],
    }
    key = f"{FOLDER}/extract_metadata/attempt=1/users/part-0.parquet"
    assert plan.tables["users"] == (DataFile(key, 102, 2),)


def test_a_rebuild_of_a_restored_warehouse_jumps_to_the_lakes_next_number(bucket: Bucket) -> None:
    outputs = finish_jobs(bucket)

    plan = build(bucket, outputs, commit=9, warehouse_commit=6, is_rebuild=True)

    assert (plan.before, plan.commit, plan.is_rebuild) == (6, 10, True)


def test_metadata_as_it_was_is_not_loaded_again(bucket: Bucket) -> None:
    plan = build_plan(bucket, a_claim(), finish_jobs(bucket), loads_metadata=False)

    assert plan.tables.keys() == {"streams", "touched_hours", "genre_kpis", "hourly_kpis"}


def test_files_without_rows_are_left_out(bucket: Bucket) -> None:
    day = "listen_date=2024-06-25"
    outputs = finish_jobs(
        bucket,
        streams={f"{day}/part-0.parquet": 0, f"{day}/part-1.parquet": 3},
        hourly_kpis={"part-0.parquet": 0},
        genre_kpis={},
    )

    plan = build(bucket, outputs)

    folder = f"{FOLDER}/validate_data/attempt=1/streams/{day}"
    assert plan.tables["streams"] == (DataFile(f"{folder}/part-1.parquet", 103, 3),)
    assert (plan.tables["hourly_kpis"], plan.tables["genre_kpis"]) == ((), ())
    assert plan.moves[0] == Move(
        f"{folder}/part-1.parquet", "lake/streams/listen_date=2024-06-25/0000000001-0.parquet"
    )


def test_totals_of_no_play_keep_a_file_so_that_they_are_not_taken_for_lost(bucket: Bucket) -> None:
    outputs = finish_jobs(
        bucket, streams={}, track_plays={"part-1.parquet": 0, "part-0.parquet": 0}
    )

    plan = build(bucket, outputs)

    source = f"{FOLDER}/transform_kpis/attempt=1/track_plays/part-0.parquet"
    folder = "lake/track_plays/commit=0000000001"
    assert plan.moves == (Move(source, f"{folder}/part-00000.parquet"),)
    assert plan.plays == 0


def test_the_new_objects_of_each_day_are_numbered_in_order_of_their_keys(bucket: Bucket) -> None:
    days = {
        "listen_date=2024-06-26/part-b.parquet": 1,
        "listen_date=2024-06-25/part-b.parquet": 1,
        "listen_date=2024-06-25/part-a.parquet": 1,
    }
    outputs = finish_jobs(bucket, streams=days, track_plays={"b.parquet": 1, "a.parquet": 1})

    plan = build(bucket, outputs, commit=41)

    streams = f"{FOLDER}/validate_data/attempt=1/streams"
    totals = f"{FOLDER}/transform_kpis/attempt=1/track_plays"
    lake, folder = "lake/streams/listen_date=2024-06-2", "lake/track_plays/commit=0000000042"
    assert [(move.source, move.target) for move in plan.moves] == [
        (f"{streams}/listen_date=2024-06-25/part-a.parquet", f"{lake}5/0000000042-0.parquet"),
        (f"{streams}/listen_date=2024-06-25/part-b.parquet", f"{lake}5/0000000042-1.parquet"),
        (f"{streams}/listen_date=2024-06-26/part-b.parquet", f"{lake}6/0000000042-0.parquet"),
        (f"{totals}/a.parquet", f"{folder}/part-00000.parquet"),
        (f"{totals}/b.parquet", f"{folder}/part-00001.parquet"),
    ]


def test_the_attempt_that_was_waited_for_counts_and_no_other(bucket: Bucket) -> None:
    finish_jobs(bucket, attempt=1)
    outputs = finish_jobs(bucket, attempt=12, version="v2")

    plan = build(bucket, outputs)

    keys = [file.key for files in plan.tables.values() for file in files]
    keys += [move.source for move in plan.moves]
    assert len(keys) == 8
    assert [key for key in keys if "/attempt=12/" not in key] == []
    assert plan.quarantine == f"quarantine/claim={CLAIM}/attempt=12"
    assert plan.metadata_version == "v2"


def test_the_same_outputs_give_the_same_bytes_whatever_their_order(bucket: Bucket) -> None:
    hours = {"part-a.parquet": 1, "part-b.parquet": 2}
    account = counts(9, malformed_row=1, invalid_user_id=2)
    outputs = finish_jobs(bucket, touched_hours=hours, files={A: account, B: counts()})
    first = build_plan(bucket, a_claim(a_file(A), a_file(B)), outputs, loads_metadata=True)
    account["rows_rejected"] = turned(account["rows_rejected"])
    finish_jobs(bucket, touched_hours=turned(hours), files={B: counts(), A: turned(account)})

    claim = a_claim(a_file(B), a_file(A))
    second = build_plan(bucket, claim, turned(outputs), loads_metadata=True)

    assert plans.to_bytes(second) == plans.to_bytes(first)


def turned(values: dict[str, Any]) -> dict[str, Any]:
    """Give the same values, the last one first."""
    return dict(reversed(values.items()))


def test_a_plan_is_read_as_it_was_written(bucket: Bucket) -> None:
    accounts = {
        A: FileAccount("e1", None, 5, 4, 0, {"invalid_user_id": 1}),
        "data/streams/größe.csv": FileAccount("e2", "columns"),
    }
    plan = a_plan(7, files=accounts, backfill_dates=("2024-06-25",), is_rebuild=True)

    key = stage(bucket, plan)

    assert read_plan(bucket, key) == plan
    assert places.PLAN_KEY.fullmatch(key)


def test_a_plan_that_is_not_there_is_told(bucket: Bucket) -> None:
    with pytest.raises(BucketError, match="lake/commits/0000000007.json is not there"):
        read_plan(bucket, places.commit_key(7))
