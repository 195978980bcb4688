"""The fast rule: prove the common line good, and leave every other to the full rules.

Most lines are plain: no quote, no blank, printable ASCII, digits without leading zeros and a
time of 19 characters. One regular expression, made for the file's header, proves all of that.
It accepts nothing that `line_rules` refuses and reads no value otherwise; a property test over
hostile lines holds it to that.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.schemas import MAX_TRACK_ID_BYTES
from spark_jobs.transforms.line_rules import without_prefix
from spark_jobs.transforms.listen_time import is_in_range

DIGIT = "[0-9]"
# Printable ASCII but the quote, the comma and the blank. Each by itself: Java looks it up in a
# table then, where of ranges it tries one after the other. Its counted and its possessive loops
# are slow too.
PRINTABLE = "".join(
    f"\\{character}" if character in r"-[]\^&" else character
    for character in map(chr, range(33, 127))
    if character not in '",'
)
USER_ID = f"[1-9]{DIGIT}{{0,17}}"
TRACK_ID = f"[{PRINTABLE}]+"
LISTEN_TIME = f"{DIGIT * 4}-{DIGIT * 2}-{DIGIT * 2}[ T]{DIGIT * 2}:{DIGIT * 2}:{DIGIT * 2}"
# Of any length, with blanks.
OTHER_FIELD = f"[ {PRINTABLE}]*"
MAX_FIELDS = 64
MAX_LAYOUTS = 8


@dataclass(frozen=True)
class Layout:
    """How the fields of a file's lines lie; positions count from 0."""

    field_count: int
    user_position: int
    track_position: int
    time_position: int

    def pattern(self) -> str:
        """Give the pattern of the common line."""
        fields = [OTHER_FIELD] * self.field_count
        fields[self.user_position] = USER_ID
        fields[self.track_position] = TRACK_ID
        fields[self.time_position] = LISTEN_TIME
        return r"\A" + ",".join(fields) + r"\z"


def choose_layouts(layouts: Iterable[Layout]) -> list[Layout]:
    """Choose the layouts whose common lines are looked for: the most frequent of the files'.

    The others are read by the full rules, slower. So are files of many columns, whose pattern
    would cost more than it spares.
    """
    frequent = Counter(layout for layout in layouts if layout.field_count <= MAX_FIELDS)
    return [layout for layout, _ in frequent.most_common(MAX_LAYOUTS)]


def prove_common_lines(
    lines: DataFrame, files: DataFrame, layouts: Sequence[Layout], *, track_id_prefix: str = ""
) -> DataFrame:
    """Read the common lines as plays and pass the others on as they are.

    Args:
        lines: `value`, a line as delivered with its carriage return; `path`; `line_id`.
        files: CLAIMED_FILES, unique by `path`.
        layouts: Those whose common lines are looked for.
        track_id_prefix: Dropped where a track id begins with it.

    Returns:
        LINES. `file_index` is null for a line of no claimed file.
    """
    fields = lines.join(F.broadcast(files), on="path", how="left").select(
        *("file_index", "field_count", "user_position", "track_position", "time_position"),
        *("last_modified", "line_id"),
        without_carriage_return(F.col("value")).alias("line"),
    )
    # Only the common line is parted: another may hold a million commas.
    parts = F.when(is_common_line(layouts), F.split("line", ",", -1))
    parted = fields.withColumn("fields", parts)
    track = without_prefix(F.get("fields", F.col("track_position")), track_id_prefix)
    values = parted.select(
        *("file_index", "last_modified", "line", "line_id"),
        F.get("fields", F.col("user_position")).alias("user_text"),
        track.alias("track_text"),
        F.get("fields", F.col("time_position")).try_cast("timestamp").alias("instant"),
    )
    is_play = is_in_range(F.col("instant"), F.col("last_modified"))
    is_play &= F.octet_length("track_text").between(1, MAX_TRACK_ID_BYTES)
    judged = values.withColumn("is_play", F.coalesce(is_play, F.lit(False)))
    return judged.select(
        "file_index",
        F.when(F.col("is_play"), F.col("user_text").try_cast("bigint")).alias("user_id"),
        F.when(F.col("is_play"), F.col("track_text")).alias("track_id"),
        F.when(F.col("is_play"), F.col("instant")).alias("listen_time"),
        F.when(~F.col("is_play"), F.col("line").cast("binary")).alias("line"),
        F.when(~F.col("is_play"), F.col("line_id")).alias("line_id"),
    )


def is_common_line(layouts: Sequence[Layout]) -> Column:
    """Tell whether a line matches the pattern of its file's layout.

    Each pattern is a literal: one from a column would be compiled anew for every row.
    """
    is_common = F.lit(False)
    for layout in layouts:
        is_laid_out_so = (
            (F.col("field_count") == layout.field_count)
            & (F.col("user_position") == layout.user_position)
            & (F.col("track_position") == layout.track_position)
            & (F.col("time_position") == layout.time_position)
        )
        matches = F.rlike(F.col("line"), F.lit(layout.pattern()))
        is_common = F.when(is_laid_out_so, matches).otherwise(is_common)
    return is_common


def without_carriage_return(line: Column) -> Column:
    """Drop one carriage return from a line's end, byte for byte.

    Text functions count characters, and would take a byte more from a line that is no UTF-8.
    """
    as_bytes = line.cast("binary")
    shortened = F.substring(as_bytes, F.lit(1), F.octet_length(line) - 1).cast("string")
    return F.when(F.endswith(line, F.lit("\r")), shortened).otherwise(line)
