"""`make reconcile`: clean after whatever runs did, and the first hour of whatever else was done."""

import io
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commands import reconcile
from dags.protocol.pipeline import Pipeline
from dags.systems import warehouse
from dags.systems.warehouse import WarehouseError
from maintenance import reconciliation
from tests import flow_cases, flow_deliveries
from tests.flow_deliveries import FIRST, SECOND, SONGS, THIRD
from tests.pipeline_world import World

CASES = (
    flow_deliveries.three_files_in_three_runs,
    flow_deliveries.a_changed_file_only_adds,
    flow_cases.a_warehouse_restored_from_a_backup,
)
ODD = '9223372036854775807,"ö, ""x""",2024-06-01 12:00:00.000001'

OTHERS = "lake and streams hold as many plays, but not the same"
# Each in an hour before those of the ones above it.
FAULTS = (
    "DELETE FROM hourly_kpis WHERE hour = '2024-06-02 00:00:00'",
    "UPDATE streams SET listen_time = listen_time + INTERVAL '1 microsecond' WHERE user_id > 9",
    "UPDATE hourly_kpis SET total_plays = 2 WHERE hour = '2024-06-01 11:00:00'",
    # Two plays of one hour swap their users.
    "UPDATE streams SET user_id = 5 - user_id WHERE user_id IN (2, 3)",
    "DELETE FROM streams WHERE listen_time < '2024-06-01 00:00:00'",
    "INSERT INTO streams VALUES (8, 'dawn', '2024-05-30 00:00:00')",
)


@pytest.fixture
def two_commits(world: World) -> World:
    """A world of two commits: nine plays in five hours of three days."""
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST, ODD)
    world.run("first")
    world.deliver("b.csv", *SECOND, *THIRD)
    world.run("second")
    return world


def faults_of(world: World) -> tuple[str, ...]:
    return reconciliation.reconcile(world.pipeline).faults


def key_of(world: World, day: str, commit: int) -> str:
    return f"lake/streams/listen_date={day}/{commit:010d}-0.parquet"


