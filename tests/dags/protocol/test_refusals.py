"""What Redshift's transaction itself refuses: nothing of such a run is in any table."""

import json

import pytest

from dags.systems.warehouse import WarehouseError
from tests.flow_deliveries import FIRST, SECOND, SONGS
from tests.pipeline_life import Life
from tests.pipeline_world import World


@pytest.fixture
def second(world: World) -> Life:
    """A run that is about to commit its plays to hours that an earlier one filled."""
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)
    world.run("first")
    world.deliver("b.csv", *SECOND)
    life = world.life("second")
    life.load_metadata()
    life.extract()
    life.run_jobs()
    return life


def test_an_hour_that_was_changed_by_hand_stops_the_commit_and_is_named(second: Life) -> None:
    second.world.execute_in_warehouse("DELETE FROM streams WHERE track_id = 'dawn'")
    before = second.world.tables()

    with pytest.raises(WarehouseError, match="total_plays of an hour is not") as error:
        second.load()

    assert "hour 2024-06-01 10:00" in str(error.value)
    assert second.world.tables() == before
    assert second.world.state()[0] == 1


def test_a_staged_object_that_was_lost_stops_the_commit(second: Life) -> None:
    world = second.world
    folder = f"staging/claim={second.claim}/validate_data/attempt=1/streams/"
    lost = [each.key for each in world.bucket.list_objects(folder) if each.key.endswith("parquet")]
    before = world.tables()
    world.bucket.delete(lost[:1])

    with pytest.raises(WarehouseError, match="COPY of streams failed"):
        second.load()

    assert world.tables() == before


def test_a_staged_object_with_fewer_rows_stops_the_commit(second: Life) -> None:
    world = second.world
    folder = f"staging/claim={second.claim}/validate_data/attempt=1/streams"
    listing = json.loads(world.bucket.require(f"{folder}/_files.json"))
    listing["files"][0]["rows"] += 1
    world.bucket.put(f"{folder}/_files.json", json.dumps(listing).encode())

    with pytest.raises(WarehouseError, match="streams does not hold the 3 rows that its job wrote"):
        second.load()


def test_a_warehouse_without_a_migration_stops_before_it_writes(second: Life) -> None:
    world = second.world
    world.execute_in_warehouse("DELETE FROM schema_version WHERE version = 4")
    try:
        with pytest.raises(Exception, match=r"lacks 0004_create_genre_kpis.sql: run `make up`"):
            second.load()
    finally:
        world.execute_in_warehouse(
            "INSERT INTO schema_version VALUES (4, '0004_create_genre_kpis.sql', now())"
        )
