"""The one transaction of a run: its statements, their order, and what they load."""

import json
import re
from typing import Any

import pytest

from conf import places
from dags.protocol import batch
from dags.protocol.batch import build_batch, choose_objects, list_lake_plays
from dags.protocol.plan import DataFile, Plan
from dags.systems.warehouse import Statement
from tests.dags.memory_s3 import MemoryS3
from tests.dags.pipeline_doubles import a_pipeline
from tests.dags.plan_builders import CLAIM, FOLDER, a_plan

KEY = places.plan_key(CLAIM, b"")
LAKE = "lake/streams/listen_date=2024-06-2"
METADATA = {
    "users": (DataFile(f"{FOLDER}/extract_metadata/attempt=1/users/a.parquet", 102, 2),),
    "songs": (DataFile(f"{FOLDER}/extract_metadata/attempt=1/songs/a.parquet", 103, 3),),
}
ROLE = "arn:aws:iam::123456789012:role/music-streaming-copy"
MAX_STATEMENTS = 40


def with_metadata(**changes: Any) -> Plan:
    plan = a_plan(7)
    return a_plan(7, tables={**METADATA, **plan.tables}, **changes)


KINDS = {
    "daily": a_plan(7),
    "daily with metadata": with_metadata(),
    "backfill": a_plan(7, backfill_dates=("2024-06-25", "2024-06-26")),
    "backfill with metadata": with_metadata(backfill_dates=("2024-06-25",)),
    "rebuild": with_metadata(is_rebuild=True),
}


def build(plan: Plan, s3: MemoryS3 | None = None, plays: Any = None) -> list[Statement]:
    return build_batch(
        a_pipeline(s3), plan, KEY, plan.tables["streams"] if plays is None else plays
    )


def heads(statements: list[Statement]) -> list[str]:
    """Give the first words of each statement, and which table a check counts."""
    given = []
    for statement in statements:
        code = " ".join(statement.sql.split())
        counted = re.search(r"COUNT\(\*\) FROM (\w+)", code)
        is_check = code.startswith("SELECT")
        given.append(f"check {counted[1]}" if is_check and counted else " ".join(code.split()[:3]))
    return given


@pytest.mark.parametrize("plan", KINDS.values(), ids=KINDS)
def test_a_batch_is_no_longer_than_the_data_api_takes(plan: Plan) -> None:
    assert 0 < len(build(plan)) <= MAX_STATEMENTS


@pytest.mark.parametrize("plan", KINDS.values(), ids=KINDS)
def test_a_batch_begins_with_its_turn_and_ends_with_its_proof(plan: Plan) -> None:
    statements = build(plan)

    assert heads(statements)[1:3] == ["UPDATE etl_state SET", "check etl_state"]
    assert statements[2].failure == "overtaken: another run committed first"
    assert statements[-1].sql.startswith("SELECT CAST('hour '")
    assert "total_plays of an hour is not the number of its plays" in statements[-1].failure


@pytest.mark.parametrize("plan", KINDS.values(), ids=KINDS)
def test_no_check_of_a_batch_is_answered_from_the_cache_of_results(plan: Plan) -> None:
    assert build(plan)[0].sql == "SET enable_result_cache_for_session TO off"


@pytest.mark.parametrize("plan", KINDS.values(), ids=KINDS)
def test_no_statement_ends_the_transaction_and_no_marker_is_left(plan: Plan) -> None:
    code = "\n".join(each.sql for each in build(plan))

    assert not re.search(r"\b(TRUNCATE|COMMIT|ROLLBACK|VACUUM|BEGIN|END TRANSACTION)\b", code)
    assert "$" not in code


def test_a_daily_batch_loads_its_tables_in_a_fixed_order() -> None:
    assert heads(build(with_metadata())) == [
        "SET enable_result_cache_for_session TO",
        "UPDATE etl_state SET",
        "check etl_state",
        *("CREATE TEMP TABLE", "COPY stage_users FROM", "check stage_users"),
        *("CREATE TEMP TABLE", "COPY stage_songs FROM", "check stage_songs"),
        *("CREATE TEMP TABLE", "COPY stage_streams FROM", "check stage_streams"),
        *("CREATE TEMP TABLE", "COPY stage_genre_kpis FROM", "check stage_genre_kpis"),
        *("CREATE TEMP TABLE", "COPY stage_hourly_kpis FROM", "check stage_hourly_kpis"),
        *("CREATE TEMP TABLE", "COPY stage_touched_hours FROM"),
        *("MERGE INTO users", "MERGE INTO songs", "MERGE INTO streams"),
        *("MERGE INTO genre_kpis", "MERGE INTO hourly_kpis"),
        *("DELETE FROM users", "DELETE FROM songs", "DELETE FROM genre_kpis"),
        "INSERT INTO stage_touched_hours",
        "SELECT CAST('hour '",
    ]


def test_metadata_as_it_was_is_not_touched() -> None:
    code = "\n".join(statement.sql for statement in build(a_plan(7)))

    assert "users" not in code
    assert "songs" not in code


def test_a_data_set_of_no_rows_is_counted_and_not_copied() -> None:
    plan = a_plan(7, tables=dict.fromkeys(a_plan(7).tables, ()))
    s3 = MemoryS3()

    statements = build(plan, s3)

    assert [head for head in heads(statements) if head.startswith("COPY")] == []
    checks = [each for each in statements if "stage_streams) = 0" in each.sql]
    assert len(checks) == 1
    assert "DELETE FROM genre_kpis" in heads(statements)
    assert s3.writes == []


