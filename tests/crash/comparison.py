"""What a world holds in the end, whatever happened to it; and the first difference of two."""

import gzip
import io
import json
from collections.abc import Iterable
from typing import Any

import pyarrow.parquet as pq

from maintenance.reconciliation import reconcile
from tests.pipeline_world import World, read_warehouse
from tests.plain_jobs import PlainJobs

Snapshot = dict[str, list[Any]]


def take_snapshot(world: World) -> Snapshot:
    """Read all that must be equal, whatever was killed: sorted rows by place."""
    dsn = world.stack.postgres.dsn(world.settings.warehouse_database)
    commit, _ = world.state()
    places: Snapshot = dict(read_warehouse(dsn))
    places["lake"] = list(PlainJobs(world.pipeline).lake_plays(commit))
    places["ledger"] = list(_ledger(world))
    places["quarantine"] = list(_quarantine(world))
    places["metadata quarantine"] = list(_metadata_quarantine(world))
    return {name: sorted(rows, key=repr) for name, rows in places.items()}


def find_difference(expected: Snapshot, found: Snapshot) -> str | None:
    """Name the first place and row in which two worlds differ."""
    for place in expected:
        if expected[place] != found[place]:
            missing = _without(expected[place], found[place])
            more = _without(found[place], expected[place])
            return f"{place}: missing {missing[:1]}, too many {more[:1]}"
    return None


def find_fault(world: World) -> str | None:
    """Say what a world holds twice, or what does not add up, by itself."""
    commit, _ = world.state()
    lake = list(PlainJobs(world.pipeline).lake_plays(commit))
    if len(set(lake)) != len(lake):
        return "a play stands twice in the lake"
    claimed = [item for item in _ledger(world) if item[1] == "CLAIMED"]
    if claimed:
        return f"{claimed[0][0]} is claimed by nobody who lives"
    return next(iter(reconcile(world.pipeline).faults), None)


def _without(rows: Iterable[Any], others: Iterable[Any]) -> list[Any]:
    left = list(rows)
    for row in others:
        if row in left:
            left.remove(row)
    return left


def _ledger(world: World) -> Iterable[tuple[Any, ...]]:
    """Give each file's item without who wrote it and when.

    Which of two files a play of both counts for depends on who came first: only their sum is told.
    """
    items = world.pipeline.ledger.read(world.versions)
    for key, item in items.items():
        plays = item.get("rows_accepted", 0) + item.get("rows_duplicate", 0)
        rejected = sorted(item.get("rows_rejected", {}).items())
        told = (item["status"], item["etag"], item["size"], item.get("error", ""))
        yield key, *told, item.get("rows_read", 0), plays, rejected


def _quarantine(world: World) -> Iterable[tuple[Any, ...]]:
    """Give the rejected rows of all commits: a file taken again is there again, so each once."""
    rows = set()
    for commit in world.bucket.list_objects("lake/commits/"):
        folder = json.loads(world.bucket.require(commit.key))["quarantine"]
        for found in world.bucket.list_objects(f"{folder}/"):
            if found.key.endswith(".parquet"):
                content = io.BytesIO(world.bucket.read(found.key) or b"")
                rows |= {tuple(row.values()) for row in pq.read_table(content).to_pylist()}
    return rows


def _metadata_quarantine(world: World) -> Iterable[str]:
    rows = set()
    for found in world.bucket.list_objects("quarantine/metadata/"):
        text = gzip.decompress(world.bucket.read(found.key) or b"").decode()
        rows |= {json.dumps(json.loads(line), sort_keys=True) for line in text.splitlines()}
    return rows
