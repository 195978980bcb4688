"""A bucket, a database and people to tell, for the step that loads users and songs."""

import contextlib
import dataclasses
import gzip
from collections.abc import Iterator
from typing import Any

import pytest

from conf import places
from dags.protocol.params import RunParams
from dags.protocol.pipeline import Pipeline
from dags.steps import load_metadata_to_rds
from dags.systems import metadata
from tests.dags.memory_s3 import MemoryS3
from tests.dags.metadata_files import SONG_HEADER, USER_HEADER
from tests.dags.pipeline_doubles import Told, a_pipeline

RUN = "manual__2024-07-01"
NAME = places.run_name(RUN)
DAILY = RunParams()


@dataclasses.dataclass
class Place:
    """A bucket, a database and people to tell, around one pipeline."""

    s3: MemoryS3
    told: Told
    pipeline: Pipeline

    def deliver(self, name: str, *lines: str) -> None:
        header = SONG_HEADER if name.startswith("songs/") else USER_HEADER
        content = "".join(f"{line}\n" for line in (header, *lines)).encode()
        packed = gzip.compress(content) if name.endswith(".gz") else content
        self.pipeline.bucket.put(f"data/{name}", packed)

    def run(self, params: RunParams = DAILY) -> dict[str, Any]:
        self.s3.writes.clear()
        return load_metadata_to_rds.run(self.pipeline, RUN, params)

    def users(self) -> list[int]:
        with self.pipeline.open_metadata() as opened, opened.cursor() as cursor:
            cursor.execute("SELECT user_id FROM users ORDER BY user_id")
            return [user_id for (user_id,) in cursor.fetchall()]


def open_place(dsn: dict[str, Any]) -> Place:
    @contextlib.contextmanager
    def open_metadata() -> Iterator[Any]:
        with contextlib.closing(metadata.connect(dsn)) as opened:
            yield opened

    s3, told = MemoryS3(), Told()
    pipeline = dataclasses.replace(a_pipeline(s3, told=told), open_metadata=open_metadata)
    return Place(s3, told, pipeline)


@pytest.fixture
def place(empty_dsn: dict[str, Any]) -> Place:
    """A migrated database, empty, and a songs file."""
    place = open_place(empty_dsn)
    with place.pipeline.open_metadata() as opened:
        metadata.migrate(opened)
    place.deliver("songs/s.csv", "1,t" + "," * 19)
    return place
