"""Compute genre and hourly KPIs from the accepted plays, the songs and the lake."""

import argparse
import json
import logging
import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs import hadoop_files, lake, schemas, session, storage
from spark_jobs.claim import Claim, read_claim
from spark_jobs.transforms.genres import compute_genre_kpis
from spark_jobs.transforms.hourly import compute_hourly_kpis
from spark_jobs.transforms.track_plays import add_new_plays
from spark_jobs.transforms.unknown import count_unknown_plays, unite_valid_plays

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
    # In one partition nothing of the songs is shuffled: they fit a broadcast, so they fit a task.
    songs = storage.read(
        spark, hadoop_files.join_uri(args.metadata, "songs"), schemas.SONGS
    ).coalesce(1)
    new_plays = read_new_plays(spark, args, claim)
    track_totals = lake.read_track_plays(spark, args.lake, commit=base_commit(claim))
    # Written first and read again, since both genres and the next run build on it.
    output = hadoop_files.join_uri(args.output, "track_plays")
    storage.write(add_new_plays(track_totals, new_plays).coalesce(4), output, schemas.TRACK_PLAYS)
    track_plays = storage.read(spark, output, schemas.TRACK_PLAYS)
    genre_kpis = compute_genre_kpis(
        track_plays, songs, popularity_play_weight=args.popularity_play_weight
    )
    storage.write(
        genre_kpis.coalesce(1),
        hadoop_files.join_uri(args.output, "genre_kpis"),
        schemas.GENRE_KPIS,
    )
    touched = storage.read(
        spark, hadoop_files.join_uri(args.validated, "touched_hours"), schemas.TOUCHED_HOURS
    )
    lake_plays = read_touched_plays(spark, args.lake, claim, touched)
    hourly_kpis = compute_hourly_kpis(new_plays.unionByName(lake_plays), songs)
    storage.write(
        hourly_kpis.coalesce(1),
        hadoop_files.join_uri(args.output, "hourly_kpis"),
        schemas.HOURLY_KPIS,
    )
    write_unknown(spark, args, claim, songs)


def base_commit(claim: Claim) -> int:
    """Give the commit on whose plays and totals the run builds: a rebuild starts from nothing."""
    return 0 if claim.is_rebuild else claim.commit


def read_new_plays(spark: SparkSession, args: argparse.Namespace, claim: Claim) -> DataFrame:
    """Read the accepted plays that the base commit lacks; to a rebuild, all of the lake are new.

    Returns:
        STREAMS, each play once.
    """
    accepted = storage.read(
        spark, hadoop_files.join_uri(args.validated, "streams"), schemas.STREAMS
    )
    if not claim.is_rebuild:
        return accepted
    return accepted.unionByName(lake.read_all_plays(spark, args.lake, commit=claim.commit))


def read_touched_plays(
    spark: SparkSession, lake_uri: str, claim: Claim, touched: DataFrame
) -> DataFrame:
    """Read the lake's plays of the touched hours and of the claim's backfill dates: STREAMS."""
    days = touched.select(F.col("hour").cast("date").alias("day")).distinct().collect()
    dates = {row.day for row in days} | set(claim.backfill_dates)
    plays = lake.read_plays(spark, lake_uri, dates, commit=base_commit(claim))
    is_backfilled = F.col("listen_time").cast("date").isin(list(claim.backfill_dates))
    with_hour = plays.withColumn("hour", F.date_trunc("hour", "listen_time"))
    in_touched = with_hour.join(
        F.broadcast(touched.withColumn("is_touched", F.lit(True))), on="hour", how="left"
    )
    return in_touched.where(F.col("is_touched") | is_backfilled).select(
        *schemas.STREAMS.fieldNames()
    )


def write_unknown(
    spark: SparkSession, args: argparse.Namespace, claim: Claim, songs: DataFrame
) -> None:
    """Write how many valid plays of each file, copies included, are of unknown tracks and users.

    Files without one are left out, and refused files too.
    """
    accounting = hadoop_files.read_bytes(
        spark, hadoop_files.join_uri(args.validated, "accounting.json")
    )
    read = json.loads(accounting.decode())["files"]
    files = {}
    if read:
        lines = hadoop_files.join_uri(args.validated, "lines")
        odd_plays = hadoop_files.join_uri(args.validated, "odd_plays")
        plays = unite_valid_plays(
            storage.read(spark, lines, schemas.LINES),
            storage.read(spark, odd_plays, schemas.FILE_PLAYS),
        )
        users_uri = hadoop_files.join_uri(args.metadata, "users")
        users = storage.read(spark, users_uri, schemas.USERS)
        for row in count_unknown_plays(plays, songs, users).collect():
            counts = {name: row[name] for name in UNKNOWN}
            file_key = claim.files[row.file_index].file_key
            if file_key in read and any(counts.values()):
                files[file_key] = counts
    sums = {name: sum(counts[name] for counts in files.values()) for name in UNKNOWN}
    log.info("of the valid plays: %s", sums)
    content = json.dumps({"files": files} | sums, indent=1, sort_keys=True, ensure_ascii=False)
    uri = hadoop_files.join_uri(args.output, "unknown.json")
    hadoop_files.write_bytes(spark, uri, content.encode())


if __name__ == "__main__":
    arguments = parse_args(sys.argv[1:])
    sys.exit(session.run_job("transform_kpis", arguments, run))
