"""The shape of every dataset: names, order, types and byte widths, stated once.

Readers, writers, DDL and tests take them from here. A field's comment gives what a name cannot:
unit, source, null policy. `nullable=False` marks the keys. Text widths count bytes (`width` in
the field's metadata), as Redshift counts them. All timestamps are UTC with microseconds.
"""

from pyspark.sql.types import (
    BinaryType,
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

MAX_TRACK_ID_BYTES = 64


def key(name: str, type_: DataType, width: int | None = None) -> StructField:
    """Give a column that is never null."""
    return StructField(name, type_, False, {"width": width} if width else {})


def value(name: str, type_: DataType, width: int | None = None) -> StructField:
    """Give a column that may be null; text needs its width in bytes."""
    return StructField(name, type_, True, {"width": width} if width else {})


# Grain: one row per listener. Source: data/users/*.csv by way of RDS.
USERS = StructType(
    [
        key("user_id", LongType()),
        value("user_name", StringType(), 256),
        value("user_age", IntegerType()),
        value("user_country", StringType(), 64),
        value("created_at", DateType()),
    ]
)

# Grain: one row per (track, genre), so track_id repeats. Source: data/songs/*.csv by way of RDS.
SONGS = StructType(
    [
        key("id", IntegerType()),
        value("track_id", StringType(), MAX_TRACK_ID_BYTES),
        value("artists", StringType(), 2048),  # several names, parted by ';'
        value("album_name", StringType(), 1024),
        value("track_name", StringType(), 2048),
        value("popularity", IntegerType()),  # 0 … 100
        value("duration_ms", IntegerType()),
        value("explicit", BooleanType()),
        value("danceability", DoubleType()),
        value("energy", DoubleType()),
        value("key", IntegerType()),
        value("loudness", DoubleType()),
        value("mode", IntegerType()),
        value("speechiness", DoubleType()),
        value("acousticness", DoubleType()),
        value("instrumentalness", DoubleType()),
        value("liveness", DoubleType()),
        value("valence", DoubleType()),
        value("tempo", DoubleType()),
        value("time_signature", IntegerType()),
        value("track_genre", StringType(), 64),
    ]
)

# Grain: one row per play. Source: the stream files, by way of validate_data.
STREAMS = StructType(
    [
        key("user_id", LongType()),
        key("track_id", StringType(), MAX_TRACK_ID_BYTES),
        key("listen_time", TimestampType()),
    ]
)

# Grain: one row per genre that has a play, over all plays ever accepted.
GENRE_KPIS = StructType(
    [
        key("track_genre", StringType(), 64),
        value("listen_count", LongType()),
        value("avg_track_duration_ms", DoubleType()),  # over plays; null if no duration is known
        value("popularity_index", DoubleType()),  # 0 … 100; null if no popularity is known
        value("track_id", StringType(), MAX_TRACK_ID_BYTES),  # the most played track
        value("track_name", StringType(), 2048),
        value("track_listen_count", LongType()),
    ]
)

# Grain: one row per hour (UTC, with its date) that has a play.
HOURLY_KPIS = StructType(
    [
        key("hour", TimestampType()),
        value("unique_listeners", LongType()),
        value("total_plays", LongType()),
        value("unique_tracks", LongType()),
        value("top_artist", StringType(), 2048),  # null if no play's track has an artist
        value("top_artist_plays", LongType()),
        value("track_diversity_index", DoubleType()),  # unique_tracks / total_plays
    ]
)

# Grain: one row per track ever played, unknown tracks included. Lake only.
TRACK_PLAYS = StructType(
    [
        key("track_id", StringType(), MAX_TRACK_ID_BYTES),
        key("play_count", LongType()),
    ]
)

# Grain: one row per hour that a valid play of a claimed file touches, duplicates included.
TOUCHED_HOURS = StructType([key("hour", TimestampType())])

# Grain: one row per rejected line. Source: the stream files, header lines left out.
QUARANTINE = StructType(
    [
        key("file_key", StringType()),
        key("raw_line", BinaryType()),  # the bytes as delivered, without the line's end
        key("reason", StringType()),
    ]
)

# Grain: one row per stream file that is read. How its lines are to be read; inside a job only.
CLAIMED_FILES = StructType(
    [
        key("path", StringType()),  # as Spark names it in _metadata.file_path
        key("file_index", IntegerType()),  # by byte order of the keys
        key("file_key", StringType()),
        key("field_count", IntegerType()),
        key("user_position", IntegerType()),  # positions count from 0
        key("track_position", IntegerType()),
        key("time_position", IntegerType()),
        key("header_line", StringType()),
        key("last_modified", TimestampType()),
    ]
)

# Grain: one row per line. What the fast rule makes of it; inside the jobs only. A proven play has a
# null `line`, every other line has that and its `file_index` alone.
LINES = StructType(
    [
        value("file_index", IntegerType()),
        value("user_id", LongType()),
        value("track_id", StringType()),
        value("listen_time", TimestampType()),
        value("line", BinaryType()),  # the bytes as delivered, without the line's end
        # Follows the lines of a file's first block; null beyond it, and of a proven play.
        value("line_id", LongType()),
    ]
)

# Grain: one row per valid play of a file, copies included; inside the jobs only.
FILE_PLAYS = StructType([key("file_index", IntegerType()), *STREAMS])

# Grain: one row per line that the fast rule did not prove, blank ones left out; inside a job only.
# A play has a null `reason`, a rejected line has no values.
JUDGED = StructType(
    [
        value("file_index", IntegerType()),
        value("user_id", LongType()),
        value("track_id", StringType()),
        value("listen_time", TimestampType()),
        value("reason", StringType()),
        value("line", BinaryType()),  # as in LINES
        value("is_header", BooleanType()),  # it equals its file's header: one of these is no row
        value("line_id", LongType()),
    ]
)

# The five tables of the warehouse, in the order of their loading.
TABLES = {
    "users": USERS,
    "songs": SONGS,
    "streams": STREAMS,
    "genre_kpis": GENRE_KPIS,
    "hourly_kpis": HOURLY_KPIS,
}