def test_a_rebuild_replaces_plays_and_hours_and_counts_the_lake_by_its_hours_alone() -> None:
    plays = (DataFile(f"{LAKE}5/0000000003-all.parquet", 900, 0),)
    s3 = MemoryS3()

    statements = build(with_metadata(is_rebuild=True), s3, plays)

    found = heads(statements)
    assert "check stage_streams" not in found
    assert "check stage_hourly_kpis" in found
    deletes = found.index("DELETE FROM streams")
    assert found[deletes : deletes + 3] == [
        "DELETE FROM streams",
        "DELETE FROM hourly_kpis",
        "MERGE INTO users",
    ]
    assert found[-3:] == ["DELETE FROM genre_kpis", "INSERT INTO stage_touched_hours", found[-1]]
    assert "FROM streams\nUNION\nSELECT hour\nFROM hourly_kpis" in statements[-2].sql
    (manifest,) = [key for key in s3.writes if "manifest-streams" in key]
    assert json.loads(s3.objects[manifest][0])["entries"] == [
        {
            "url": f"s3://a-bucket/{LAKE}5/0000000003-all.parquet",
            "mandatory": True,
            "meta": {"content_length": 900},
        }
    ]


def test_a_backfill_proves_the_hours_of_all_its_days() -> None:
    statements = build(a_plan(7, backfill_dates=("2024-02-28", "2024-02-27", "2024-02-29")))

    (chosen,) = [each.sql for each in statements if "-02-" in each.sql]
    assert "listen_time >= '2024-02-27'\nAND listen_time < '2024-03-01'" in chosen
    assert "hour >= '2024-02-27'\nAND hour < '2024-03-01'" in chosen
    assert heads(statements)[-3:-1] == ["INSERT INTO stage_touched_hours"] * 2


def test_the_turn_is_from_the_commit_that_was_built_on_to_the_plans_own() -> None:
    turn, check = build(a_plan(7, before=4))[1:3]

    assert f"SET commit_no = 7,\n    plan = '{KEY}'\nWHERE commit_no = 4" in turn.sql
    assert f"WHERE commit_no = 7 AND plan = '{KEY}'" in check.sql


def test_a_copy_names_its_manifest_and_role_and_its_count_is_the_jobs() -> None:
    files = (DataFile(f"{FOLDER}/a.parquet", 101, 3), DataFile(f"{FOLDER}/b.parquet", 102, 4))
    s3 = MemoryS3()

    statements = build(a_plan(7, tables=a_plan(7).tables | {"genre_kpis": files}), s3)

    (copy,) = [each for each in statements if "COPY stage_genre_kpis" in each.sql]
    (check,) = [each for each in statements if "stage_genre_kpis) = 7" in each.sql]
    (key,) = [key for key in s3.writes if "manifest-genre_kpis" in key]
    assert f"FROM 's3://a-bucket/{key}'\nIAM_ROLE '{ROLE}'" in copy.sql
    assert copy.failure == "COPY of genre_kpis failed"
    assert check.failure == "genre_kpis does not hold the 7 rows that its job wrote"
    entries = json.loads(s3.objects[key][0])["entries"]
    assert [entry["meta"]["content_length"] for entry in entries] == [101, 102]


def test_the_same_plan_gives_the_same_statements_and_manifests() -> None:
    first, second = MemoryS3(), MemoryS3()

    assert build(with_metadata(), first) == build(with_metadata(), second)
    assert first.objects == second.objects


def an_object(commit: int, *, is_all: bool = False) -> tuple[int, bool, DataFile]:
    part = "all" if is_all else "0"
    return commit, is_all, DataFile(f"{LAKE}5/{commit:010d}-{part}.parquet", 1, 0)


@pytest.mark.parametrize(
    ("day", "chosen"),
    [
        ([], []),
        ([an_object(2), an_object(1)], ["01-0", "02-0"]),
        ([an_object(1), an_object(2, is_all=True), an_object(2), an_object(3)], ["02-all", "03-0"]),
        ([an_object(2, is_all=True), an_object(9, is_all=True), an_object(5)], ["09-all"]),
    ],
)
def test_of_a_day_the_greatest_compacted_object_and_the_later_ones_count(
    day: list[tuple[int, bool, DataFile]], chosen: list[str]
) -> None:
    found = [file.key.rpartition("/")[2] for file in choose_objects(day)]

    assert found == [f"00000000{name}.parquet" for name in chosen]


def test_the_lakes_plays_are_those_up_to_a_commit_day_by_day() -> None:
    s3 = MemoryS3()
    pipeline = a_pipeline(s3)
    names = ["5/0000000001-0", "5/0000000001-1", "6/0000000001-0", "6/0000000002-all"]
    names += ["6/0000000003-0", "5/0000000004-0", "5/0000000004-all", "5/_temporary", "5/x-0"]
    for name in names:
        pipeline.bucket.put(f"{LAKE}{name}.parquet", b"12345")

    found = list_lake_plays(pipeline.bucket, 3)

    expected = ["5/0000000001-0", "5/0000000001-1", "6/0000000002-all", "6/0000000003-0"]
    assert [file.key for file in found] == [f"{LAKE}{name}.parquet" for name in expected]
    assert {file.size for file in found} == {5}
    assert batch.list_lake_plays(pipeline.bucket, 0) == ()
