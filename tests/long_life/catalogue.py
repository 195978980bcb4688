"""Users and songs that are corrected from day to day."""

import random
from typing import Any

from spark_jobs import schemas
from tests.pipeline_world import World
from tests.reference_kpis import Song

GENRES = ("pop", "rock", "jazz", "folk", None)
ARTISTS = ("Ann", "Ann;Bob", "Cleo", "Bob ; Ann", "Zoe;Ann;Zoe", None)
FIRST_SONGS = (
    Song(1, "dawn", "Ann;Bob", "Dawn", 60, 200_000, "pop"),
    Song(2, "dawn", "Ann;Bob", "Dawn", 60, 200_000, "rock"),
    Song(3, "dusk", "Cleo", "Dusk", 40, 100_000, "rock"),
    Song(4, "noon", "Bob", "Noon", 40, 150_001, "jazz"),
    Song(5, "rain", "Ann", "Rain", None, 90_000, "folk"),
    Song(6, "snow", "Zoe", None, 0, None, "folk"),
)
TRACKS = (*(song.track_id for song in FIRST_SONGS if song.id != 2), "lost")


class Catalogue:
    """The metadata as it is today; nothing ever leaves its files."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world, self.chance = world, chance
        self.songs = list(FIRST_SONGS)
        self.users = {number: ("Ann", 20 + number, "X") for number in range(1, 6)}
        self.deliver()

    def correct(self) -> None:
        """Correct a song or two, and a user now and then; a new one of each comes at times."""
        for _ in range(self.chance.randint(1, 2)):
            at = self.chance.randrange(len(self.songs))
            self.songs[at] = self._corrected(self.songs[at])
        if self.chance.random() < 0.3:
            number = len(self.songs) + 1
            # A track once unknown may become known: its plays were accepted all along.
            track = self.chance.choice(TRACKS)
            self.songs.append(Song(number, track, "New", f"New {number}", 50, 1_000, "new"))
        number = self.chance.randint(1, len(self.users) + 1)
        self.users[number] = ("Eve", self.chance.randint(10, 90), "Y")
        self.deliver()

    def deliver(self) -> None:
        users = [
            f"{number},{name},{age},{country},2020-01-01"
            for number, (name, age, country) in sorted(self.users.items())
        ]
        self.world.deliver_metadata(self.songs, *users)

    def assert_tables(self) -> None:
        """Compare the warehouse's users and songs with what was delivered last."""
        tables = self.world.tables()
        users = [(number, *rest) for number, rest in sorted(self.users.items())]
        assert sorted(row[:4] for row in tables["users"]) == users
        assert sorted(map(_song_of, tables["songs"]), key=_id_of) == self.songs

    def _corrected(self, song: Song) -> Song:
        choose = self.chance.choice
        return choose(
            (
                song._replace(track_genre=choose(GENRES)),
                song._replace(artists=choose(ARTISTS)),
                song._replace(duration_ms=choose((1, 123_457, None))),
                song._replace(popularity=choose((0, 77, 100, None))),
            )
        )


def _id_of(song: Song) -> int:
    return song.id


def _song_of(row: tuple[Any, ...]) -> Song:
    values = dict(zip(schemas.SONGS.fieldNames(), row, strict=True))
    return Song(*(values[name] for name in Song._fields))
