"""A run begins with all commits published, on a warehouse that is fit for it, or not at all."""

from typing import Any

import pytest

from conf import places
from dags.protocol.begin import Beginning, begin
from dags.protocol.errors import FinalError, OvertakenError
from dags.systems.bucket import BucketError
from tests.dags.memory_s3 import DeathError, MemoryS3
from tests.dags.pipeline_doubles import MemoryWarehouse, NotedLedger, a_pipeline
from tests.dags.plan_builders import CLAIM, A, a_plan, publish_commit, stage

LAKE_OBJECT = "lake/streams/listen_date=2024-06-25/0000000007-0.parquet"


def unpublished(s3: MemoryS3, **changes: Any) -> tuple[Any, MemoryWarehouse, NotedLedger]:
    """Give a pipeline whose warehouse is at commit 7, which nobody has published."""
    ledger, warehouse = NotedLedger(), MemoryWarehouse()
    pipeline = a_pipeline(s3, warehouse, ledger=ledger)
    publish_commit(pipeline.bucket, 6)
    warehouse.state = (7, stage(pipeline.bucket, a_plan(7, **changes)))
    return pipeline, warehouse, ledger


@pytest.mark.parametrize("versions", [(), (1, 2, 3, 4, 5, 6), (1, 3, 4, 5, 6, 7)])
def test_a_warehouse_that_lacks_a_migration_is_refused(versions: tuple[int, ...]) -> None:
    pipeline = a_pipeline(warehouse=MemoryWarehouse(versions=versions))

    with pytest.raises(FinalError, match=r"lacks \d{4}_\w+\.sql.*: run `make up`, or deploy"):
        begin(pipeline)


def test_a_warehouse_behind_the_lake_is_told_to_be_rebuilt() -> None:
    pipeline = a_pipeline(warehouse=MemoryWarehouse(5, "a-plan"))
    for commit in (4, 5, 6, 9):
        publish_commit(pipeline.bucket, commit)

    with pytest.raises(FinalError, match="at commit 5, the lake at 9: .* run `make rebuild`$"):
        begin(pipeline)


def test_a_warehouse_that_was_made_anew_is_behind_the_lake_too() -> None:
    pipeline = a_pipeline()
    publish_commit(pipeline.bucket, 1)

    with pytest.raises(FinalError, match="at commit 0, the lake at 1: "):
        begin(pipeline)


def test_a_rebuild_goes_on_from_the_lakes_greatest_commit() -> None:
    pipeline = a_pipeline(warehouse=MemoryWarehouse(5, "a-plan"))
    for commit in (4, 5, 6, 9):
        publish_commit(pipeline.bucket, commit)

    assert begin(pipeline, may_be_behind=True) == Beginning(9, 5, has_redone=False)


def test_only_commits_count_as_published() -> None:
    pipeline = a_pipeline(warehouse=MemoryWarehouse(5, "a-plan"))
    publish_commit(pipeline.bucket, 5)
    for key in ("lake/commits/0000000006.json.part", "lake/commits/x.json", "lake/commits/7/a"):
        pipeline.bucket.put(key, b"{}")

    assert begin(pipeline).commit == 5


def test_the_first_run_builds_on_nothing() -> None:
    assert begin(a_pipeline()) == Beginning(0, 0, has_redone=False)


def test_a_published_commit_is_built_on_and_not_redone() -> None:
    s3 = MemoryS3()
    pipeline = a_pipeline(s3, MemoryWarehouse(7, "a-plan"))
    publish_commit(pipeline.bucket, 7)

    assert begin(pipeline) == Beginning(7, 7, has_redone=False)
    assert s3.writes == ["lake/commits/0000000007.json"]


def test_an_unpublished_commit_is_carried_out_first() -> None:
    s3 = MemoryS3()
    pipeline, _, ledger = unpublished(s3)

    beginning = begin(pipeline)

    assert beginning == Beginning(7, 7, has_redone=True)
    assert LAKE_OBJECT in s3.objects
    assert places.commit_key(7) in s3.objects
    assert {key: claim for key, (claim, _, _) in ledger.finished.items()} == {A: CLAIM}


def test_a_dry_run_carries_nothing_out() -> None:
    s3 = MemoryS3()
    pipeline, _, ledger = unpublished(s3)
    before = dict(s3.objects)

    with pytest.raises(FinalError, match="commit 7 is not published yet: start a run without dry"):
        begin(pipeline, may_redo=False)

    assert (s3.objects, ledger.finished) == (before, {})


def test_a_redo_that_is_killed_anywhere_is_gone_on_with() -> None:
    s3 = MemoryS3()
    pipeline, _, ledger = unpublished(s3)
    for writes in range(3):
        s3.die_after(writes)
        with pytest.raises(DeathError):
            begin(pipeline)
        assert places.commit_key(7) not in s3.objects

    s3.live()

    assert begin(pipeline).has_redone
    assert places.commit_key(7) in s3.objects
    assert list(ledger.finished) == [A]


def test_a_plan_that_is_gone_is_told() -> None:
    s3 = MemoryS3()
    pipeline, warehouse, _ = unpublished(s3)
    s3.objects.pop(str(warehouse.state[1]))

    with pytest.raises(BucketError, match=r"plan-[0-9a-f]{64}\.json is not there"):
        begin(pipeline)


def commit_meanwhile(pipeline: Any, warehouse: MemoryWarehouse, *, is_published: bool) -> None:
    """Let another run commit 8 as soon as this one has looked at commit 7."""
    execute, looks = warehouse.execute_statement, []

    def look(Sql: str, **request: Any) -> dict[str, str]:  # noqa: N803
        if "FROM etl_state" in Sql:
            looks.append(Sql)
            if len(looks) == 2:
                warehouse.state = (8, "another-plan")
                if is_published:
                    publish_commit(pipeline.bucket, 8)
        return execute(Sql, **request)

    warehouse.execute_statement = look


def test_a_run_that_is_overtaken_while_it_redoes_a_commit_ends() -> None:
    pipeline, warehouse, _ = unpublished(MemoryS3())
    commit_meanwhile(pipeline, warehouse, is_published=False)

    with pytest.raises(OvertakenError, match="overtaken by commit 8, which is not published yet"):
        begin(pipeline)


def test_a_commit_that_was_published_meanwhile_is_built_on() -> None:
    pipeline, warehouse, _ = unpublished(MemoryS3())
    commit_meanwhile(pipeline, warehouse, is_published=True)

    assert begin(pipeline) == Beginning(8, 8, has_redone=True)
