"""The plan: what becomes true if a run commits. Named by its content, carried out by anyone."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from conf import places
from dags.protocol.claim import Claim
from dags.protocol.errors import FinalError
from dags.systems.bucket import Bucket

# Where each table's data set lies, below the folder of the job that writes it.
TABLES = {
    "users": "extract_metadata",
    "songs": "extract_metadata",
    "streams": "validate_data",
    "touched_hours": "validate_data",
    "genre_kpis": "transform_kpis",
    "hourly_kpis": "transform_kpis",
}
METADATA_TABLES = ("users", "songs")
TRACK_PLAYS = "track_plays"


@dataclass(frozen=True)
class DataFile:
    """A Parquet object that a job wrote."""

    key: str
    size: int
    rows: int


@dataclass(frozen=True)
class Move:
    """An object of staging that a commit puts into the lake."""

    source: str
    target: str


@dataclass(frozen=True)
class FileAccount:
    """What became of a claimed file; a refused one has a reason and no rows.

    `explanation` is as `conf.explanations` writes it, None where nothing was rejected.
    """

    etag: str
    refused: str | None
    rows_read: int = 0
    rows_accepted: int = 0
    rows_duplicate: int = 0
    rows_rejected: Mapping[str, int] | None = None
    explanation: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Plan:
    """Nothing in it depends on the clock: the same outputs give the same plan.

    Attributes:
        run, claim: whose it is.
        before: the commit that `etl_state` must hold, so that this may become the next one.
        commit: the number it then has.
        tables: the data sets to load; users and songs only where the metadata changed.
        moves: the new plays and the totals, from staging into the lake.
        plays: how many plays the moves bring.
        files: what the ledger will say of each claimed file.
        quarantine: the folder of the attempt that counts.
        unknown: how many plays are of unknown tracks and users, as transform_kpis wrote it; None in
            a plan of before it did.
        listed_until: the last day on which a run listed the deliveries, None before the first.
        judged_by: the rules by which a refused file of it counts as judged.
    """

    run: str
    claim: str
    before: int
    commit: int
    metadata_version: str
    backfill_dates: tuple[str, ...]
    is_rebuild: bool
    tables: Mapping[str, tuple[DataFile, ...]]
    moves: tuple[Move, ...]
    plays: int
    files: Mapping[str, FileAccount]
    quarantine: str
    listed_until: str | None = None
    unknown: Mapping[str, Any] | None = None
    judged_by: str = ""


def build_plan(
    bucket: Bucket, claim: Claim, outputs: Mapping[str, str], *, loads_metadata: bool
) -> Plan:
    """Build the plan of a claim from what its jobs finished.

    Args:
        outputs: The URI that each job's attempt wrote.

    Raises:
        BucketError: A data set is not there or was not finished.
        FinalError: An output is another claim's, or the accounting is not that of the claim.
    """
    folders = {task: _own_folder(bucket, claim, task, uri) for task, uri in outputs.items()}
    tables = {
        table: read_dataset(bucket, f"{folders[task]}/{table}")
        for table, task in TABLES.items()
        if loads_metadata or table not in METADATA_TABLES
    }
    commit = claim.commit + 1
    totals = read_dataset(bucket, f"{folders['transform_kpis']}/{TRACK_PLAYS}", may_be_empty=False)
    accounting = json.loads(bucket.require(f"{folders['validate_data']}/accounting.json"))
    attempt = int(folders["validate_data"].rpartition("attempt=")[2])
    return Plan(
        run=claim.run,
        claim=claim.claim,
        before=claim.warehouse_commit,
        commit=commit,
        metadata_version=_read_version(bucket, folders["extract_metadata"]),
        backfill_dates=tuple(day.isoformat() for day in claim.backfill_dates),
        is_rebuild=claim.is_rebuild,
        tables=tables,
        moves=(*_move_plays(tables["streams"], commit), *_move_totals(totals, commit)),
        plays=sum(file.rows for file in tables["streams"]),
        files=_account(claim, accounting),
        quarantine=places.quarantine_folder(claim.claim, attempt, is_dry=claim.is_dry),
        listed_until=claim.listed_until.isoformat() if claim.listed_until else None,
        unknown=json.loads(bucket.require(f"{folders['transform_kpis']}/unknown.json")),
        judged_by=claim.judged_by,
    )


def read_dataset(bucket: Bucket, folder: str, *, may_be_empty: bool = True) -> tuple[DataFile, ...]:
    """Read which files a finished data set has: what `_files.json` lists, never a listing.

    Args:
        may_be_empty: Files without rows are left out; else one stays where all have none, so
            that whoever reads the data set can tell it from a lost one.
    """
    listing = json.loads(bucket.require(f"{folder}/_files.json"))
    found = (
        DataFile(f"{folder}/{file['path']}", file["bytes"], file["rows"])
        for file in listing["files"]
    )
    files = sorted(found, key=lambda file: file.key)
    with_rows = tuple(file for file in files if file.rows)
    return with_rows if with_rows or may_be_empty else tuple(files[:1])


def to_bytes(plan: Plan) -> bytes:
    return json.dumps(asdict(plan), indent=1, sort_keys=True, ensure_ascii=False).encode()


def read_plan(bucket: Bucket, key: str) -> Plan:
    """Read a plan, or a published commit, which is one.

    Raises:
        BucketError: It is not there.
    """
    document = json.loads(bucket.require(key))
    document["tables"] = {
        table: tuple(DataFile(**file) for file in files)
        for table, files in document["tables"].items()
    }
    document["moves"] = tuple(Move(**move) for move in document["moves"])
    document["files"] = {key: FileAccount(**file) for key, file in document["files"].items()}
    document["backfill_dates"] = tuple(document["backfill_dates"])
    return Plan(**document)


def _own_folder(bucket: Bucket, claim: Claim, task: str, uri: str) -> str:
    folder = bucket.key_of(uri)
    if not folder.startswith(f"{places.claim_folder(claim.claim)}/{task}/attempt="):
        raise FinalError(f"{uri} is no output of {task} for claim {claim.claim}: clear that task")
    return folder


def _read_version(bucket: Bucket, folder: str) -> str:
    return str(json.loads(bucket.require(f"{folder}/metadata.json"))["metadata_version"])


def _move_plays(files: tuple[DataFile, ...], commit: int) -> list[Move]:
    """Number the new objects of each day; the commit's number in the name keeps commits apart."""
    counts: Counter[str] = Counter()
    moves = []
    for file in files:
        day = file.key.rpartition("/")[0].rpartition("listen_date=")[2]
        moves.append(Move(file.key, places.lake_object(day, commit, counts[day])))
        counts[day] += 1
    return moves


def _move_totals(files: tuple[DataFile, ...], commit: int) -> list[Move]:
    folder = places.track_plays_folder(commit)
    return [
        Move(file.key, f"{folder}/part-{number:05d}.parquet") for number, file in enumerate(files)
    ]


def _account(claim: Claim, accounting: Mapping[str, Any]) -> dict[str, FileAccount]:
    """Give each claimed file's account; every one of them has exactly one."""
    etags = {file.file_key: file.etag for file in claim.files}
    refused, read = accounting["refused"], accounting["files"]
    if refused.keys() & read.keys() or refused.keys() | read.keys() != etags.keys():
        raise FinalError(f"accounting.json does not name the files of claim {claim.claim}")
    explained = accounting.get("explained", {})
    return {
        key: FileAccount(
            etag, refused.get(key), **read.get(key, {}), explanation=explained.get(key)
        )
        for key, etag in sorted(etags.items())
    }
