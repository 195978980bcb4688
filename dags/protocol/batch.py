"""The one transaction of a run: from a plan to the statements that make it true."""

import json
from collections.abc import Mapping
from datetime import date, timedelta

from conf import places
from dags.protocol.pipeline import Pipeline
from dags.protocol.plan import DataFile, Plan
from dags.systems import warehouse
from dags.systems.bucket import Bucket
from dags.systems.warehouse import Statement

# The order of their loading: fixed, so that two batches wait for each other and never in a ring.
LOADED = ("users", "songs", "streams", "genre_kpis", "hourly_kpis")
OVERTAKEN = "overtaken: another run committed first"
HOURS_DIFFER = (
    "total_plays of an hour is not the number of its plays in streams (the hour is in Redshift's "
    "error): nothing was committed; run make reconcile"
)


def build_batch(
    pipeline: Pipeline, plan: Plan, plan_key: str, plays: tuple[DataFile, ...]
) -> list[Statement]:
    """Build the statements of a plan and write the manifests that they name.

    Args:
        plays: What streams is to take: the run's new plays, or the whole lake for a rebuild.
    """
    files = {**plan.tables, "streams": plays}
    commit = plan.commit
    statements = [
        _statement("disable_result_cache"),
        _statement("update_etl_state", before=plan.before, commit=commit, plan=plan_key),
        _statement("check_etl_state", OVERTAKEN, commit=commit, plan=plan_key),
    ]
    for table in (*LOADED, "touched_hours"):
        if table in files:
            is_counted = not (plan.is_rebuild and table == "streams")
            statements += _stage(pipeline, plan, table, files[table], is_counted=is_counted)
    if plan.is_rebuild:
        statements += [_statement("delete_streams"), _statement("delete_hourly_kpis")]
    statements += [_statement(f"merge_{table}") for table in LOADED if table in files]
    # A stage of metadata or genres holds the whole table: what it lacks is gone.
    absent = [table for table in ("users", "songs") if table in files]
    statements += [_statement(f"delete_absent_{table}") for table in (*absent, "genres")]
    statements += _choose_hours(plan)
    return [*statements, _statement("check_hours", HOURS_DIFFER)]


def _stage(
    pipeline: Pipeline, plan: Plan, table: str, files: tuple[DataFile, ...], *, is_counted: bool
) -> list[Statement]:
    """Fill a table's stage and count its rows; a data set of no rows gets no COPY."""
    statements = [_statement(f"create_stage_{table}")]
    if files:
        manifest = write_manifest(pipeline.bucket, plan.claim, table, files)
        copy = {"manifest": pipeline.bucket.uri(manifest), "role": pipeline.copy_role}
        statements.append(_statement(f"copy_stage_{table}", f"COPY of {table} failed", **copy))
    if is_counted and table in LOADED:
        rows = sum(file.rows for file in files)
        failure = f"{table} does not hold the {rows} rows that its job wrote"
        statements.append(_statement(f"check_stage_{table}", failure, rows=rows))
    return statements


def _choose_hours(plan: Plan) -> list[Statement]:
    """Name the hours whose counts are proven before the commit."""
    if plan.is_rebuild:
        return [_statement("insert_all_hours")]
    statements = [_statement("insert_touched_hours")]
    if plan.backfill_dates:
        days = [date.fromisoformat(day) for day in plan.backfill_dates]
        after = max(days) + timedelta(days=1)
        span = {"first_day": min(days).isoformat(), "after_last_day": after.isoformat()}
        statements.append(_statement("insert_backfilled_hours", **span))
    return statements


def write_manifest(bucket: Bucket, claim: str, table: str, files: tuple[DataFile, ...]) -> str:
    """Write the manifest of a table's files, exact sizes in it, and give its key."""
    entries = [
        {
            "url": bucket.uri(file.key),
            "mandatory": True,
            "meta": {"content_length": file.size},
        }
        for file in files
    ]
    content = json.dumps({"entries": entries}, indent=1).encode()
    key = places.manifest_key(claim, table, content)
    bucket.put(key, content)
    return key


def list_lake_plays(bucket: Bucket, commit: int) -> tuple[DataFile, ...]:
    """List the objects that hold all plays up to a commit, as a reader of the lake chooses them."""
    days: dict[str, list[tuple[int, bool, DataFile]]] = {}
    for found in bucket.list_objects(places.LAKE_STREAMS):
        folder, _, name = found.key.rpartition("/")
        match = places.LAKE_OBJECT.fullmatch(name)
        if match and int(match["commit"]) <= commit:
            file = DataFile(found.key, found.size, 0)
            entry = (int(match["commit"]), match["part"] == "all", file)
            days.setdefault(folder, []).append(entry)
    return tuple(file for day in days.values() for file in choose_objects(day))


def choose_objects(day: list[tuple[int, bool, DataFile]]) -> list[DataFile]:
    """Choose a day's objects of (commit, is compacted, file).

    The greatest compacted object, and what is numbered above it.
    """
    compacted = max((number for number, is_all, _ in day if is_all), default=0)
    chosen = [
        file
        for number, is_all, file in day
        if number > compacted or (is_all and number == compacted)
    ]
    return sorted(chosen, key=lambda file: file.key)


def _statement(name: str, failure: str = "", **values: str | int) -> Statement:
    markers: Mapping[str, str | int] = values
    return Statement(warehouse.fill(warehouse.read_sql(name), markers), failure=failure)
