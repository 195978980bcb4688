"""Claims, plans and finished jobs with valid defaults: a test names only what it is about."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from conf import places, unknown_plays
from dags.protocol import plan as plans
from dags.protocol.claim import Claim, ClaimedFile
from dags.protocol.plan import DataFile, FileAccount, Move, Plan
from dags.systems.bucket import Bucket
from tests.dags.memory_s3 import A_TIME

RUN = "daily"
CLAIM = f"{places.run_name(RUN)}-89ab4567"
A, B = "data/streams/a.csv", "data/streams/b.csv"
FOLDER = f"staging/claim={CLAIM}"
# What the jobs of a run wrote, by task and data set: rows by path.
DATASETS: dict[str, dict[str, dict[str, int]]] = {
    "extract_metadata": {
        "users": {"part-0.parquet": 2},
        "songs": {"part-0.parquet": 3},
    },
    "validate_data": {
        "streams": {"listen_date=2024-06-25/part-0.parquet": 4},
        "touched_hours": {"part-0.parquet": 2},
    },
    "transform_kpis": {
        "genre_kpis": {"part-0.parquet": 1},
        "hourly_kpis": {"part-0.parquet": 2},
        "track_plays": {"part-0.parquet": 5},
    },
}


def a_file(key: str = A, etag: str = "e1") -> ClaimedFile:
    return ClaimedFile(key, etag, 7, A_TIME)


def a_claim(*files: ClaimedFile, commit: int = 0, **changes: Any) -> Claim:
    """Give a claim of file A on a commit, published and in Redshift."""
    claim = Claim(
        run=RUN,
        claim=CLAIM,
        run_time=A_TIME,
        commit=commit,
        warehouse_commit=commit,
        metadata_version="v1",
        backfill_dates=(),
        is_rebuild=False,
        is_dry=False,
        files=files or (a_file(),),
        listed_until=A_TIME.date(),
    )
    return dataclasses.replace(claim, **changes)


def counts(read: int = 5, duplicate: int = 0, **rejected: int) -> dict[str, Any]:
    accepted = read - duplicate - sum(rejected.values())
    return {
        "rows_read": read,
        "rows_accepted": accepted,
        "rows_duplicate": duplicate,
        "rows_rejected": rejected,
    }


def finish_jobs(
    bucket: Bucket,
    claim: str = CLAIM,
    *,
    attempt: int = 1,
    version: str = "v1",
    files: Mapping[str, Any] | None = None,
    refused: Mapping[str, str] | None = None,
    explained: Mapping[str, Any] | None = None,
    **datasets: Mapping[str, int],
) -> dict[str, str]:
    """Write what the three jobs leave, and give their URIs.

    Args:
        files, refused, explained: the accounting; file A with five rows unless given.
        datasets: rows by path, in the place of a data set's own.
    """
    outputs = {}
    for task, tables in DATASETS.items():
        folder = places.attempt_folder(claim, task, attempt)
        for table, rows in (tables | {n: r for n, r in datasets.items() if n in tables}).items():
            listed = [{"path": p, "bytes": 100 + n, "rows": n} for p, n in rows.items()]
            for path in rows:
                bucket.put(f"{folder}/{table}/{path}", f"{table}/{path}".encode())
            bucket.put(f"{folder}/{table}/_files.json", json.dumps({"files": listed}).encode())
        outputs[task] = bucket.uri(folder)
    unknown = json.dumps({"files": {}} | dict.fromkeys(unknown_plays.WORDS, 0)).encode()
    bucket.put(bucket.key_of(f"{outputs['transform_kpis']}/unknown.json"), unknown)
    version_key = bucket.key_of(f"{outputs['extract_metadata']}/metadata.json")
    bucket.put(version_key, json.dumps({"metadata_version": version}).encode())
    account = {"run": RUN, "files": {A: counts()} if files is None else files}
    account |= {"refused": refused or {}} | ({"explained": explained} if explained else {})
    content = json.dumps(account).encode()
    bucket.put(bucket.key_of(f"{outputs['validate_data']}/accounting.json"), content)
    return outputs


def a_plan(commit: int = 1, **changes: Any) -> Plan:
    """Give a plan of file A whose one object of plays and one of totals go into the lake."""
    staged = f"{FOLDER}/validate_data/attempt=1/streams/listen_date=2024-06-25/part-0.parquet"
    totals = f"{FOLDER}/transform_kpis/attempt=1/track_plays/part-0.parquet"
    kpis = f"{FOLDER}/transform_kpis/attempt=1"
    hours = f"{FOLDER}/validate_data/attempt=1/touched_hours/part-0.parquet"
    plan = Plan(
        run=RUN,
        claim=CLAIM,
        before=commit - 1,
        commit=commit,
        metadata_version="v1",
        backfill_dates=(),
        is_rebuild=False,
        tables={
            "streams": (DataFile(staged, 104, 4),),
            "touched_hours": (DataFile(hours, 102, 2),),
            "genre_kpis": (DataFile(f"{kpis}/genre_kpis/part-0.parquet", 101, 1),),
            "hourly_kpis": (DataFile(f"{kpis}/hourly_kpis/part-0.parquet", 102, 2),),
        },
        moves=(
            Move(staged, places.lake_object("2024-06-25", commit, 0)),
            Move(totals, f"{places.track_plays_folder(commit)}/part-00000.parquet"),
        ),
        plays=4,
        files={A: FileAccount("e1", None, 5, 4, 0, {"invalid_user_id": 1})},
        quarantine=f"quarantine/claim={CLAIM}/attempt=1",
        listed_until=A_TIME.date().isoformat(),
    )
    return dataclasses.replace(plan, **changes)


def stage(bucket: Bucket, plan: Plan) -> str:
    """Put a plan and what it moves where its run left them, and give the plan's key."""
    for move in plan.moves:
        bucket.put(move.source, move.source.encode())
    content = plans.to_bytes(plan)
    key = places.plan_key(plan.claim, content)
    bucket.put(key, content)
    return key


def publish_commit(bucket: Bucket, commit: int, **changes: Any) -> None:
    """Put `lake/commits/<commit>.json` alone, as if its objects were there."""
    bucket.put(places.commit_key(commit), plans.to_bytes(a_plan(commit, **changes)))
