"""The same work by DuckDB, Polars and pandas, as an engineer would write it for one machine.

    python -m commands.benchmark.peers {duckdb,polars,pandas} DATA OUT

Reads DATA/users, songs and streams, writes plays, genre_kpis and hourly_kpis as Parquet to OUT
and the counts of its rows to OUT/counts.json. Knows plain CSV alone: no quotes, other headers,
gzip, quarantine or accounting per file, which the jobs do besides.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

EARLIEST = datetime(2000, 1, 1)  # noqa: DTZ001
COLUMNS = ["user_id", "track_id", "listen_time"]


def latest(data: Path) -> datetime:
    """Give the last instant believed: a day after the newest file, UTC without a zone."""
    newest = max(path.stat().st_mtime for path in data.glob("streams/**/*.csv"))
    return datetime.fromtimestamp(newest + 86_400, UTC).replace(tzinfo=None)


def run_duckdb(data: Path, out: Path) -> dict[str, int]:
    import duckdb

    database = duckdb.connect()
    database.execute("SET memory_limit = '16GB'; SET TimeZone = 'UTC'")
    sql = Path(__file__).with_name("bench_duckdb.sql").read_text()
    values = {
        "streams": f"{data}/streams/**/*.csv",
        "songs": f"{data}/songs/*.csv",
        "latest": latest(data),
        "out": str(out),
    }
    for statement in sql.split(";\n"):
        names = {name: value for name, value in values.items() if f"${name}" in statement}
        database.execute(statement, names or None)
    row = database.execute("SELECT rows_read, rows_valid, rows_accepted FROM counts").fetchone()
    assert row is not None
    return dict(zip(("rows_read", "rows_valid", "rows_accepted"), row, strict=True))


def run_polars(data: Path, out: Path) -> dict[str, int]:
    import polars as pl

    lines = pl.scan_csv(
        f"{data}/streams/**/*.csv",
        schema=dict.fromkeys(COLUMNS, pl.String),
        quote_char=None,
        truncate_ragged_lines=True,
    )
    parsed = lines.select(
        pl.col("user_id").cast(pl.Int64, strict=False),
        "track_id",
        pl.col("listen_time").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False),
    )
    is_valid = (
        (pl.col("user_id") > 0)
        & pl.col("track_id").str.len_bytes().is_between(1, 64)
        & pl.col("listen_time").is_between(EARLIEST, latest(data))
    )
    valid = parsed.filter(is_valid)
    rows_read, rows_valid = pl.collect_all(
        [lines.select(pl.len()), valid.select(pl.len())], engine="streaming"
    )
    plays = valid.unique().collect(engine="streaming")
    plays.write_parquet(out / "plays.parquet")
    songs = pl.read_csv(f"{data}/songs/*.csv", schema_overrides={"track_id": pl.String})
    write_polars_genres(plays, songs, out)
    write_polars_hours(plays, songs, out)
    return {
        "rows_read": rows_read.item(),
        "rows_valid": rows_valid.item(),
        "rows_accepted": len(plays),
    }


def write_polars_genres(plays: Any, songs: Any, out: Path) -> None:
    import polars as pl

    tracks = plays.group_by("track_id").agg(pl.len().alias("play_count"))
    genre_rows = songs.sort("id").unique(["track_id", "track_genre"], keep="first")
    played = tracks.join(genre_rows, on="track_id", maintain_order="none")
    weight = pl.col("play_count")
    top = pl.struct("track_id", "track_name", "play_count").sort_by(
        ["play_count", "popularity", "track_id"], descending=[True, True, False]
    )
    genres = played.group_by("track_genre").agg(
        weight.sum().alias("listen_count"),
        ((pl.col("duration_ms") * weight).sum() / weight.sum()).alias("avg_track_duration_ms"),
        ((pl.col("popularity") * weight).sum() / weight.sum()).alias("avg_popularity"),
        top.first().alias("top"),
    )
    share = pl.col("listen_count") / pl.col("listen_count").max()
    genres.select(
        "track_genre",
        "listen_count",
        "avg_track_duration_ms",
        (100 * (0.5 * share + 0.5 * pl.col("avg_popularity") / 100)).alias("popularity_index"),
        pl.col("top").struct.field("track_id"),
        pl.col("top").struct.field("track_name"),
        pl.col("top").struct.field("play_count").alias("track_listen_count"),
    ).write_parquet(out / "genre_kpis.parquet")


def write_polars_hours(plays: Any, songs: Any, out: Path) -> None:
    import polars as pl

    hourly = plays.lazy().with_columns(pl.col("listen_time").dt.truncate("1h").alias("hour"))
    hours = hourly.group_by("hour").agg(
        pl.col("user_id").n_unique().alias("unique_listeners"),
        pl.len().alias("total_plays"),
        pl.col("track_id").n_unique().alias("unique_tracks"),
    )
    artists = (
        songs.lazy()
        .sort("id")
        .unique("track_id", keep="first")
        .select("track_id", pl.col("artists").str.split(";").list.unique().alias("artist"))
        .explode("artist")
    )
    top_artists = (
        hourly.group_by("hour", "track_id")
        .agg(pl.len().alias("plays"))
        .join(artists, on="track_id")
        .group_by("hour", "artist")
        .agg(pl.col("plays").sum())
        .sort("hour", "plays", "artist", descending=[False, True, False])
        .unique("hour", keep="first")
        .select("hour", top_artist="artist", top_artist_plays="plays")
    )
    index = (pl.col("unique_tracks") / pl.col("total_plays")).alias("track_diversity_index")
    hours.join(top_artists, on="hour", how="left").with_columns(index).collect(
        engine="streaming"
    ).write_parquet(out / "hourly_kpis.parquet")


def run_pandas(data: Path, out: Path) -> dict[str, int]:
    import pandas as pd

    frames: list[Any] = [
        pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""], quoting=3)
        for path in sorted(data.glob("streams/**/*.csv"))
    ]
    lines = pd.concat(frames, ignore_index=True)
    rows_read = len(lines)
    users = pd.to_numeric(lines["user_id"], errors="coerce", dtype_backend="numpy_nullable")
    times = pd.to_datetime(lines["listen_time"], format="%Y-%m-%d %H:%M:%S", errors="coerce")
    is_valid = (
        (users > 0).fillna(False).astype(bool)
        & lines["track_id"].str.len().between(1, 64)
        & times.between(EARLIEST, latest(data))
    )
    plays = pd.DataFrame(
        {
            "user_id": users[is_valid].astype("int64"),
            "track_id": lines["track_id"][is_valid],
            "listen_time": times[is_valid],
        }
    )
    del lines, users, times
    rows_valid = len(plays)
    plays = plays.drop_duplicates()
    plays.to_parquet(out / "plays.parquet")
    songs = pd.read_csv(next(data.glob("songs/*.csv"))).sort_values("id")
    write_pandas_genres(plays, songs, out)
    write_pandas_hours(plays, songs, out)
    return {"rows_read": rows_read, "rows_valid": rows_valid, "rows_accepted": len(plays)}


def write_pandas_genres(plays: Any, songs: Any, out: Path) -> None:
    tracks = plays.groupby("track_id").size().rename("play_count").reset_index()
    played = tracks.merge(songs.drop_duplicates(["track_id", "track_genre"]), on="track_id")
    played["ms"] = played["duration_ms"] * played["play_count"]
    played["liked"] = played["popularity"] * played["play_count"]
    genres = played.groupby("track_genre").agg(
        listen_count=("play_count", "sum"), ms=("ms", "sum"), liked=("liked", "sum")
    )
    by_plays = ["play_count", "popularity", "track_id"]
    top = played.sort_values(by_plays, ascending=[False, False, True]).drop_duplicates(
        "track_genre"
    )
    genres = genres.join(top.set_index("track_genre")[["track_id", "track_name", "play_count"]])
    genres["avg_track_duration_ms"] = genres["ms"] / genres["listen_count"]
    share = genres["listen_count"] / genres["listen_count"].max()
    liked = genres["liked"] / genres["listen_count"]
    genres["popularity_index"] = 100 * (0.5 * share + 0.5 * liked / 100)
    genres = genres.rename(columns={"play_count": "track_listen_count"})
    genres.drop(columns=["ms", "liked"]).reset_index().to_parquet(out / "genre_kpis.parquet")


def write_pandas_hours(plays: Any, songs: Any, out: Path) -> None:
    plays["hour"] = plays["listen_time"].dt.floor("h")
    hours = plays.groupby("hour").agg(
        unique_listeners=("user_id", "nunique"),
        total_plays=("user_id", "size"),
        unique_tracks=("track_id", "nunique"),
    )
    artists = songs.drop_duplicates("track_id")[["track_id", "artists"]].copy()
    artists["artist"] = artists["artists"].str.split(";").map(lambda names: list(set(names)))
    counts = plays.groupby(["hour", "track_id"]).size().rename("plays").reset_index()
    credited = counts.merge(artists.explode("artist")[["track_id", "artist"]], on="track_id")
    by_artist = credited.groupby(["hour", "artist"])["plays"].sum().reset_index()
    first = by_artist.sort_values(["plays", "artist"], ascending=[False, True])
    first = first.drop_duplicates("hour").set_index("hour")
    hours["top_artist"] = first["artist"]
    hours["top_artist_plays"] = first["plays"]
    hours["track_diversity_index"] = hours["unique_tracks"] / hours["total_plays"]
    hours.reset_index().to_parquet(out / "hourly_kpis.parquet")


PEERS = {"duckdb": run_duckdb, "polars": run_polars, "pandas": run_pandas}

if __name__ == "__main__":
    name, data_folder, out_folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    out_folder.mkdir(parents=True)
    counts = PEERS[name](data_folder, out_folder)
    (out_folder / "counts.json").write_text(json.dumps(counts))
