"""What a listen time is: how it is written, and which instants are believed."""

from pyspark.sql import Column
from pyspark.sql import functions as F

EARLIEST = "2000-01-01T00:00:00Z"
MAX_AHEAD_HOURS = 24  # after the file's LastModified: clocks of players run ahead

DATE = "([0-9]{4}-[0-9]{2}-[0-9]{2})"
# Microseconds; what is finer must be zero, and Spark's parser cuts it off.
FRACTION = r"(?:\.[0-9]{1,6}0{0,3})?"
TIME = rf"((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]{FRACTION})"
ZONE = "(Z| UTC|[+-](?:(?:0[0-9]|1[0-7])(?::?[0-5][0-9])?|18(?::?00)?))?"
WRITTEN = rf"\A{DATE}[ T]{TIME}{ZONE}\z"


def parse_listen_time(text: Column) -> Column:
    """Give the instant that a text names, null if it names none.

    The pattern comes before the cast: Spark's own parser takes `now`, `17:43` and `2024-06`,
    and cuts digits off. No zone means UTC. Year 0000 is none.
    """
    date = F.regexp_extract(text, WRITTEN, 1)
    time = F.regexp_extract(text, WRITTEN, 2)
    zone = F.regexp_extract(text, WRITTEN, 3)
    instant = F.concat(date, F.lit(" "), time, F.when(zone.isin("", " UTC"), "Z").otherwise(zone))
    is_written = F.rlike(text, F.lit(WRITTEN)) & ~F.startswith(text, F.lit("0000"))
    return F.when(is_written, instant.try_cast("timestamp"))


def hour_number(instant: str) -> Column:
    """Give the number of an instant's hour since 1970, UTC: a number groups cheaply."""
    return F.expr(f"cast(unix_micros({instant}) div 3600000000 as int)")


def is_in_range(instant: Column, last_modified: Column) -> Column:
    """Tell whether an instant can be a listen time of a file delivered at `last_modified`."""
    latest = last_modified + F.expr(f"INTERVAL {MAX_AHEAD_HOURS} HOURS")
    return (instant >= F.lit(EARLIEST).cast("timestamp")) & (instant <= latest)
