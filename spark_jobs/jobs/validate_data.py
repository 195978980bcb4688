"""Validate the claimed stream files: accepted plays, quarantine and accounting."""

import argparse
import json
import logging
import sys
from dataclasses import dataclass
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from spark_jobs import hadoop_files, lake, schemas, session, storage, stream_files
from spark_jobs.claim import Claim, read_claim
from spark_jobs.errors import JobError
from spark_jobs.transforms import accounting
from spark_jobs.transforms.accounting import Hours
from spark_jobs.transforms.common_lines import Layout, choose_layouts, prove_common_lines
from spark_jobs.transforms.deduplicate import keep_first_copies
from spark_jobs.transforms.examples import (
    CountedReason,
    Example,
    FileFacts,
    explain_file,
    find_examples,
)
from spark_jobs.transforms.line_rules import apply_line_rules, select_odd_plays, unite_valid_plays
from spark_jobs.transforms.quarantine import select_quarantine

PLAYS_PER_PART = 4_000_000  # of a day: what one task deduplicates and writes to one file
MAX_PARTITIONS = 2_000
MAX_ODD_FILES = 200  # few plays, as a rule: a file for each partition would cost more
MAX_COUNTED_FILES = 100_000  # approx_top_k counts so many exactly, and takes no greater k

log = logging.getLogger("validate_data")


@dataclass(frozen=True)
class Counted:
    """Each file's rows, each hour's plays, and of each file and reason the first rejected row."""

    rows: dict[int, accounting.RowCounts]
    hours: Hours
    examples: dict[int, dict[str, Example]]


def parse_args(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="validate_data", description=__doc__)
    parser.add_argument("--claim", required=True, help="URI of claim.json")
    parser.add_argument("--lake", required=True, help="URI of the lake")
    parser.add_argument("--output", required=True, help="URI of this attempt's folder, fresh")
    parser.add_argument("--quarantine", required=True, help="URI of the quarantine, fresh")
    parser.add_argument("--max-rejected-share", type=float, default=0.10)
    parser.add_argument("--min-rejected-rows", type=int, default=20)
    parser.add_argument("--track-id-prefix", default="", help="dropped where a track id begins so")
    args = parser.parse_args(argv)
    if not 0 <= args.max_rejected_share <= 1:
        parser.error(f"--max-rejected-share is a share of 0 … 1, got {args.max_rejected_share}")
    return args


def run(spark: SparkSession, args: argparse.Namespace) -> None:
    """Write `streams`, `touched_hours`, `accounting.json` and the quarantine of a claim.

    `lines` and `odd_plays` stay for transform_kpis, which counts plays by file there.
    Idempotent: the same claim and lake give the same rows in any fresh folder.
    """
    claim = read_claim(spark, args.claim)
    if len(claim.files) > MAX_COUNTED_FILES:
        raise JobError(f"a claim holds at most {MAX_COUNTED_FILES} files, got {len(claim.files)}")
    files = stream_files.probe_files(spark, claim.files)
    read_and_refused = len(files.readable), len(files.refused)
    log.info("%d files to read, %d refused by their header", *read_and_refused)
    with session.sized(spark, claim.bytes):
        described = stream_files.describe_files(spark, files)
        with session.in_java(spark):
            lines = read_once(files, described, args)
            judged, odd_plays = judge_others(lines, described, args)
        plays = unite_valid_plays(lines, odd_plays)
        plays_by_hour = accounting.count_plays_by_file_and_hour(plays).coalesce(4).persist()
        counted = count_rows(plays_by_hour, judged, files)
        refused = choose_refused(counted, args)
        hours = counted.hours
        if refused:
            kept = without_files(plays_by_hour, refused)
            hours = accounting.list_hours(accounting.sum_by_file_and_by_hour(kept).collect())
        quarantine = select_quarantine(judged, described.select("file_index", "file_key"))
        storage.write(quarantine, args.quarantine, schemas.QUARANTINE)
        touched_hours = storage.from_rows(spark, zip(hours, strict=True), schemas.TOUCHED_HOURS)
        uri = hadoop_files.join_uri(args.output, "touched_hours")
        storage.write(touched_hours.coalesce(1), uri, schemas.TOUCHED_HOURS)
    old = lake.find_plays(spark, args.lake, {h.date() for h in hours}, commit=claim.commit)
    with session.sized(spark, claim.bytes + lake.size_of(old)):
        kept = without_files(plays, refused)
        accepted = write_streams(kept, lake.read_plays(spark, old), hours, args.output)
    document = build_accounting(claim, files, counted, refused, accepted, hours)
    content = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False).encode()
    hadoop_files.write_bytes(spark, hadoop_files.join_uri(args.output, "accounting.json"), content)


def read_once(
    files: stream_files.StreamFiles, described: DataFrame, args: argparse.Namespace
) -> DataFrame:
    """Scan the files once and keep what the fast rule makes of their lines: LINES.

    All that follows reads it from there: counts, quarantine, plays; transform_kpis too.
    """
    spark = described.sparkSession
    if not files.readable:
        return storage.from_rows(spark, [], schemas.LINES)
    layouts = choose_layouts(
        Layout(it.field_count, it.user_position, it.track_position, it.time_position)
        for _, it in files.readable.values()
    )
    lines = stream_files.read_lines(spark, files)
    proven = prove_common_lines(lines, described, layouts, track_id_prefix=args.track_id_prefix)
    return storage.write_scratch(proven, hadoop_files.join_uri(args.output, "lines"), schemas.LINES)


