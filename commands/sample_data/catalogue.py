"""Make the users and songs of the sample data: invented names, real shapes."""

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo ya ze bri cla dro".split()
COUNTRIES = ("Arvenia", "Belmora", "Castria", "Dunholm", "Estavia", "Fjordland", "Galdora")
GENRE_COUNT = 113
EXTRA_GENRE_SHARE = 0.25
SECOND_ARTIST_SHARE = 0.2
USER_COLUMNS = ("user_id", "user_name", "user_age", "user_country", "created_at")
SONG_COLUMNS = (
    "id", "track_id", "artists", "album_name", "track_name", "popularity", "duration_ms",
    "explicit", "danceability", "energy", "key", "loudness", "mode", "speechiness",
    "acousticness", "instrumentalness", "liveness", "valence", "tempo", "time_signature",
    "track_genre",
)  # fmt: skip


def make_name(number: int, syllables: int = 3) -> str:
    """Give an invented name, a different one for each number."""
    parts = []
    for _ in range(syllables):
        number, digit = divmod(number, len(SYLLABLES))
        parts.append(SYLLABLES[digit])
    while number:
        number, digit = divmod(number, len(SYLLABLES))
        parts.append(SYLLABLES[digit])
    return "".join(parts).capitalize()


def write_users(path: Path, rng: np.random.Generator, user_ids: np.ndarray) -> None:
    """Write users.csv, one row for each id."""
    path.parent.mkdir(parents=True)
    ages = rng.integers(13, 90, size=len(user_ids))
    countries = rng.integers(0, len(COUNTRIES), size=len(user_ids))
    days = rng.integers(0, 365, size=len(user_ids))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(USER_COLUMNS)
        for row, user_id in enumerate(user_ids):
            writer.writerow(
                (
                    user_id,
                    f"{make_name(row)} {make_name(row * 7 + 3, 2)}",
                    ages[row],
                    COUNTRIES[countries[row]],
                    date(2023, 1, 1) + timedelta(days=int(days[row])),
                )
            )


def write_songs(path: Path, rng: np.random.Generator, track_ids: pa.Array) -> None:
    """Write songs.csv: one row for each track and genre; a quarter of the tracks has two."""
    path.parent.mkdir(parents=True)
    artist_count = max(5, len(track_ids) // 3)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(SONG_COLUMNS)
        song_id = 0
        for number, track_id in enumerate(track_ids.to_pylist()):
            artists = [make_name(int(rng.integers(artist_count)))]
            if rng.random() < SECOND_ARTIST_SHARE:
                artists.append(make_name(int(rng.integers(artist_count))))
            genres = {int(rng.integers(GENRE_COUNT))}
            if rng.random() < EXTRA_GENRE_SHARE:
                genres.add(int(rng.integers(GENRE_COUNT)))
            described = describe_track(rng, number, artists)
            for genre in sorted(genres):
                writer.writerow((song_id, track_id, *described, f"genre-{genre:03d}"))
                song_id += 1


def describe_track(rng: np.random.Generator, number: int, artists: list[str]) -> tuple[object, ...]:
    """Give a track's columns between `track_id` and `track_genre`."""
    features = np.round(rng.random(8), 4)
    return (
        ";".join(artists),
        f"{make_name(number // 10)} Album",
        f"{make_name(number)} Song",
        int(rng.integers(0, 101)),
        int(rng.integers(60_000, 420_000)),
        bool(rng.random() < 0.1),
        features[0],
        features[1],
        int(rng.integers(0, 12)),
        round(-60 * float(features[2]), 3),
        int(rng.integers(0, 2)),
        features[3],
        features[4],
        features[5],
        features[6],
        features[7],
        round(60 + 140 * float(rng.random()), 3),
        4,
    )
