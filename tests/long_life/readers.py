"""Readers of the lake that listed it and take their time, as a Spark job does."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dags.protocol.batch import list_lake_plays
from tests.pipeline_world import World
from tests.plain_jobs import PlainJobs
from tests.reference import Play

KEEP_DAYS = 7
# S3 dates an object by the second, and a test's day is some seconds long.
READING_TIME = timedelta(days=KEEP_DAYS, minutes=-1)


@dataclass(frozen=True)
class Reader:
    """A reader of a commit: the objects that it listed, and the plays that were in them."""

    commit: int
    opened: datetime
    keys: tuple[str, ...]
    plays: list[Play]

    def may_still_read(self, world: World) -> bool:
        return world.pipeline.now() < self.opened + READING_TIME

    def assert_that_nothing_moved(self, world: World) -> None:
        """Read the listed objects, and the commit by a new listing: the plays are the same."""
        assert read_objects(world, self.keys) == self.plays
        assert sorted(PlainJobs(world.pipeline).lake_plays(self.commit)) == self.plays


def open_reader(world: World) -> Reader | None:
    """List the lake at its last commit; None while that is not published, as for every run."""
    commit, _ = world.state()
    if not is_published(world):
        return None
    keys = tuple(file.key for file in list_lake_plays(world.bucket, commit))
    plays = read_objects(world, keys)
    assert plays == sorted(PlainJobs(world.pipeline).lake_plays(commit))
    return Reader(commit, world.pipeline.now(), keys, plays)


def read_objects(world: World, keys: tuple[str, ...]) -> list[Play]:
    """Read objects of the lake; one that is gone is an error."""
    jobs = PlainJobs(world.pipeline)
    return sorted(play for key in keys for play in jobs._plays_of(key))


def is_published(world: World) -> bool:
    commit, _ = world.state()
    return commit == 0 or world.bucket.head(f"lake/commits/{commit:010d}.json") is not None
