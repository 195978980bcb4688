"""Claims of hostile files through the real job, each compared whole with the reference."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from tests import reference
from tests.builders import micros_at
from tests.fuzz.digits import any_number_of_digits
from tests.fuzz.hostile_files import hostile_stream
from tests.fuzz.hostile_packing import readable_part, with_last_line_ended
from tests.plain_jobs import day_of, micros
from tests.reference import Play
from tests.spark_jobs.job_builders import A_RUN, LAST_MODIFIED, Bench, Outcome

MODIFIED = micros_at(LAST_MODIFIED[:19])


@dataclass
class Claims:
    """Claims one after the other, each committed into the lake that the next one reads."""

    spark: SparkSession
    folder: Path
    random: Random
    commit: int = 0
    known: set[Play] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def validate(self, number: int) -> None:
        """Deliver so many files, run the job over them, compare, and publish what it accepted."""
        bench = Bench(self.spark, self.folder / f"claim-{self.commit}", commit=self.commit)
        (self.folder / "lake").mkdir(exist_ok=True)
        bench.folder.mkdir()
        (bench.folder / "lake").symlink_to(self.folder / "lake")
        files = {}
        for index in range(number):
            file = hostile_stream(self.random)
            key = bench.deliver(f"{index:05}-{file.kind}{file.suffix}", file.content)
            files[key] = (with_last_line_ended(key, file.content), MODIFIED)
            self.kinds[file.kind] += 1
        outcome = bench.validate()
        with any_number_of_digits():
            expected = reference.validate(files, self.known)
            expected.refused |= {
                key: reason
                for key, reason in outcome.refused().items()
                if key in expected.refused and reason in faults_of_packing(key, files[key][0])
            }
        compare(outcome, expected)
        self.known |= expected.accepted.keys()
        self.reasons.update(expected.refused.values())
        self.reasons.update(reason for _, _, reason in expected.quarantine)
        self.publish(outcome)

    def publish(self, outcome: Outcome) -> None:
        """Move the accepted plays into the lake, under names that carry the commit's number."""
        self.commit += 1
        for number, path in enumerate(sorted((outcome.output / "streams").rglob("*.parquet"))):
            day = self.folder / "lake" / "streams" / path.parent.name
            day.mkdir(parents=True, exist_ok=True)
            path.rename(day / f"{self.commit:010}-{number}.parquet")


def faults_of_packing(key: str, content: bytes) -> set[str]:
    """Give the reasons against a packed file, any of which may be told where several hold.

    The job reads the header first and the rest later; a file of no bytes is no gzip file to it.
    """
    if not key.endswith(".gz"):
        return set()
    header = reference.read_file("", readable_part(content), 0)
    return {reference.read_file(key, content, 0).refused, header.refused, "unreadable"} - {None}


def compare(outcome: Outcome, expected: reference.Validation) -> None:
    """Compare all that the job wrote with what the reference says of the same files."""
    accounting = {"run": A_RUN, "files": expected.files, "refused": expected.refused}
    written = outcome.accounting()
    explained = {
        key: {reason: rows["rows"] for reason, rows in found["reasons"].items()}
        for key, found in written.pop("explained").items()
        if key in expected.files
    }
    rejecting = {key: rows["rows_rejected"] for key, rows in expected.files.items()}
    assert explained == {key: reasons for key, reasons in rejecting.items() if reasons}
    days = {hour // 24 for hour in expected.touched_hours}
    touched_days = {date.fromisoformat(day) for day in written.pop("touched_days")}
    assert touched_days == {date(1970, 1, 1) + timedelta(day) for day in days}
    differences = differing(written, accounting)
    assert not differences, differences
    assert read_plays(outcome.output / "streams") == sorted(expected.accepted)
    rows = read_rows(outcome.quarantine_folder)
    quarantine = [(row["file_key"], row["raw_line"], row["reason"]) for row in rows]
    assert sorted(quarantine) == sorted(expected.quarantine)
    hours = [micros(row["hour"]) for row in read_rows(outcome.output / "touched_hours")]
    assert sorted(hours) == [hour * reference.HOUR for hour in sorted(expected.touched_hours)]


def differing(actual: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Give what differs between two documents, by name: shorter to read than both."""
    found: dict[str, Any] = {}
    for name in actual.keys() | expected.keys():
        one, other = actual.get(name), expected.get(name)
        if one == other:
            continue
        is_parted = isinstance(one, dict) and isinstance(other, dict)
        found[name] = differing(one, other) if is_parted else (one, other)
    return found


def read_plays(folder: Path) -> list[Play]:
    """Read accepted plays, in order; each must lie in the folder of its day."""
    plays = []
    for path in folder.rglob("*.parquet"):
        for row in read_file(path):
            play = (row["user_id"], row["track_id"], micros(row["listen_time"]))
            assert path.parent.name == f"listen_date={day_of(play)}"
            plays.append(play)
    return sorted(plays)


def read_rows(folder: Path) -> list[dict[str, Any]]:
    return [row for path in folder.glob("*.parquet") for row in read_file(path)]


def read_file(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.ParquetFile(path).read().to_pylist()
    return rows
