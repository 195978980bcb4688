"""The claim: what one life of a run works on. Written once, never replaced."""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from conf import places
from dags.systems.bucket import Bucket


@dataclass(frozen=True)
class ClaimedFile:
    """A stream file as it was claimed; `last_modified` bounds the instants of its plays."""

    file_key: str
    etag: str
    size: int
    last_modified: datetime


@dataclass(frozen=True)
class Claim:
    """What `claim.json` says.

    Attributes:
        run: the DAG run's id.
        claim: the name of this life: the run's name and eight random hex digits.
        run_time: the run's only clock.
        commit: the published commit that the run builds on.
        warehouse_commit: what `etl_state` said; smaller only for the rebuild of a restored one.
        metadata_version: of users and songs, when the run began.
        backfill_dates: days whose hours are computed anew.
        is_rebuild: all hours and totals are, from the lake alone.
        is_dry: the run ends after transform_kpis and holds no file.
        listed_until: the last day on which a run, this one or one before, listed the deliveries.
        judged_by: the rules that the run's files are judged by, whatever share it was asked for.
    """

    run: str
    claim: str
    run_time: datetime
    commit: int
    warehouse_commit: int
    metadata_version: str
    backfill_dates: tuple[date, ...]
    is_rebuild: bool
    is_dry: bool
    files: tuple[ClaimedFile, ...]
    listed_until: date | None = None
    judged_by: str = ""


def new_claim_name(run_id: str) -> str:
    """Give the name of a new life of a run."""
    return f"{places.run_name(run_id)}-{secrets.token_hex(4)}"


def write_claim(bucket: Bucket, claim: Claim) -> None:
    """Write `claim.json`, as the jobs read it too."""
    document: dict[str, Any] = asdict(claim) | {
        "run_time": claim.run_time.isoformat(),
        "backfill_dates": [day.isoformat() for day in claim.backfill_dates],
        "listed_until": claim.listed_until.isoformat() if claim.listed_until else None,
        "files": [
            {
                "file_key": file.file_key,
                "uri": bucket.uri(file.file_key),
                "etag": file.etag,
                "size": file.size,
                "last_modified": file.last_modified.isoformat(),
            }
            for file in claim.files
        ],
    }
    content = json.dumps(document, indent=1, ensure_ascii=False).encode()
    bucket.put(places.claim_key(claim.claim), content)


def read_claim(bucket: Bucket, name: str) -> Claim:
    """Read a claim by its name.

    Raises:
        BucketError: There is none.
    """
    document = json.loads(bucket.require(places.claim_key(name)))
    files = tuple(
        ClaimedFile(
            file["file_key"],
            file["etag"],
            file["size"],
            datetime.fromisoformat(file["last_modified"]),
        )
        for file in document["files"]
    )
    return Claim(
        run=document["run"],
        claim=document["claim"],
        run_time=datetime.fromisoformat(document["run_time"]),
        commit=document["commit"],
        warehouse_commit=document["warehouse_commit"],
        metadata_version=document["metadata_version"],
        backfill_dates=tuple(map(date.fromisoformat, document["backfill_dates"])),
        is_rebuild=document["is_rebuild"],
        is_dry=document["is_dry"],
        files=files,
        listed_until=date.fromisoformat(listed) if (listed := document["listed_until"]) else None,
        judged_by=document.get("judged_by", ""),
    )
