"""The full rules of a line: which play it is, or the first rule that it breaks."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.csv_grammar import BLANKS, NEXT_FIELD, TRIMMED, WELL_FORMED
from spark_jobs.schemas import FILE_PLAYS, MAX_TRACK_ID_BYTES
from spark_jobs.transforms.listen_time import is_in_range, parse_listen_time

CONTROL_CHARACTER = r"[\x00-\x1f\x7f]"


def apply_line_rules(lines: DataFrame, files: DataFrame, *, track_id_prefix: str = "") -> DataFrame:
    """Read each line as a play, or name the first rule that it breaks.

    Args:
        lines: LINES; those that the fast rule did not prove are judged.
        files: CLAIMED_FILES, unique by `file_index`.
        track_id_prefix: Dropped where a track id begins with it.

    Returns:
        JUDGED.
    """
    texts = lines.where(F.col("line").isNotNull()).select(
        "file_index", "line", F.col("line").cast("string").alias("text"), "line_id"
    )
    rows = texts.where(F.btrim("text", F.lit(BLANKS)) != "").join(
        F.broadcast(files), on="file_index", how="inner"
    )
    judged = read_values(rows, track_id_prefix).withColumn("reason", first_broken_rule())
    is_play = F.col("reason").isNull()
    return judged.select(
        "file_index",
        F.when(is_play, F.col("user_id")).alias("user_id"),
        F.when(is_play, F.col("track_text")).alias("track_id"),
        F.when(is_play, F.col("listen_time")).alias("listen_time"),
        "reason",
        "line",
        "is_header",
        "line_id",
    )


def select_odd_plays(judged: DataFrame) -> DataFrame:
    """Give the valid plays that only the full rules take: FILE_PLAYS."""
    return judged.where(F.col("reason").isNull()).select(*FILE_PLAYS.fieldNames())


def unite_valid_plays(lines: DataFrame, odd_plays: DataFrame) -> DataFrame:
    """Give the valid plays of both rules: FILE_PLAYS.

    Args:
        lines: LINES; those that the fast rule proved are taken.
        odd_plays: FILE_PLAYS, those that only the full rules take.
    """
    # By what a play has, so that no line is read, which may be a hundred megabytes.
    proven = lines.where(F.col("listen_time").isNotNull()).select(*FILE_PLAYS.fieldNames())
    return proven.unionByName(odd_plays)


def read_values(rows: DataFrame, track_id_prefix: str) -> DataFrame:
    """Give what the rules look at: the three texts, their values, and how the line is made."""
    fields = rows.withColumn("fields", split_fields(F.col("text")))
    texts = fields.select(
        *("file_index", "line_id", "line"),
        (F.col("text") == F.col("header_line")).alias("is_header"),
        "last_modified",
        F.is_valid_utf8("text").alias("is_utf8"),
        (F.size("fields") == F.col("field_count")).alias("is_complete"),
        field_value("user_position").alias("user_text"),
        without_prefix(field_value("track_position"), track_id_prefix).alias("track_text"),
        field_value("time_position").alias("time_text"),
    )
    return texts.select(
        "*",
        parse_user_id(F.col("user_text")).alias("user_id"),
        parse_listen_time(F.col("time_text")).alias("listen_time"),
    )


def split_fields(line: Column) -> Column:
    """Split a line at its commas, quotes kept; null if it is malformed."""
    after_comma = F.concat(F.lit(","), line)
    quoted = F.regexp_extract_all(after_comma, F.lit(rf"\G{NEXT_FIELD}"), F.lit(1))
    commas = F.octet_length(line) - F.octet_length(F.replace(line, F.lit(","), F.lit("")))
    is_plain = ~F.contains(line, F.lit('"'))
    # Parted only into as many fields as there are to be: a line may be a million commas.
    is_complete = commas + 1 == F.col("field_count")
    is_well_formed = F.is_valid_utf8(line) & F.rlike(after_comma, F.lit(rf"\A{WELL_FORMED}\z"))
    parted = F.when(is_complete, F.split(line, ",", -1))
    return F.when(is_plain, parted).when(is_well_formed, quoted)


def field_value(position: str) -> Column:
    """Give the value of a field: without its quotes, trimmed; null if there is no such field."""
    field = F.get("fields", F.col(position))
    inner = F.expr(f"substring(get(fields, {position}), 2, length(get(fields, {position})) - 2)")
    unquoted = F.when(
        F.startswith(field, F.lit('"')), F.replace(inner, F.lit('""'), F.lit('"'))
    ).otherwise(field)
    return F.btrim(unquoted, F.lit(TRIMMED))


def without_prefix(text: Column, prefix: str) -> Column:
    """Drop a prefix, once, where a text begins with it."""
    if not prefix:
        return text
    rest = F.substring(text, F.lit(len(prefix) + 1), F.length(text))
    return F.when(F.startswith(text, F.lit(prefix)), rest).otherwise(text)


def parse_user_id(text: Column) -> Column:
    """Give the number of a text of ASCII digits within 1 … 9223372036854775807, else null.

    A fraction of zeros costs no meaning: pandas writes `100.0` where a column has a gap.
    """
    digits = F.substring_index(text, ".", 1)
    number = F.when(F.rlike(text, F.lit(r"\A[0-9]+(?:\.0+)?\z")), digits.try_cast("bigint"))
    return F.when(number >= 1, number)


def first_broken_rule() -> Column:
    """Give the reason code of the first rule that a line breaks, in the order of the rules."""
    track = F.col("track_text")
    is_bad_track = (F.octet_length(track) > MAX_TRACK_ID_BYTES) | F.rlike(
        track, F.lit(CONTROL_CHARACTER)
    )
    return (
        F.when(~F.col("is_utf8"), "invalid_encoding")
        .when(~F.coalesce("is_complete", F.lit(False)), "malformed_row")
        .when(F.col("user_text") == "", "missing_user_id")
        .when(track == "", "missing_track_id")
        .when(F.col("time_text") == "", "missing_listen_time")
        .when(F.col("user_id").isNull(), "invalid_user_id")
        .when(is_bad_track, "invalid_track_id")
        .when(F.col("listen_time").isNull(), "invalid_listen_time")
        .when(
            ~is_in_range(F.col("listen_time"), F.col("last_modified")),
            "listen_time_out_of_range",
        )
    )
