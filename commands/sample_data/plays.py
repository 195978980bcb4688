"""Make sample data of any size: the same arguments give the same bytes."""

import argparse
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commands.console import say
from commands.sample_data.catalogue import write_songs, write_users

FIRST_DAY = date(2024, 6, 1)
DUPLICATE_SHARE = 0.005
REJECTED_SHARE = 0.005
LATE_SHARE = 0.01
UNKNOWN_TRACK_SHARE = 0.02
ZIPF_EXPONENT = 0.9
PLAYS_PER_USER = 20
PLAYS_PER_TRACK = 200
MAX_USERS = 1_000_000
MAX_TRACKS = 90_000
# Plays per hour of a day, in parts of the whole: quiet at night, busiest in the evening.
DAY_RHYTHM = np.array(
    [18, 11, 7, 5, 4, 6, 14, 30, 44, 46, 45, 47, 50, 48, 46, 48, 54, 62, 68, 70, 68, 60, 46, 30],
    dtype=np.float64,
)
BROKEN_LINES = (
    ",{track},{time}\n",
    "listener-{user},{track},{time}\n",
    "{user},,{time}\n",
    "{user},{track},yesterday\n",
    "{user},{track},1999-12-31 23:59:59\n",
    "{user},{track}\n",
)


def parse_args(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make sample", description=__doc__)
    parser.add_argument("--plays", type=int, default=100_000, help="plays before duplicates")
    parser.add_argument("--days", type=int, default=3, help="days, one stream file each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="a folder that is new or empty")
    parser.add_argument("--first-day", type=date.fromisoformat, default=FIRST_DAY)
    parser.add_argument("--sparse-ids", action="store_true", help="user ids spread over 64 bits")
    parser.add_argument("--skewed", action="store_true", help="nine tenths on the first day")
    parser.add_argument("--rows-per-file", type=int, help="a day in files of so many rows")
    args = parser.parse_args(argv)
    if args.plays < args.days or args.days < 1:
        parser.error(f"needs a day and a play a day: got PLAYS={args.plays} DAYS={args.days}")
    if args.skewed and args.plays < 10 * args.days:
        parser.error(f"SKEWED needs ten plays a day: got PLAYS={args.plays} DAYS={args.days}")
    if args.rows_per_file is not None and args.rows_per_file < 1:
        parser.error(f"a file has at least one row: got ROWS={args.rows_per_file}")
    if args.out.exists() and any(args.out.iterdir()):
        parser.error(f"{args.out} is not empty: name a new folder")
    return args


def main(argv: list[str]) -> int:
    args = parse_args(argv)
    rng = np.random.default_rng(args.seed)
    user_count = max(10, min(MAX_USERS, args.plays // PLAYS_PER_USER))
    track_count = max(20, min(MAX_TRACKS, args.plays // PLAYS_PER_TRACK))
    user_ids = make_user_ids(rng, user_count, sparse=args.sparse_ids)
    track_ids = make_track_ids(rng, track_count)
    unknown = max(1, int(track_count * UNKNOWN_TRACK_SHARE))
    write_users(args.out / "users" / "users.csv", rng, user_ids)
    write_songs(args.out / "songs" / "songs.csv", rng, track_ids[:-unknown])
    for number, plays in enumerate(part_by_day(args.plays, args.days, skewed=args.skewed)):
        day = args.first_day + timedelta(days=number)
        folder = args.out / "streams" / f"{day:%Y/%m/%d}"
        write_day(folder, make_day(rng, plays, day, user_ids, track_ids), args.rows_per_file)
        say(f"{folder}: {plays:,} plays")
    return 0


def part_by_day(plays: int, days: int, *, skewed: bool) -> list[int]:
    """Part the plays evenly over the days, or nine tenths of them on the first one."""
    if skewed and days > 1:
        most = plays * 9 // 10
        return [most, *part_by_day(plays - most, days - 1, skewed=False)]
    return [plays // days + (number < plays % days) for number in range(days)]


def write_day(folder: Path, content: bytes, rows_per_file: int | None) -> None:
    """Write a day as one file, or as files of so many rows."""
    folder.mkdir(parents=True)
    if rows_per_file is None:
        (folder / "plays.csv").write_bytes(content)
        return
    header, *rows = content.splitlines(keepends=True)
    for start in range(0, len(rows), rows_per_file):
        path = folder / f"plays-{start // rows_per_file:06d}.csv"
        path.write_bytes(header + b"".join(rows[start : start + rows_per_file]))


def make_user_ids(rng: np.random.Generator, count: int, *, sparse: bool) -> np.ndarray:
    """Give distinct user ids: 1 … count, or numbers spread over the positive 64-bit range."""
    if not sparse:
        return np.arange(1, count + 1, dtype=np.int64)
    drawn = np.unique(rng.integers(1, 2**63 - 1, size=count + 1000, dtype=np.int64))
    return rng.permutation(drawn)[:count]


def make_track_ids(rng: np.random.Generator, count: int) -> pa.Array:
    """Give distinct track ids of 22 characters, in the order of their popularity."""
    alphabet = np.frombuffer(
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", dtype="S1"
    )
    letters = alphabet[rng.integers(0, len(alphabet), size=(count, 22))]
    return pa.array([row.tobytes().decode() for row in letters])


def make_day(
    rng: np.random.Generator, plays: int, day: date, user_ids: np.ndarray, track_ids: pa.Array
) -> bytes:
    """Make one stream file: a day's plays, some of them late, twice or broken."""
    weights = 1.0 / np.arange(1, len(track_ids) + 1) ** ZIPF_EXPONENT
    cumulative = np.cumsum(weights / weights.sum())
    tracks = np.minimum(np.searchsorted(cumulative, rng.random(plays)), len(track_ids) - 1)
    users = rng.integers(0, len(user_ids), size=plays)
    hours = np.searchsorted(np.cumsum(DAY_RHYTHM / DAY_RHYTHM.sum()), rng.random(plays))
    seconds = np.minimum(hours, 23) * 3600 + rng.integers(0, 3600, size=plays)
    late = rng.random(plays) < LATE_SHARE
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    times = midnight + seconds - late * 86_400

    rows = np.arange(plays)
    repeated = rng.choice(plays, size=int(plays * DUPLICATE_SHARE))
    order = rng.permutation(np.concatenate([rows, repeated]))
    lines = pc.binary_join_element_wise(
        pc.cast(pa.array(user_ids[users][order]), pa.string()),
        pc.take(track_ids, pa.array(tracks[order])),
        pc.binary_join_element_wise(
            pc.cast(pa.array(times[order], pa.timestamp("s")), pa.string()), "\n", ""
        ),
        ",",
    )
    body = break_lines(rng, lines)
    return b"user_id,track_id,listen_time\n" + bytes(body.buffers()[2])


def break_lines(rng: np.random.Generator, lines: pa.Array) -> pa.Array:
    """Put a broken line of each kind in the place of some lines."""
    broken = np.sort(rng.choice(len(lines), size=int(len(lines) * REJECTED_SHARE), replace=False))
    if not len(broken):
        return lines
    replacements = []
    for number, line in enumerate(pc.take(lines, pa.array(broken)).to_pylist()):
        user, track, time = line.rstrip("\n").split(",")
        pattern = BROKEN_LINES[number % len(BROKEN_LINES)]
        replacements.append(pattern.format(user=user, track=track, time=time))
    mask = np.zeros(len(lines), dtype=bool)
    mask[broken] = True
    return pc.replace_with_mask(lines, pa.array(mask), pa.array(replacements))