def change_lake(world: World, key: str, change: Callable[[pa.Table], pa.Table]) -> None:
    table = pq.read_table(io.BytesIO(world.bucket.read(key) or b""))
    buffer = io.BytesIO()
    pq.write_table(change(table), buffer)
    world.bucket.put(key, buffer.getvalue())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_all_places_agree_after(
    case: Callable[[World], None], world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    case(world)

    found = reconciliation.reconcile(world.pipeline)

    assert found.faults == ()
    assert {plays for _, plays, _ in found.places} == {len(world.tables()["streams"])}
    assert reconcile.print_reconciliation(found) == 0
    assert "every play is there exactly once" in capsys.readouterr().out


def test_a_state_without_a_commit_agrees(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert reconcile.main(["--state", str(world.stack.config.state)]) == 0

    out = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in out[1:5]] == ["0", "0", "0", "0"]
    assert out[5] == "commit 0: every play is there exactly once"


def test_the_first_hour_that_differs_is_named_however_it_differs(two_commits: World) -> None:
    first = []
    for sql in FAULTS:
        two_commits.execute_in_warehouse(sql)
        (fault,) = faults_of(two_commits)
        first.append(fault.removeprefix("hour ").replace(" UTC is the first: lake", ":"))

    assert first == [
        "2024-06-02 00:00: 3 plays, streams 3, hourly_kpis 0",
        f"2024-06-01 12:00: 1 plays, streams 1, hourly_kpis 1; {OTHERS}",
        "2024-06-01 11:00: 1 plays, streams 1, hourly_kpis 2",
        f"2024-06-01 10:00: 3 plays, streams 3, hourly_kpis 3; {OTHERS}",
        "2024-05-31 23:00: 1 plays, streams 0, hourly_kpis 1",
        "2024-05-30 00:00: 0 plays, streams 1, hourly_kpis 0",
    ]


def test_plays_that_are_twice_in_the_lake_or_in_a_wrong_folder_are_found(
    two_commits: World,
) -> None:
    key = key_of(two_commits, "2024-06-01", 1)
    copied = key.replace("-0.parquet", "-1.parquet")
    moved = key_of(two_commits, "2024-05-31", 2)
    two_commits.bucket.copy(key, copied)

    hour, account = faults_of(two_commits)

    assert hour == (
        "hour 2024-06-01 10:00 UTC is the first: lake 5 plays, streams 3, hourly_kpis 3; "
        "the lake holds a play more than once"
    )
    assert account == ("the commits account for 9 plays, the lake holds 13; of 2024-06-01 5 and 9")
    two_commits.bucket.copy(moved, moved.replace("05-31", "06-03"))
    two_commits.bucket.delete([copied, moved])
    assert faults_of(two_commits) == (
        "hour 2024-05-31 23:00 UTC is the first: lake 1 plays, streams 1, hourly_kpis 1; "
        "the lake holds plays of it in the folder of 2024-06-03",
    )


def test_a_play_that_is_twice_everywhere_is_found(two_commits: World) -> None:
    change_lake(
        two_commits,
        key_of(two_commits, "2024-05-31", 2),
        lambda table: pa.concat_tables([table, table]),
    )
    two_commits.execute_in_warehouse(
        "UPDATE hourly_kpis SET total_plays = 2 WHERE hour = '2024-05-31 23:00:00';"
        "INSERT INTO streams VALUES (5, 'dawn', '2024-05-31 23:59:59')"
    )

    hour, account = faults_of(two_commits)

    assert hour == (
        "hour 2024-05-31 23:00 UTC is the first: lake 2 plays, streams 2, hourly_kpis 2; "
        "the lake holds a play more than once"
    )
    assert account.endswith("; of 2024-05-31 1 and 2")


def test_a_commit_without_its_json_is_named_and_the_last_one_left_to_a_run(
    two_commits: World,
) -> None:
    first, last = "lake/commits/0000000001.json", "lake/commits/0000000002.json"
    content = two_commits.bucket.read(first) or b""
    two_commits.bucket.delete([first])

    missing, account = faults_of(two_commits)

    assert missing.startswith(f"{first} is missing, though commit 2 is published")
    assert account == ("the commits account for 5 plays, the lake holds 9; of 2024-06-01 1 and 5")
    two_commits.bucket.put(first, content)
    two_commits.bucket.delete([last])
    assert faults_of(two_commits) == (
        "Redshift is at commit 2, which is not published yet: the next run publishes it; "
        "`make run` first, then reconcile again",
    )
    two_commits.run("next")
    assert faults_of(two_commits) == ()


def test_a_restored_warehouse_asks_for_a_rebuild(world: World) -> None:
    world.bucket.put("lake/commits/0000000001.json", b"{}")

    assert faults_of(world) == (
        "the warehouse is at commit 0, the lake at 1: it was restored from a backup; run "
        "`make rebuild`",
    )


def test_a_run_that_commits_while_it_looks_makes_it_look_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_state, states = warehouse.read_state, [(1, None)]
    monkeypatch.setattr(
        warehouse, "read_state", lambda of: states.pop() if states else read_state(of)
    )

    found = reconciliation.reconcile(world.pipeline)

    assert (found.commit, found.faults, states) == (0, (), [])


def test_the_verb_prints_four_places_and_ends_with_1_where_they_differ(
    two_commits: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reconcile, "open_place", lambda state: two_commits.pipeline)

    assert reconcile.main([]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "  place         plays  in",
        "  lake/commits  9      2 commits",
        "  lake/streams  9      5 hours",
        "  streams       9      5 hours",
        "  hourly_kpis   9      5 hours",
        "commit 2: every play is there exactly once",
    ]

    two_commits.execute_in_warehouse("DELETE FROM streams WHERE user_id = 6")
    assert reconcile.main([]) == 1
    assert capsys.readouterr().err.startswith("differs: hour 2024-06-02 00:00 UTC is the first")


def test_what_cannot_be_asked_ends_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(state: Path) -> Pipeline:
        raise WarehouseError("no warehouse: run make up")

    monkeypatch.setattr(reconcile, "open_place", refuse)

    assert reconcile.main(["--state", "somewhere"]) == 2
    assert capsys.readouterr() == ("", "error: no warehouse: run make up\n")
