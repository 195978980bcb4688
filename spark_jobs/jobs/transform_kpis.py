"""Compute genre and hourly KPIs from the accepted plays, the songs and the lake."""

import argparse
import json
import logging
import sys
from collections.abc import Mapping
from datetime import date
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from spark_jobs import hadoop_files, lake, schemas, session, storage
from spark_jobs.claim import Claim, read_claim
from spark_jobs.transforms.genres import compute_genre_kpis
from spark_jobs.transforms.hourly import compute_hourly_kpis
from spark_jobs.transforms.line_rules import unite_valid_plays
from spark_jobs.transforms.listen_time import hour_number
from spark_jobs.transforms.track_plays import add_new_plays
from spark_jobs.transforms.unknown import count_unknown_plays

UNKNOWN = ("plays_of_unknown_tracks", "plays_of_unknown_users")

log = logging.getLogger("transform_kpis")


def parse_args(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="transform_kpis", description=__doc__)
    parser.add_argument("--claim", required=True, help="URI of claim.json")
    parser.add_argument("--lake", required=True, help="URI of the lake")
    parser.add_argument("--metadata", required=True, help="URI of what extract_metadata wrote")
    parser.add_argument("--validated", required=True, help="URI of what validate_data wrote")
    parser.add_argument("--output", required=True, help="URI of this attempt's folder, fresh")
    parser.add_argument("--popularity-play-weight", type=float, default=0.5)
    args = parser.parse_args(argv)
    if not 0 <= args.popularity_play_weight <= 1:
        parser.error(
            f"--popularity-play-weight is a share of 0 … 1, got {args.popularity_play_weight}"
        )
    return args


def run(spark: SparkSession, args: argparse.Namespace) -> None:
    """Write `track_plays`, `genre_kpis`, `hourly_kpis` and `unknown.json` of a claim.

    A rebuild derives them from all plays of the lake, in place of the touched hours' alone.
    Idempotent: the same inputs give the same rows in any fresh folder.
    """
    claim = read_claim(spark, args.claim)
    accounting = read_accounting(spark, args.validated)
    days = {date.fromisoformat(day) for day in accounting["touched_days"]}
    days.update(claim.backfill_dates)
    old = lake.find_plays(spark, args.lake, days, commit=base_commit(claim))
    derived = lake.find_all_plays(spark, args.lake, commit=claim.commit) if claim.is_rebuild else {}
    with session.sized(spark, claim.bytes + lake.size_of(old) + lake.size_of(derived)):
        # In one partition nothing of the songs is shuffled: they fit a broadcast, so a task too.
        songs = read(spark, args.metadata, "songs", schemas.SONGS).coalesce(1)
        # To a rebuild all plays of the lake are new.
        accepted = read(spark, args.validated, "streams", schemas.STREAMS)
        new_plays = accepted.unionByName(lake.read_plays(spark, derived))
        write_genres(spark, args, claim, new_plays, songs)
        write_hours(spark, args, claim, new_plays, lake.read_plays(spark, old), songs)
        write_unknown(spark, args, claim, accounting["files"], songs)


def read(spark: SparkSession, folder: str, name: str, schema: StructType) -> DataFrame:
    return storage.read(spark, hadoop_files.join_uri(folder, name), schema)


def read_accounting(spark: SparkSession, validated: str) -> dict[str, Any]:
    uri = hadoop_files.join_uri(validated, "accounting.json")
    document: dict[str, Any] = json.loads(hadoop_files.read_bytes(spark, uri).decode())
    return document


def base_commit(claim: Claim) -> int:
    """Give the commit on whose plays and totals the run builds: a rebuild starts from nothing."""
    return 0 if claim.is_rebuild else claim.commit


def write_genres(
    spark: SparkSession,
    args: argparse.Namespace,
    claim: Claim,
    new_plays: DataFrame,
    songs: DataFrame,
) -> None:
    """Write `track_plays` and, from them, `genre_kpis`."""
    totals = lake.read_track_plays(spark, args.lake, commit=base_commit(claim))
    # Written first and read again, since both genres and the next run build on it.
    uri = hadoop_files.join_uri(args.output, "track_plays")
    storage.write(add_new_plays(totals, new_plays).coalesce(4), uri, schemas.TRACK_PLAYS)
    genre_kpis = compute_genre_kpis(
        storage.read(spark, uri, schemas.TRACK_PLAYS),
        songs,
        popularity_play_weight=args.popularity_play_weight,
    )
    uri = hadoop_files.join_uri(args.output, "genre_kpis")
    storage.write(genre_kpis.coalesce(1), uri, schemas.GENRE_KPIS)


def write_hours(
    spark: SparkSession,
    args: argparse.Namespace,
    claim: Claim,
    new_plays: DataFrame,
    lake_plays: DataFrame,
    songs: DataFrame,
) -> None:
    """Write `hourly_kpis` of the touched hours and of the claim's backfill dates."""
    hours = read(spark, args.validated, "touched_hours", schemas.TOUCHED_HOURS)
    touched = hours.select(hour_number("hour").alias("hour"), F.lit(True).alias("is_touched"))
    is_backfilled = F.col("listen_time").cast("date").isin(list(claim.backfill_dates))
    with_hour = lake_plays.withColumn("hour", hour_number("listen_time"))
    in_touched = with_hour.join(F.broadcast(touched), on="hour", how="left")
    old_plays = in_touched.where(F.col("is_touched") | is_backfilled).select(lake_plays.columns)
    hourly_kpis = compute_hourly_kpis(new_plays.unionByName(old_plays), songs)
    uri = hadoop_files.join_uri(args.output, "hourly_kpis")
    storage.write(hourly_kpis.coalesce(1), uri, schemas.HOURLY_KPIS)


def write_unknown(
    spark: SparkSession,
    args: argparse.Namespace,
    claim: Claim,
    read_files: Mapping[str, Any],
    songs: DataFrame,
) -> None:
    """Write how many valid plays of each file, copies included, are of unknown tracks and users.

    Files without one are left out, and refused files too.
    """
    files = {}
    if read_files:
        plays = unite_valid_plays(
            read(spark, args.validated, "lines", schemas.LINES),
            read(spark, args.validated, "odd_plays", schemas.FILE_PLAYS),
        )
        users = read(spark, args.metadata, "users", schemas.USERS)
        for row in count_unknown_plays(plays, songs, users).collect():
            counts = {name: row[name] for name in UNKNOWN}
            file_key = claim.files[row.file_index].file_key
            if file_key in read_files and any(counts.values()):
                files[file_key] = counts
    sums = {name: sum(counts[name] for counts in files.values()) for name in UNKNOWN}
    log.info("of the valid plays: %s", sums)
    content = json.dumps({"files": files} | sums, indent=1, sort_keys=True, ensure_ascii=False)
    uri = hadoop_files.join_uri(args.output, "unknown.json")
    hadoop_files.write_bytes(spark, uri, content.encode())


if __name__ == "__main__":
    arguments = parse_args(sys.argv[1:])
    sys.exit(session.run_job("transform_kpis", arguments, run))
