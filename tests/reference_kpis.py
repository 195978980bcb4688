"""docs/kpis.md a second time, in plain Python: slow, literal, none of the product's code.

Means, indexes and diversities are exact fractions; instants are microseconds since 1970, UTC.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from fractions import Fraction
from typing import Any, NamedTuple

from tests.reference import HOUR, TRIMMED, Play

UNKNOWN = ("plays_of_unknown_tracks", "plays_of_unknown_users")


class Song(NamedTuple):
    """The columns of a songs row that a KPI reads."""

    id: int
    track_id: str | None
    artists: str | None
    track_name: str | None
    popularity: int | None
    duration_ms: int | None
    track_genre: str | None


def genre_kpis(plays: Iterable[Play], songs: Iterable[Song], weight: float) -> set[tuple[Any, ...]]:
    """Give the rows of genre_kpis."""
    rows: dict[tuple[str | None, str | None], Song] = {}
    for song in sorted(songs, key=lambda song: -song.id):
        rows[song.track_genre, song.track_id] = song
    counts = Counter(track_id for _, track_id, _ in plays)
    genres: dict[str, list[tuple[int, Song]]] = {}
    for (genre, track_id), song in rows.items():
        if genre is not None and track_id is not None and counts[track_id]:
            genres.setdefault(genre, []).append((counts[track_id], song))
    listens = {genre: sum(count for count, _ in tracks) for genre, tracks in genres.items()}
    result = set()
    for genre, tracks in genres.items():
        popularity = mean(tracks, lambda song: song.popularity)
        share = Fraction(listens[genre], max(listens.values()))
        w = Fraction(weight)
        index = None if popularity is None else 100 * (w * share + (1 - w) * popularity / 100)
        count, top = min(tracks, key=place_in_genre)
        duration = mean(tracks, lambda song: song.duration_ms)
        result.add((genre, listens[genre], duration, index, top.track_id, top.track_name, count))
    return result


def mean(tracks: list[tuple[int, Song]], value: Callable[[Song], int | None]) -> Fraction | None:
    known = [(count, value(song)) for count, song in tracks if value(song) is not None]
    plays = sum(count for count, _ in known)
    return Fraction(sum(count * (one or 0) for count, one in known), plays) if plays else None


def place_in_genre(track: tuple[int, Song]) -> tuple[int, float, bytes]:
    count, song = track
    popularity = float("-inf") if song.popularity is None else song.popularity
    return -count, -popularity, (song.track_id or "").encode()


def hourly_kpis(plays: Iterable[Play], songs: Iterable[Song]) -> set[tuple[Any, ...]]:
    """Give the rows of hourly_kpis; hours are counted since 1970."""
    credits = {song.track_id: song.artists for song in sorted(songs, key=lambda song: -song.id)}
    hours: dict[int, list[Play]] = {}
    for play in plays:
        hours.setdefault(play[2] // HOUR, []).append(play)
    result = set()
    for hour, played in hours.items():
        tracks = {track_id for _, track_id, _ in played}
        counts: Counter[str] = Counter()
        for _, track_id, _ in played:
            names = (credits.get(track_id) or "").split(";")
            counts.update({name.strip(TRIMMED) for name in names} - {""})
        top = min(counts, key=lambda name: (-counts[name], name.encode()), default=None)
        diversity = Fraction(len(tracks), len(played))
        listeners = len({user_id for user_id, _, _ in played})
        top_plays = counts[top] if top else None
        result.add((hour, listeners, len(played), len(tracks), top, top_plays, diversity))
    return result


def unknown_plays(
    plays: Mapping[str, Sequence[Play]], songs: Iterable[Song], users: Set[int]
) -> dict[str, Any]:
    """Give the document of `unknown.json` of the valid plays of each file, copies included."""
    tracks = {song.track_id for song in songs}
    files = {}
    for key, found in plays.items():
        of_tracks = sum(track not in tracks for _, track, _ in found)
        of_users = sum(user not in users for user, _, _ in found)
        if of_tracks or of_users:
            files[key] = unknown_counts(of_tracks, of_users)
    sums = (sum(counts[kind] for counts in files.values()) for kind in UNKNOWN)
    return {"files": files} | unknown_counts(*sums)


def unknown_counts(of_tracks: int, of_users: int) -> dict[str, int]:
    return dict(zip(UNKNOWN, (of_tracks, of_users), strict=True))
