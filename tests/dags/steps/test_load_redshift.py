"""A claim becomes true in Redshift once: its turn, its files and its outputs looked at before."""

import json
import logging
from typing import Any

import pytest

from conf import places
from dags.protocol import plan as plans
from dags.protocol.errors import FinalError, OvertakenError, ReplacedError
from dags.systems.bucket import BucketError
from dags.systems.warehouse import WarehouseError
from tests.dags.finished_run import FinishedRun
from tests.dags.plan_builders import CLAIM, RUN, A, B, counts, finish_jobs

REPORT = f"reports/run={places.run_name(RUN)}.json"


@pytest.mark.parametrize("change", ["replaced", "removed"])
def test_a_claimed_file_that_is_not_what_it_was_fails_the_run(change: str) -> None:
    run = FinishedRun(keys=(A, B))
    if change == "replaced":
        run.put(B, b"others")
    else:
        run.bucket.delete([B])

    with pytest.raises(ReplacedError, match=f"^1 claimed files were replaced .*: {B}$"):
        run.load()

    assert (run.warehouse.batches, run.warehouse.state) == ([], (0, None))


def test_of_many_replaced_files_the_first_are_named() -> None:
    keys = [f"data/streams/{number}.csv" for number in range(7)]
    run = FinishedRun(keys=tuple(keys))
    for key in keys:
        run.put(key, b"others")

    with pytest.raises(ReplacedError, match="^7 claimed files") as caught:
        run.load()

    assert str(caught.value).endswith(f"takes them: {', '.join(keys[:5])}")


def test_an_output_of_another_claim_is_refused() -> None:
    run = FinishedRun()
    other = finish_jobs(run.bucket, f"{CLAIM[:-1]}0")

    with pytest.raises(FinalError, match=f"is no output of transform_kpis for claim {CLAIM}"):
        run.load(transform_kpis=other["transform_kpis"])

    assert run.warehouse.batches == []


def test_an_accounting_that_lacks_a_claimed_file_is_refused() -> None:
    run = FinishedRun(keys=(A, B))
    finish_jobs(run.bucket, files={A: counts()})

    with pytest.raises(FinalError, match="accounting.json does not name the files of"):
        run.load()

    assert run.warehouse.batches == []


def test_a_data_set_that_was_not_finished_is_refused() -> None:
    run = FinishedRun()
    run.bucket.delete([f"staging/claim={CLAIM}/transform_kpis/attempt=1/hourly_kpis/_files.json"])

    with pytest.raises(BucketError, match="hourly_kpis/_files.json is not there"):
        run.load()

    assert run.warehouse.batches == []


def test_a_warehouse_that_lacks_a_migration_is_refused() -> None:
    run = FinishedRun()
    run.warehouse.versions.remove(4)

    with pytest.raises(FinalError, match="lacks 0004_create_genre_kpis.sql: run `make up`"):
        run.load()

    assert run.warehouse.batches == []


def test_a_commit_is_the_plan_whose_key_it_notes() -> None:
    run = FinishedRun(commit=6)

    key = run.load()

    assert key is not None
    plan = plans.read_plan(run.bucket, key)
    assert run.warehouse.state == (7, key)
    assert (plan.claim, plan.before, plan.commit, plan.plays) == (CLAIM, 6, 7, 4)
    assert f"plan = '{key}'" in run.batch()


def test_a_daily_commit_loads_its_own_plays_and_not_the_lakes() -> None:
    run = FinishedRun(commit=6)
    run.put("lake/streams/listen_date=2024-06-25/0000000006-0.parquet")

    run.load()

    (manifest,) = [name for name in run.s3.objects if "/manifest-streams-" in name]
    folder = f"s3://a-bucket/staging/claim={CLAIM}/validate_data/attempt=1/streams"
    entries = json.loads(run.bucket.require(manifest))["entries"]
    assert [entry["url"] for entry in entries] == [
        f"{folder}/listen_date=2024-06-25/part-0.parquet"
    ]


def test_the_plan_is_written_before_the_batch_is_sent() -> None:
    run = FinishedRun()
    run.warehouse.errors = ["ERROR: any"]

    with pytest.raises(WarehouseError):
        run.load()

    assert [key for key in run.s3.objects if "/plan-" in key] != []


def test_a_try_that_finds_its_own_plan_goes_on_though_its_file_was_replaced() -> None:
    run = FinishedRun()
    key = run.load()
    run.put(A, b"others")

    assert run.load() == key

    assert len(run.warehouse.batches) == 1


def test_the_plan_of_another_attempt_is_another_plan() -> None:
    run = FinishedRun()
    run.load()
    outputs = finish_jobs(run.bucket, attempt=2)

    with pytest.raises(OvertakenError, match="overtaken by commit 1"):
        run.load(**outputs)


@pytest.mark.parametrize(
    ("commit", "version", "changes", "is_loaded"),
    [
        (6, "v1", {}, False),
        (6, "v2", {}, True),
        (0, "v1", {}, True),
        (6, "v1", {"is_rebuild": True, "keys": ()}, True),
    ],
)
def test_metadata_is_loaded_where_it_changed_or_all_is_made_anew(
    commit: int, version: str, changes: dict[str, Any], is_loaded: bool
) -> None:
    run = FinishedRun(commit, version, **changes)

    run.load()

    assert ("MERGE INTO users" in run.batch()) is is_loaded
    assert ("MERGE INTO songs" in run.batch()) is is_loaded


def test_a_rebuild_of_a_restored_warehouse_loads_the_lake_that_was_published() -> None:
    run = FinishedRun(9, keys=(), is_rebuild=True, warehouse_commit=6)
    run.warehouse.state = (6, "an-older-plan")
    run.put("lake/streams/listen_date=2024-06-25/0000000009-0.parquet")
    run.put("lake/streams/listen_date=2024-06-25/0000000010-0.parquet")

    key = run.load()

    assert run.warehouse.state == (10, key)
    (manifest,) = [name for name in run.s3.objects if "/manifest-streams-" in name]
    entries = json.loads(run.bucket.require(manifest))["entries"]
    uri = "s3://a-bucket/lake/streams/listen_date=2024-06-25/0000000009-0.parquet"
    assert [entry["url"] for entry in entries] == [uri]


def test_a_dry_run_reports_and_commits_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    run = FinishedRun(commit=6, is_dry=True)
    run.put(A, b"others")

    assert run.load() is None

    assert (run.warehouse.batches, run.warehouse.state[0]) == ([], 6)
    report = json.loads(run.bucket.require(REPORT))
    assert (report["status"], report["rows"]["streams"]) == ("dry run", 4)
    assert [key for key in run.s3.objects if "/plan-" in key] == []
    assert "dry run: 4 plays would be new; nothing is committed" in caplog.text
