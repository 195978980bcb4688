"""No run makes a write that no case of the matrix kills at."""

import pytest

from tests.crash.cases import Records, list_matrix
from tests.crash.watch import DeathError, Kill, Watch
from tests.crash.writes import kind_of
from tests.flow_cases import CASES
from tests.flow_deliveries import FIRST, SONGS
from tests.pipeline_world import World


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_each_write_of_a_run_is_of_a_kind_that_is_killed_at(
    world: World, all_records: Records, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The flows of `flow_cases` are all that runs are asked for; nobody lists their writes."""
    watch, run, seen = Watch(world), world.run, set()
    killed = {kind for found in all_records.found.values() for kind in found.writes}

    def watched_run(run_id: str, **params: object) -> str:
        watch.begin()
        try:
            return run(run_id, **params)
        finally:
            seen.update(watch.writes)
            watch.end()

    monkeypatch.setattr(world, "run", watched_run)
    CASES[name](world)

    assert len(seen) > 10
    assert seen - killed == set()


@pytest.mark.slow
def test_the_matrix_kills_before_and_after_each_write_of_each_scenario(
    all_records: Records,
) -> None:
    cases = list(list_matrix(all_records.found))

    for name, found in all_records.found.items():
        kills = {case.kills for case in cases if case.scenario.name == name}
        numbers = range(1, len(found.writes) + 1)
        assert kills == {(Kill(n, m),) for n in numbers for m in ("before", "after")}


def test_a_worker_dies_before_its_write_or_after_it(world: World) -> None:
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)
    watch = Watch(world)

    for moment, is_there in (("before", False), ("after", True)):
        watch.begin([Kill(1, moment)])
        with pytest.raises(DeathError, match=moment):
            world.bucket.put(f"killed/{moment}", b"")
        with pytest.raises(DeathError):
            world.bucket.head(f"killed/{moment}")
        watch.end()
        assert (world.bucket.head(f"killed/{moment}") is not None) is is_there


def test_a_commit_of_rds_is_a_write(world: World) -> None:
    world.deliver_metadata(SONGS)
    watch = Watch(world)
    watch.begin([Kill(2, "before")])

    with pytest.raises(DeathError):
        world.life("dies").load_metadata()

    assert watch.writes[1] == "rds commit"
    watch.end()
    with world.pipeline.open_metadata() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM songs")
        assert cursor.fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("service", "operation", "params", "kind"),
    [
        ("s3", "GetObject", {"Key": "a"}, None),
        ("sns", "Publish", {}, None),
        ("s3", "NewOperation", {"Key": "x/claim=a-1/y-12.json"}, "x/claim=*/y-*.json"),
        ("dynamodb", "UpdateItem", {"UpdateExpression": "SET a = :a, b = :b"}, "SET a = :a"),
        ("redshift-data", "ExecuteStatement", {"Sql": "-- why\nSELECT 1\n"}, "SELECT *"),
        ("redshift-data", "BatchExecuteStatement", {"Sqls": ["UPDATE etl_state"]}, "the commit"),
        ("emr-serverless", "StartJobRun", {"name": "a-claim/validate_data"}, "validate_data"),
    ],
)
def test_what_is_not_known_to_read_is_a_write(
    service: str, operation: str, params: dict[str, object], kind: str | None
) -> None:
    expected = f"{service} {operation} {kind}" if kind else None

    assert kind_of(service, operation, params) == expected
