"""`make compact`: no reader notices, whenever it dies and whatever runs beside it."""

import io
from collections.abc import Iterable
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commands import compact
from dags.protocol.errors import FinalError
from dags.systems.bucket import Bucket
from maintenance import compaction
from maintenance.compaction import Compaction
from maintenance.parquet_tables import arrow_schema
from maintenance.reconciliation import reconcile
from spark_jobs import lake, schemas
from tests.flow_deliveries import FIRST, SECOND, SONGS, THIRD
from tests.pipeline_world import World

DAY = "lake/streams/listen_date=2024-06-01"
FIRST_TWO = (f"{DAY}/0000000001-0.parquet", f"{DAY}/0000000002-0.parquet")
ALL = f"{DAY}/0000000002-all.parquet"


class DeathError(Exception):
    """The process is gone."""


@pytest.fixture
def two_commits(world: World) -> World:
    """A world of two commits; of its three days one has two objects, one has one."""
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)
    world.run("first")
    world.deliver("b.csv", *SECOND, *THIRD)
    world.run("second")
    return world


def objects_of(world: World, prefix: str = DAY) -> list[str]:
    return sorted(each.key for each in world.bucket.list_objects(prefix))


def spark_reads(world: World, commit: int) -> list[str]:
    """Give what Spark's reader takes of the day."""
    names = [key.rpartition("/")[2] for key in objects_of(world)]
    return [f"{DAY}/{name}" for name in lake.choose_objects(names, commit=commit)]


def read_rows(world: World, keys: Iterable[str]) -> list[dict[str, object]]:
    tables = [pq.read_table(io.BytesIO(world.bucket.read(key) or b"")) for key in keys]
    return pa.concat_tables(tables).to_pylist()


def deliver_third(world: World, run_id: str = "third") -> None:
    world.deliver("c.csv", "7,dawn,2024-06-01 10:00:00", "7,dawn,2024-06-02 10:00:00")
    assert world.run(run_id) == "committed"


def test_a_day_of_several_objects_gets_one_and_readers_take_it(
    two_commits: World, capsys: pytest.CaptureFixture[str]
) -> None:
    before = read_rows(two_commits, FIRST_TWO)

    done = compaction.compact(two_commits.pipeline, 7)

    assert done == Compaction(commit=2, days=1, objects=2, dropped=0, kept=2)
    assert objects_of(two_commits) == [FIRST_TWO[0], FIRST_TWO[1], ALL]
    assert spark_reads(two_commits, 2) == [ALL]
    assert read_rows(two_commits, [ALL]) == before
    assert capsys.readouterr().err == f"2024-06-01: 2 objects, 4 plays, into {ALL}\n"
    file = pq.ParquetFile(io.BytesIO(two_commits.bucket.read(ALL) or b""))
    assert file.schema_arrow.equals(arrow_schema(schemas.STREAMS))
    assert "isAdjustedToUTC=true, timeUnit=microseconds" in str(file.schema.column(2).logical_type)
    assert file.num_row_groups == 1


def test_runs_and_a_rebuild_go_on_after_it(two_commits: World) -> None:
    compaction.compact(two_commits.pipeline, 0)

    deliver_third(two_commits)
    two_commits.assert_tables()
    two_commits.execute_in_warehouse("DELETE FROM streams; DELETE FROM hourly_kpis")
    assert two_commits.run("rebuild", rebuild=True) == "committed"

    two_commits.assert_tables()
    assert reconcile(two_commits.pipeline).faults == ()


def test_a_second_call_finds_nothing_to_do_until_a_run_adds_to_a_day(two_commits: World) -> None:
    compaction.compact(two_commits.pipeline, 7)
    assert compaction.compact(two_commits.pipeline, 7) == Compaction(2, 0, 0, 0, 2)
    deliver_third(two_commits)

    done = compaction.compact(two_commits.pipeline, 7)

    assert done == Compaction(commit=3, days=2, objects=4, dropped=0, kept=6)
    assert spark_reads(two_commits, 3) == [f"{DAY}/0000000003-all.parquet"]
    two_commits.assert_tables()


