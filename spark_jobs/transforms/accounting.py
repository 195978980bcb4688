"""What became of each file's rows: counts that add up, and the files refused by them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from spark_jobs.errors import JobError
from spark_jobs.transforms.listen_time import hour_number

Hours = dict[datetime, int]  # the valid plays of each hour that has some, in UTC
TOO_MANY_REJECTED = "too_many_rejected_rows"
# Of a rejected line so many bytes are kept as an example; it may have a hundred million.
EXAMPLE_BYTES = 4096


@dataclass
class RowCounts:
    """The valid and the rejected rows of a file, duplicates not yet told from the others."""

    valid: int = 0
    rejected: dict[str, int] = field(default_factory=dict)

    @property
    def read(self) -> int:
        return self.valid + sum(self.rejected.values())


def count_plays_by_file_and_hour(plays: DataFrame) -> DataFrame:
    """Count the valid plays of each file and hour: `file_index`, `hour`, `plays`.

    An hour is its number since 1970, UTC.
    """
    hours = plays.select("file_index", hour_number("listen_time").alias("hour"))
    return hours.groupBy("file_index", "hour").agg(F.count("*").alias("plays"))


def sum_by_file_and_by_hour(plays_by_hour: DataFrame) -> DataFrame:
    """Sum the counts of each file over its hours, and of each hour over its files, in one pass.

    Args:
        plays_by_hour: `file_index`, `hour`, `plays`.

    Returns:
        `file_index`, `hour`, `plays`: a file's row has a null `hour`, an hour's row a null
        `file_index`.
    """
    by_file, by_hour = [F.col("file_index")], [F.col("hour")]
    sums = plays_by_hour.groupingSets([by_file, by_hour], "file_index", "hour")
    return sums.agg(F.sum("plays").alias("plays"))


def list_hours(sums: Iterable[Row]) -> Hours:
    """Give the hours among the rows of `sum_by_file_and_by_hour`, in order."""
    hours = {row.hour: row.plays for row in sums if row.hour is not None}
    return {datetime.fromtimestamp(hour * 3600, UTC): hours[hour] for hour in sorted(hours)}


def sum_by_day(hours: Hours) -> Counter[date]:
    days: Counter[date] = Counter()
    for hour, plays in hours.items():
        days[hour.date()] += plays
    return days


def count_rejected_by_file(judged: DataFrame) -> DataFrame:
    """Count the rejected lines by file and reason, and keep the first of each.

    Args:
        judged: As `apply_line_rules` gives it. Of the lines that equal a file's header, which
            no rule accepts, one is the header itself.

    Returns:
        `file_index`, `reason`, `rows`; `line_id` and `line` (its first bytes) of the first line
        that is no header, nulls where there is none; `header_ids`: of the lines that equal the
        header, the first two in order, the header and the first rejected one.
    """
    rejected = judged.where(F.col("reason").isNotNull())
    # Lines beyond a file's first block have no id: they come last, and by their bytes, so that
    # a retry gives the same.
    start = F.substring("line", 1, EXAMPLE_BYTES)
    place = F.struct(F.col("line_id").isNull(), "line_id", start.alias("line"))
    header_ids = F.collect_list(F.when(F.col("is_header"), F.col("line_id")))
    counted = rejected.groupBy("file_index", "reason").agg(
        F.count("*").alias("lines"),
        F.max(F.col("is_header").cast("int")).alias("headers"),
        F.min(F.when(~F.col("is_header"), place)).alias("first"),
        F.slice(F.sort_array(header_ids), 1, 2).alias("header_ids"),
    )
    rows = (F.col("lines") - F.col("headers")).alias("rows")
    return counted.select("file_index", "reason", rows, "first.line_id", "first.line", "header_ids")


def sum_counts(
    valid: Iterable[tuple[int, int]], rejected: Iterable[tuple[int, str, int]]
) -> dict[int, RowCounts]:
    """Put the counts of valid rows and of rejected rows by reason together, by file index."""
    counts: dict[int, RowCounts] = {}
    for file_index, plays in valid:
        counts.setdefault(file_index, RowCounts()).valid += plays
    for file_index, reason, rows in rejected:
        by_reason = counts.setdefault(file_index, RowCounts()).rejected
        if rows:
            by_reason[reason] = by_reason.get(reason, 0) + rows
    return counts


def has_too_many_rejected(
    counts: RowCounts, *, max_rejected_share: float, min_rejected_rows: int
) -> bool:
    """Tell whether a file is to be refused: it is not what it says it is.

    Both must hold: more than the share of its rows, and at least so many rows, are rejected.
    """
    rejected = sum(counts.rejected.values())
    # As written, not as a float: 0.29 * 100 is less than 29.
    share = Fraction(str(max_rejected_share))
    return rejected >= min_rejected_rows and rejected > share * counts.read


def account_for_file(counts: RowCounts, accepted: int) -> dict[str, Any]:
    """Give a file's entry in `accounting.json`: its rows, all of them.

    Raises:
        JobError: More rows were accepted than were valid: the file changed while it was read.
    """
    if accepted > counts.valid:
        raise JobError(
            f"{accepted} rows were accepted of {counts.valid} valid ones: run the job again"
        )
    return {
        "rows_read": counts.read,
        "rows_accepted": accepted,
        "rows_duplicate": counts.valid - accepted,
        "rows_rejected": dict(sorted(counts.rejected.items())),
    }


def build_accounting(
    run: str,
    files: Mapping[str, dict[str, Any]],
    refused: Mapping[str, str],
    explained: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
    """Give the content of `accounting.json`; a refused file stands in `refused`, not in `files`."""
    documents = {"files": dict(files), "refused": dict(refused), "explained": dict(explained)}
    return {"run": run, **documents}
