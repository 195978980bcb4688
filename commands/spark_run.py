"""Run the three jobs by plain spark-submit over a folder of CSV files: no AWS, no Airflow."""

import argparse
import json
import secrets
import shutil
import signal
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from commands.console import advising, say, verb
from commands.folder_run.claimed_files import check_unchanged, claim_files, note_files, read_share
from commands.folder_run.commit import build_commit
from commands.folder_run.corrections import describe_old_hours, read_span, spark_run_call
from commands.folder_run.delivery import DeliveredFile, hash_delivery, list_delivery
from commands.folder_run.growing import leave_growing
from commands.folder_run.metadata import PASSWORD_SETTING, LocalMetadata, open_metadata, read_rules
from commands.folder_run.report import print_report
from commands.folder_run.snapshot import STATE, Snapshot, open_output, publish
from commands.spark import jars, native, submit
from conf import accelerators, spark_sizes
from conf.rules import judged_by
from conf.settings import SettingsError
from dags.systems.metadata import MetadataError
from localaws.errors import LocalAwsError

MIN_REJECTED_ROWS = 20  # the default of validate_data
MISTAKES = (MetadataError, LocalAwsError, SettingsError)


def parse_args(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make spark-run", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds users/, songs/, streams/")
    parser.add_argument("--out", type=Path, required=True, help="takes the tables; may be reused")
    parser.add_argument("--max-rejected-share", default="0.10")
    parser.add_argument("--from", dest="from_date", help="the first day to compute anew")
    parser.add_argument("--to", dest="to_date", help="the last one")
    parser.add_argument("--native", action="store_true", help="compute plays by DataFusion Comet")
    return parser.parse_args(argv)


@verb(*MISTAKES, stopped="stopped: the tables are as they were")
def main(argv: list[str]) -> int:
    args = parse_args(argv)
    with advising(args.out):
        if args.native:
            native.fetch()
        run(args)
    return 0


def run(args: argparse.Namespace) -> None:
    """Take what is new or changed in DATA into the tables of OUT; compute days anew, if asked.

    Dying anywhere leaves the previous tables, and the next call starts from them.
    """
    out, backfill = args.out.absolute(), read_span(args.from_date, args.to_date)
    share, prefix = read_share(args.max_rejected_share), read_rules().track_id_prefix
    rules = judged_by(share, MIN_REJECTED_ROWS, prefix)
    delivery = list_delivery(args.data)
    for key in delivery.ignored:
        say(f"not a delivery, left alone: {key}")
    with open_output(out) as snapshot:
        state = out / STATE
        staging = state / "staging"
        delivery = hash_delivery(delivery, state)
        with open_metadata(state, delivery, read_rules()) as metadata:
            claimed = leave_growing(claim_files(delivery, snapshot, rules))
            claim = write_claim(staging, claimed, snapshot, metadata.version, rules, backfill)
            if claimed or backfill or metadata.version != snapshot.metadata_version:
                say(f"{len(claimed)} stream files to read, {len(delivery.streams)} in all")
                size = spark_sizes.weigh((file.file_key, file.size) for file in claimed)
                # What a backfill reads of the lake is not known yet.
                is_small = spark_sizes.is_small(size) and not backfill
                run_jobs(staging, claimed, snapshot, metadata, args, is_small=is_small)
            else:
                say("nothing new: no stream file and no metadata changed since the last call")
        built = build_commit(staging, snapshot, claim)
        next_snapshot = Snapshot(
            number=snapshot.number + 1,
            folder=built,
            metadata_version=metadata.version,
            ledger=snapshot.ledger | note_files(claimed, built, rules),
        )
        publish(out, next_snapshot, built)
        shutil.rmtree(staging, ignore_errors=True)
        print_report(out, metadata)
        call = spark_run_call(args.data, args.out)
        for line in describe_old_hours(asdict(metadata.report), snapshot.days, call):
            print(line)


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


if __name__ == "__main__":
    # make passes it on: the database is to end then, as at Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
