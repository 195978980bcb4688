"""Prove that every play counts exactly once: commits, lake, streams and hourly_kpis agree."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from conf import places
from dags.protocol import begin
from dags.protocol.errors import PipelineError
from dags.protocol.pipeline import Pipeline
from dags.systems import warehouse
from maintenance import counted_plays
from maintenance.counted_plays import Commits, Hours, Lake

TRIES = 3


@dataclass(frozen=True)
class Reconciliation:
    """A line for each place (its name, its plays, in how many what), and what differs."""

    commit: int
    places: tuple[tuple[str, int, str], ...]
    faults: tuple[str, ...]


def reconcile(pipeline: Pipeline) -> Reconciliation:
    """Compare the four places at the greatest published commit; nothing is changed.

    Raises:
        PipelineError: Runs committed all the time, or a compaction took an object away.
        FinalError: The warehouse lacks a migration.
    """
    begin.check_warehouse(pipeline)
    for _ in range(TRIES):
        before = warehouse.read_state(pipeline.warehouse)
        found = _compare(pipeline, before[0])
        if warehouse.read_state(pipeline.warehouse) == before:
            return found
    raise PipelineError("a run committed while this looked: try again when none is going on")


def _compare(pipeline: Pipeline, commit: int) -> Reconciliation:
    bucket = pipeline.bucket
    if not begin.is_published(bucket, commit):
        return Reconciliation(commit, (), (
            f"Redshift is at commit {commit}, which is not published yet: the next run publishes "
            "it; `make run` first, then reconcile again",
        ))  # fmt: skip
    greatest = begin.greatest_published(bucket, commit)
    if greatest > commit:
        return Reconciliation(commit, (), (
            f"the warehouse is at commit {commit}, the lake at {greatest}: it was restored from a "
            "backup; run `make rebuild`",
        ))  # fmt: skip
    commits, lake = counted_plays.read_commits(bucket), counted_plays.read_lake(bucket, commit)
    streams = counted_plays.read_streams(pipeline.warehouse)
    hourly = counted_plays.read_hourly_kpis(pipeline.warehouse)
    lines = (
        ("lake/commits", commits.plays, f"{len(commits.numbers):,} commits"),
        ("lake/streams", lake.plays.total(), f"{len(lake.plays):,} hours"),
        ("streams", streams.plays.total(), f"{len(streams.plays):,} hours"),
        ("hourly_kpis", hourly.total(), f"{len(hourly):,} hours"),
    )
    faults = (
        *find_missing_commit(commits, commit),
        *find_first_hour(lake, streams, hourly),
        *find_unaccounted(commits, lake),
    )
    return Reconciliation(commit, lines, faults)


def find_missing_commit(commits: Commits, commit: int) -> Iterator[str]:
    """Name the first commit without its `.json`: their numbers follow one another from 1."""
    for number in range(1, commit + 1):
        if number not in commits.numbers:
            yield (
                f"{places.commit_key(number)} is missing, though commit {commit} is published: "
                "nothing says what it accepted; bring it back from the bucket's older versions"
            )
            return


def find_first_hour(lake: Lake, streams: Hours, hourly: Counter[str]) -> Iterator[str]:
    """Name the first hour in which the three places differ, or the lake breaks its rules."""
    for hour in sorted(lake.plays.keys() | streams.plays.keys() | hourly.keys()):
        counts = (lake.plays[hour], streams.plays[hour], hourly[hour])
        is_same = lake.checksums[hour] == streams.checksums[hour]
        if len(set(counts)) == 1 and is_same and hour not in lake.remarks:
            continue
        text = "hour {} UTC is the first: lake {:,} plays, streams {:,}, hourly_kpis {:,}"
        remarks = [lake.remarks[hour]] if hour in lake.remarks else []
        if counts[0] == counts[1] and not is_same:
            remarks.append("lake and streams hold as many plays, but not the same")
        yield "; ".join([text.format(hour, *counts), *remarks])
        return


def find_unaccounted(commits: Commits, lake: Lake) -> Iterator[str]:
    """Tell where the commits account for more or fewer plays than the lake holds."""
    days: Counter[str] = Counter()
    for hour, plays in lake.plays.items():
        days[hour[:10]] += plays
    wrong = [day for day in days.keys() | commits.days.keys() if days[day] != commits.days[day]]
    if wrong or commits.plays != days.total():
        first = min(wrong, default="")
        detail = f"; of {first} {commits.days[first]:,} and {days[first]:,}" if first else ""
        yield (
            f"the commits account for {commits.plays:,} plays, the lake holds {days.total():,}"
            f"{detail}"
        )
