"""Where everything lies in the bucket: keys, never URIs."""

import hashlib
import re
from datetime import date

LAKE = "lake"
STAGING = "staging"
QUARANTINE = "quarantine"
REPORTS = "reports/run="
COMMITS = "lake/commits/"
TRACK_PLAYS = "lake/track_plays/"
LAKE_STREAMS = "lake/streams/"
LAKE_DAY = re.compile(r"lake/streams/listen_date=(?P<day>\d{4}-\d{2}-\d{2})/")
LAKE_OBJECT = re.compile(r"(?P<commit>\d{10})-(?P<part>all|\d+)\.parquet")
COMMIT_OBJECT = re.compile(r"lake/commits/(?P<commit>\d{10})\.json")
TRACK_PLAYS_FOLDER = re.compile(r"lake/track_plays/commit=(?P<commit>\d{10})/")
CLAIM = re.compile(r"(?P<run>[A-Za-z0-9-]{1,80})-[0-9a-f]{8}")
PLAN_KEY = re.compile(r"staging/claim=[A-Za-z0-9-]{1,90}/plan-[0-9a-f]{64}\.json")
MAX_SLUG = 60
# The folder of the unpacked archive, in the one where a job's driver and executors work.
CERTIFICATES = "certificates"


def run_name(run_id: str) -> str:
    """Give a run's name for keys: its id made path-safe, and a hash that keeps ids apart."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", run_id).strip("-")[:MAX_SLUG].strip("-")
    return f"{slug}-{hashlib.sha256(run_id.encode()).hexdigest()[:8]}"


def claims_prefix(run: str) -> str:
    """Give the prefix of the folders of all claims of a run's name."""
    return f"{STAGING}/claim={run}-"


def claim_folder(claim: str) -> str:
    return f"{STAGING}/claim={claim}"


def claim_key(claim: str) -> str:
    return f"{claim_folder(claim)}/claim.json"


def wanted_key(claim: str) -> str:
    """Give the key that names the files a life of a run tries to claim, written before it does."""
    return f"{claim_folder(claim)}/wanted.json"


def plan_key(claim: str, content: bytes) -> str:
    """Give a plan's key: named by its content, so equal plans are one."""
    return f"{claim_folder(claim)}/plan-{hashlib.sha256(content).hexdigest()}.json"


def manifest_key(claim: str, table: str, content: bytes) -> str:
    """Give the key of a manifest for COPY, named by its content too."""
    digest = hashlib.sha256(content).hexdigest()[:16]
    return f"{claim_folder(claim)}/manifest-{table}-{digest}.json"


def attempt_folder(claim: str, task: str, attempt: int) -> str:
    return f"{claim_folder(claim)}/{task}/attempt={attempt}"


def quarantine_folder(claim: str, attempt: int, *, is_dry: bool = False) -> str:
    """Give the folder of an attempt's rejected rows; a dry run leaves nothing but staging."""
    if is_dry:
        return f"{attempt_folder(claim, 'validate_data', attempt)}/quarantine"
    return f"{QUARANTINE}/claim={claim}/attempt={attempt}"


def metadata_quarantine_key(run: str) -> str:
    return f"{QUARANTINE}/metadata/run={run}.jsonl.gz"


def lake_day_folder(day: date | str) -> str:
    return f"{LAKE_STREAMS}listen_date={day}"


def lake_object(day: date | str, commit: int, part: int | str) -> str:
    """Give the key of a part of a day's plays; part `all` is the compacted one."""
    return f"{lake_day_folder(day)}/{commit:010d}-{part}.parquet"


def track_plays_folder(commit: int) -> str:
    return f"{TRACK_PLAYS}commit={commit:010d}"


def commit_key(commit: int) -> str:
    """Give the key whose presence says that a commit is published."""
    return f"{COMMITS}{commit:010d}.json"


def report_key(run: str, ending: str) -> str:
    return f"{REPORTS}{run}.{ending}"


def failure_key(run: str) -> str:
    """Give the key that keeps why a task of a run failed."""
    return f"reports/failures/run={run}.json"


def log_folder(claim: str) -> str:
    return f"logs/claim={claim}"


def job_key(artifacts: str, task: str) -> str:
    """Give the key of a job's entry point."""
    return f"{artifacts}/jobs/{task}.py"


def package_key(artifacts: str) -> str:
    """Give the key of the jobs' package."""
    return f"{artifacts}/spark_jobs.zip"


def jar_key(artifacts: str, name: str) -> str:
    return f"{artifacts}/jars/{name}"


def certificates_key(artifacts: str) -> str:
    """Give the key of the archive of certificates by which the jobs know the database."""
    return f"{artifacts}/{CERTIFICATES}.zip"


def metadata_report_key(run: str) -> str:
    """Give the key of what a run loaded into RDS; none is there where nothing changed."""
    return f"reports/metadata/run={run}.json"