def judge_others(
    lines: DataFrame, described: DataFrame, args: argparse.Namespace
) -> tuple[DataFrame, DataFrame]:
    """Judge the lines that the fast rule did not prove: JUDGED, and the plays among them."""
    judged = apply_line_rules(lines, described, track_id_prefix=args.track_id_prefix)
    # Not to a file: a line of a hundred megabytes would be written in twice that memory.
    judged = judged.persist(StorageLevel.DISK_ONLY)
    odd_plays = select_odd_plays(judged).coalesce(MAX_ODD_FILES)
    uri = hadoop_files.join_uri(args.output, "odd_plays")
    return judged, storage.write_scratch(odd_plays, uri, schemas.FILE_PLAYS)


def count_rows(
    plays_by_hour: DataFrame, judged: DataFrame, files: stream_files.StreamFiles
) -> Counted:
    """Count, in one pass, each file's rows and each hour's plays, and find rejected examples.

    A row comes back for each file, hour, and reason of a file, none for a play.
    """
    rejected = accounting.count_rejected_by_file(judged)
    sums = accounting.sum_by_file_and_by_hour(plays_by_hour)
    found = sums.unionByName(rejected, allowMissingColumns=True).collect()
    columns = CountedReason._fields
    reasons = [CountedReason(*(row[name] for name in columns)) for row in found if row.reason]
    counts = accounting.sum_counts(
        [(row.file_index, row.plays) for row in found if row.reason is None and row.hour is None],
        [(row.file_index, row.reason, row.rows) for row in reasons],
    )
    if not counts.keys() <= files.readable.keys():
        raise JobError("lines were read of a file that is not in the claim: run the job again")
    by_file = {index: counts.get(index, accounting.RowCounts()) for index in files.readable}
    examples = find_examples(reasons, file_facts(files))
    return Counted(by_file, accounting.list_hours(found), examples)


def choose_refused(counted: Counted, args: argparse.Namespace) -> set[int]:
    """Choose the files of too many rejected rows."""
    return {
        file_index
        for file_index, rows in counted.rows.items()
        if accounting.has_too_many_rejected(
            rows,
            max_rejected_share=args.max_rejected_share,
            min_rejected_rows=args.min_rejected_rows,
        )
    }


def file_facts(files: stream_files.StreamFiles) -> dict[int, FileFacts]:
    """Give of each readable file what explains its rejected rows."""
    return {
        index: FileFacts(layout.names, layout.header_line, layout.header_number, file.last_modified)
        for index, (file, layout) in files.readable.items()
    }


def explain_files(files: stream_files.StreamFiles, counted: Counted) -> dict[str, dict[str, Any]]:
    """Explain the refused files and the rejected rows, by file key."""
    facts = file_facts(files)
    return {key: refusal.explanation for key, refusal in files.refused.items()} | {
        files.file_key(index): explain_file(
            rows.read, rows.rejected, counted.examples[index], facts[index]
        )
        for index, rows in counted.rows.items()
        if rows.rejected
    }


def without_files(frame: DataFrame, refused: set[int]) -> DataFrame:
    """Leave out the rows of refused files; an inner list stays small, its plan is a set."""
    return frame.where(~F.col("file_index").isin(sorted(refused))) if refused else frame


def write_streams(
    plays: DataFrame, lake_plays: DataFrame, hours: Hours, output: str
) -> dict[int, int]:
    """Write the accepted plays, parted by day, and give their number by file index."""
    plays_by_day = accounting.sum_by_day(hours)
    log.info("%d valid plays of %d days", sum(plays_by_day.values()), len(plays_by_day))
    parts_per_day = 1 + max(plays_by_day.values(), default=0) // PLAYS_PER_PART
    accepted = keep_first_copies(
        plays,
        lake_plays,
        partitions=min(MAX_PARTITIONS, max(1, 2 * parts_per_day * len(plays_by_day))),
        parts_per_day=parts_per_day,
    )
    # Exact, since it tracks more files than there are; counted where the rows are written, once.
    by_file = F.expr(f"approx_top_k(file_index, {MAX_COUNTED_FILES}, {MAX_COUNTED_FILES})")
    observation = Observation("accepted")
    observed = accepted.observe(observation, by_file.alias("by_file"))
    written = storage.write(
        observed.drop("file_index"),
        hadoop_files.join_uri(output, "streams"),
        schemas.STREAMS,
        partition_column="listen_date",
    )
    counts = {entry["item"]: entry["count"] for entry in observation.get["by_file"]}
    if sum(counts.values()) != written:
        raise JobError(f"{written} plays were written, {counts} counted: run the job again")
    return counts


def build_accounting(
    claim: Claim,
    files: stream_files.StreamFiles,
    counted: Counted,
    refused: set[int],
    accepted: dict[int, int],
    hours: Hours,
) -> dict[str, Any]:
    """Give `accounting.json`: each file's rows, or why it was refused, and what that teaches."""
    by_key = {
        files.file_key(index): accounting.account_for_file(rows, accepted.get(index, 0))
        for index, rows in counted.rows.items()
        if index not in refused
    }
    reasons = {key: refusal.reason for key, refusal in files.refused.items()}
    reasons |= {files.file_key(index): accounting.TOO_MANY_REJECTED for index in refused}
    explained = explain_files(files, counted)
    return {
        **accounting.build_accounting(claim.run, by_key, reasons, explained),
        "touched_days": sorted({hour.date().isoformat() for hour in hours}),
    }


if __name__ == "__main__":
    arguments = parse_args(sys.argv[1:])
    sys.exit(session.run_job("validate_data", arguments, run))
