"""Cases of the whole flow about what is asked of it, and the list of all cases.

`tests/dags/protocol` runs them with the jobs in plain Python, `tests/end_to_end` with Spark.
"""

from collections.abc import Callable

import pytest

from tests import flow_deliveries
from tests.flow_deliveries import DAWN, DAWN_AS_ROCK, DUSK, FIRST, SECOND, SONGS, THIRD
from tests.pipeline_world import World

Case = Callable[[World], None]


def nothing_new(world: World) -> None:
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)
    world.run("first")
    before = world.tables()

    assert world.run("second") == "nothing to do"

    assert world.tables() == before
    assert world.state()[0] == 1


def corrected_metadata_on_a_day_without_plays(world: World) -> None:
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)
    world.run("first")
    world.deliver_metadata((DAWN, DUSK._replace(track_genre="jazz", duration_ms=300_000)))

    world.run("second")

    genres = sorted(row[:3] for row in world.tables()["genre_kpis"])
    # Song 2 is in no file any more: it is gone from the warehouse, and its genre with it.
    assert genres == [("jazz", 1, 300_000.0), ("pop", 2, 200_000.0)]
    assert sorted(row[0] for row in world.tables()["songs"]) == [1, 3]


def a_genre_that_loses_its_plays(world: World) -> None:
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", "1,dusk,2024-06-01 11:00:00")
    world.run("first")
    assert [row[0] for row in world.tables()["genre_kpis"]] == ["rock"]
    world.deliver_metadata((DAWN, DAWN_AS_ROCK, DUSK._replace(track_genre="jazz")))

    world.run("second")

    world.assert_tables()
    assert [row[0] for row in world.tables()["genre_kpis"]] == ["jazz"]


def a_failing_job(world: World) -> None:
    world.deliver_metadata(SONGS)
    key = world.deliver("a.csv", *FIRST)
    life = world.life("fails")
    life.load_metadata()
    life.extract()
    life.release()
    assert world.status(key) == "FAILED"

    assert world.run("next") == "committed"

    world.assert_tables()
    assert world.status(key) == "PROCESSED"


def a_run_cleared_after_success(world: World) -> None:
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)
    world.run("daily")
    before = world.tables()

    assert world.run("daily") == "nothing to do"

    assert world.tables() == before


def a_backfill_after_corrected_metadata(world: World) -> None:
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST, *SECOND, *THIRD)
    world.run("first")
    world.deliver_metadata((DAWN._replace(artists="Zoe"), DAWN_AS_ROCK, DUSK))
    world.run("second")
    tops = {row[0].isoformat(): row[4] for row in world.tables()["hourly_kpis"]}
    assert tops["2024-06-01T10:00:00+00:00"] == "Ann"

    world.run("backfill", from_date="2024-05-31", to_date="2024-06-02")

    world.assert_tables()
    tops = {row[0].isoformat(): row[4] for row in world.tables()["hourly_kpis"]}
    assert tops["2024-06-01T10:00:00+00:00"] == "Zoe"


def named_files_again(world: World) -> None:
    world.deliver_metadata(SONGS)
    key = world.deliver("a.csv", *FIRST)
    world.run("first")

    world.run("again", files=[key, key])

    world.assert_tables()
    assert world.report("again")["files"][key]["rows_duplicate"] == 3


def a_dry_run(world: World) -> None:
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)
    world.run("first")
    key = world.deliver("b.csv", *SECOND)
    before = world.tables()

    assert world.run("dry", dry_run=True) == "dry run"

    assert world.tables() == before
    assert world.pipeline.ledger.read([key]) == {}
    assert world.report("dry")["files"][key]["rows_accepted"] == 2
    assert world.run("wet") == "committed"
    world.assert_tables()


def a_rebuild(world: World) -> None:
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)
    world.run("first")
    world.deliver("b.csv", *SECOND, *THIRD)
    world.run("second")
    totals = [each.key for each in world.bucket.list_objects("lake/track_plays/")]
    world.bucket.delete(totals)
    world.execute_in_warehouse("DELETE FROM streams; DELETE FROM hourly_kpis")

    assert world.run("rebuild", rebuild=True) == "committed"

    world.assert_tables()
    world.deliver("c.csv", "9,dawn,2024-06-03 00:00:00")
    world.run("third")
    world.assert_tables()


def a_warehouse_restored_from_a_backup(world: World) -> None:
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)
    world.run("first")
    world.deliver("b.csv", *SECOND)
    world.run("second")
    world.execute_in_warehouse(
        "DELETE FROM streams; DELETE FROM hourly_kpis; UPDATE etl_state SET commit_no = 1"
    )
    with pytest.raises(Exception, match="run `make rebuild`"):
        world.run("third")

    world.run("rebuild", rebuild=True)

    assert world.state()[0] == 3
    world.assert_tables()


CASES: dict[str, Case] = {
    case.__name__: case
    for case in (
        flow_deliveries.a_run_without_a_play_before_one_with_plays,
        flow_deliveries.three_files_in_one_run,
        flow_deliveries.three_files_in_three_runs,
        flow_deliveries.a_late_file_in_a_date_folder,
        flow_deliveries.a_file_twice,
        flow_deliveries.a_changed_file_only_adds,
        flow_deliveries.a_refused_file_among_good_ones,
        flow_deliveries.a_file_of_mostly_rejects_beside_good_ones,
        nothing_new,
        corrected_metadata_on_a_day_without_plays,
        a_genre_that_loses_its_plays,
        a_failing_job,
        a_run_cleared_after_success,
        a_backfill_after_corrected_metadata,
        named_files_again,
        a_dry_run,
        a_rebuild,
        a_warehouse_restored_from_a_backup,
    )
}
