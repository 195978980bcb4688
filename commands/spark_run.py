"""Run the three jobs by plain spark-submit over a folder of CSV files: no AWS, no Airflow."""

import argparse
import shutil
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from commands.console import advising, say, verb
from commands.folder_run.claimed_files import claim_files, note_files, read_share
from commands.folder_run.commit import build_commit
from commands.folder_run.corrections import describe_old_hours, read_span, spark_run_call
from commands.folder_run.delivery import hash_delivery, list_delivery
from commands.folder_run.growing import leave_growing
from commands.folder_run.jobs import run_jobs, write_claim
from commands.folder_run.metadata import open_metadata, read_rules
from commands.folder_run.report import print_report
from commands.folder_run.snapshot import STATE, Snapshot, open_output, publish
from commands.spark import native
from conf import spark_sizes
from conf.rules import judged_by
from conf.settings import SettingsError
from dags.systems.metadata import MetadataError
from localaws.errors import LocalAwsError

MIN_REJECTED_ROWS = 20  # the default of validate_data


def parse_args(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make spark-run", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds users/, songs/, streams/")
    parser.add_argument("--out", type=Path, required=True, help="takes the tables; may be reused")
    parser.add_argument("--max-rejected-share", default="0.10")
    parser.add_argument("--from", dest="from_date", help="the first day to compute anew")
    parser.add_argument("--to", dest="to_date", help="the last one")
    parser.add_argument("--native", action="store_true", help="compute plays by DataFusion Comet")
    return parser.parse_args(argv)


@verb(MetadataError, LocalAwsError, SettingsError, stopped="stopped: the tables are as they were")
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


if __name__ == "__main__":
    # make passes it on: the database is to end then, as at Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