def test_what_a_reader_listed_before_is_readable_for_seven_days(two_commits: World) -> None:
    listed = spark_reads(two_commits, 2)
    rows = read_rows(two_commits, listed)
    compaction.compact(two_commits.pipeline, 7)
    two_commits.ahead = timedelta(days=6, hours=23)
    compaction.compact(two_commits.pipeline, 7)

    assert listed == list(FIRST_TWO)
    assert read_rows(two_commits, listed) == rows

    two_commits.ahead = timedelta(days=7, minutes=1)
    assert compaction.compact(two_commits.pipeline, 7) == Compaction(2, 0, 0, 2, 0)
    assert objects_of(two_commits) == [ALL]
    two_commits.assert_tables()


def test_with_no_days_to_keep_they_go_at_once_and_smaller_ones_too(
    two_commits: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    compaction.compact(two_commits.pipeline, 7)
    deliver_third(two_commits)
    monkeypatch.setattr(compact, "open_place", lambda state: two_commits.pipeline)

    assert compact.main(["--keep-days", "0"]) == 0

    assert capsys.readouterr().out == (
        "compacted up to commit 3: 4 objects of 2 days into one a day; of the superseded objects "
        "6 dropped, 0 kept for readers\n"
    )
    assert objects_of(two_commits) == [f"{DAY}/0000000003-all.parquet"]
    two_commits.assert_tables()
    assert reconcile(two_commits.pipeline).faults == ()


def test_one_that_is_killed_before_its_deletes_are_done_is_gone_on_with(
    two_commits: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = Bucket.delete
    for deleted in (0, 1):

        def die(bucket: Bucket, keys: Iterable[str], deleted: int = deleted) -> None:
            waiting = list(keys)
            delete(bucket, waiting[:deleted])
            if waiting:
                raise DeathError

        with monkeypatch.context() as patch:
            patch.setattr(Bucket, "delete", die)
            with pytest.raises(DeathError):
                compaction.compact(two_commits.pipeline, 0)
        assert objects_of(two_commits) == [*FIRST_TWO[deleted:], ALL]
        assert spark_reads(two_commits, 2) == [ALL]
        two_commits.assert_tables()

    compaction.compact(two_commits.pipeline, 0)

    assert objects_of(two_commits) == [ALL]
    two_commits.assert_tables()


def test_one_that_is_killed_before_its_put_leaves_the_lake_as_it_was(
    two_commits: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise DeathError

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "put_once", die)
        with pytest.raises(DeathError):
            compaction.compact(two_commits.pipeline, 0)

    assert objects_of(two_commits) == list(FIRST_TWO)
    two_commits.assert_tables()


def test_an_object_that_is_there_is_never_overwritten(world: World) -> None:
    world.bucket.put(ALL, b"of another compaction")

    world.bucket.put_once(ALL, io.BytesIO(b"mine"))

    assert world.bucket.read(ALL) == b"of another compaction"


def test_a_run_that_claimed_before_it_commits_after_it(two_commits: World) -> None:
    two_commits.deliver("c.csv", "7,dawn,2024-06-01 10:00:00", *FIRST)
    life = two_commits.life("third")
    life.load_metadata()
    life.extract()

    compaction.compact(two_commits.pipeline, 0)
    life.run_jobs()
    life.load()
    compaction.compact(two_commits.pipeline, 0)  # publishes it, as every beginning does
    life.publish()
    life.mark()

    two_commits.assert_tables()
    assert objects_of(two_commits) == [f"{DAY}/0000000003-all.parquet"]


def test_days_too_large_for_one_put_and_unpublished_plays_are_left_alone(
    two_commits: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ahead = f"{DAY}/0000000003-0.parquet"
    two_commits.bucket.copy(FIRST_TWO[0], ahead)

    with monkeypatch.context() as patch:
        patch.setattr(compaction, "MAX_PUT_BYTES", 100)
        assert compaction.compact(two_commits.pipeline, 0) == Compaction(2, 0, 0, 0, 0)
    assert objects_of(two_commits) == [*FIRST_TWO, ahead]
    assert "are too many for one object: it stays as it is" in capsys.readouterr().err
    compaction.compact(two_commits.pipeline, 0)

    assert objects_of(two_commits) == [ALL, ahead]
    two_commits.assert_tables()


def test_a_warehouse_behind_the_lake_is_left_to_a_rebuild(world: World) -> None:
    world.bucket.put("lake/commits/0000000001.json", b"{}")

    with pytest.raises(FinalError, match="run `make rebuild`"):
        compaction.compact(world.pipeline, 7)
