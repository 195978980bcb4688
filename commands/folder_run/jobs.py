"""The three jobs of a call over a folder: their claim, arguments and settings, and their order."""

import argparse
import json
import secrets
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from commands.folder_run.claimed_files import check_unchanged
from commands.folder_run.delivery import DeliveredFile
from commands.folder_run.metadata import PASSWORD_SETTING, LocalMetadata, read_rules
from commands.folder_run.snapshot import Snapshot
from commands.spark import jars, native, submit
from conf import accelerators


def write_claim(
    staging: Path,
    files: list[DeliveredFile],
    snapshot: Snapshot,
    metadata_version: str,
    rules: str,
    backfill: tuple[date, ...] = (),
) -> dict[str, Any]:
    """Write `claim.json` of this call."""
    run_time = datetime.now(UTC)
    run_id = f"spark-run-{run_time:%Y%m%dT%H%M%S}"
    claim = {
        "run": run_id,
        "claim": f"{run_id}-{secrets.token_hex(4)}",
        "run_time": run_time.isoformat(),
        "commit": snapshot.number,
        "metadata_version": metadata_version,
        "judged_by": rules,
        "backfill_dates": [day.isoformat() for day in backfill],
        "files": [
            {
                "file_key": file.file_key,
                "uri": uri(file.path),
                "etag": file.etag,
                "size": file.size,
                "last_modified": file.last_modified.isoformat(),
            }
            for file in files
        ],
    }
    staging.mkdir(parents=True)
    (staging / "claim.json").write_text(json.dumps(claim, indent=1))
    return claim


def run_jobs(
    staging: Path,
    claimed: list[DeliveredFile],
    snapshot: Snapshot,
    metadata: LocalMetadata,
    args: argparse.Namespace,
    *,
    is_small: bool,
) -> None:
    """Run the three jobs: metadata and plays at once, then the KPIs.

    Raises:
        CommandError: A job failed, or a claimed file changed while it was read.
    """
    extract, validate, transform = build_arguments(staging, snapshot, metadata, args)
    plain = write_settings(staging, {}, is_native=args.native)
    small = {"spark.driver.memory": "1g", PASSWORD_SETTING: metadata.password}
    with_password = write_settings(staging, small)
    jobs: list[submit.Job] = []

    def start(name: str, arguments: list[str], properties: Path) -> None:
        log = staging.parent / "logs" / f"{name}.log"
        is_brief = is_small or (args.native and name in accelerators.FIRST_COMPILER_JOBS)
        job = submit.start_job(name, arguments, properties=properties, log=log, is_small=is_brief)
        jobs.append(job)

    try:
        start("extract_metadata", extract, with_password)
        start("validate_data", validate, plain)
        for job in jobs:
            submit.finish_job(job)
        check_unchanged(claimed)
        start("transform_kpis", transform, plain)
        submit.finish_job(jobs[-1])
    finally:
        submit.stop_jobs(jobs)


def build_arguments(
    staging: Path, snapshot: Snapshot, metadata: LocalMetadata, args: argparse.Namespace
) -> tuple[list[str], list[str], list[str]]:
    """Give the arguments of extract_metadata, validate_data and transform_kpis."""
    common = ["--claim", uri(staging / "claim.json"), "--lake", uri(snapshot.lake)]
    validated, tables = uri(staging / "validate_data"), uri(staging / "extract_metadata")
    extract = [*metadata.arguments, "--output", tables]
    validate = [*common, "--output", validated, "--quarantine", uri(staging / "quarantine")]
    validate += ["--max-rejected-share", args.max_rejected_share]
    validate += [f"--track-id-prefix={read_rules().track_id_prefix}"]
    transform = [*common, "--output", uri(staging / "transform_kpis")]
    transform += ["--metadata", tables, "--validated", validated]
    return extract, validate, transform


def uri(path: Path) -> str:
    return f"file:{path}"


def write_settings(staging: Path, own: dict[str, str], *, is_native: bool = False) -> Path:
    """Write the properties file of a job; its scratch files go below `staging`."""
    settings = submit.read_local_settings() | {
        "spark.driver.extraClassPath": f"{jars.jars_dir('jdbc')}/*"
    }
    if "," not in str(staging):  # Spark parts this setting at commas; else it takes /tmp
        settings["spark.local.dir"] = str(staging / "spark")
    if is_native:
        settings = native.accelerate(settings)
    path = staging / ("spark-own.conf" if own else "spark.conf")
    submit.write_properties(path, settings | own)
    return path
