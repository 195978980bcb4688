"""`make run` and `make spark-run` over one folder: the same files read, the same plays."""

import gzip
from collections.abc import Callable
from pathlib import Path

from commands.content_hashes import HASHES, hash_contents
from commands.stream_claims import claim_files

from commands.delivery import list_delivery
from commands.snapshot import Snapshot
from commands.uploads import NOTES, upload_delivery
from conf.settings import load_settings
from localaws.stack import Stack
from tests import reference
from tests.flow_deliveries import SONGS
from tests.pipeline_world import HEADER, World
from tests.plain_jobs import micros

State = Callable[[Path], None]
JUDGED_BY = load_settings("local").judged_by


def write(name: str, *plays: str, packed: bool = False) -> State:
    def act(data: Path) -> None:
        content = "".join(f"{line}\n" for line in (HEADER, *plays)).encode()
        path = data / "streams" / name
        path.write_bytes(gzip.compress(content, mtime=0) if packed else content)

    return act


def remove(name: str) -> State:
    return lambda data: (data / "streams" / name).unlink()


FIRST, SECOND = "1,dawn,2024-06-01 10:00:00", "2,dusk,2024-06-02 10:00:00"
STATES = (
    write("a.csv", FIRST),
    write("b.csv.gz", FIRST, SECOND, packed=True),
    write("a.csv", "3,dawn,2024-06-01 10:00:00"),
    remove("a.csv"),
    write("refused.csv", "not,a play", *["x,dusk,never"] * 30),
    write("a.csv", FIRST, "4,dawn,2024-06-03 10:00:00"),
    remove("b.csv.gz"),
)


class SparkRun:
    """What `make spark-run` keeps and reads, its jobs done by the reference."""

    def __init__(self, folder: Path) -> None:
        self.state = Snapshot(0, folder, None, {})
        self.plays: set[reference.Play] = set()

    def call(self, data: Path) -> None:
        """Read what is to be read."""
        delivery = hash_contents(list_delivery(data), self.state.folder / f"own-{HASHES}")
        files = claim_files(delivery, self.state, JUDGED_BY)
        read = {f.file_key: (f.path.read_bytes(), micros(f.last_modified)) for f in files}
        done = reference.validate(read, self.plays)
        self.plays |= done.accepted.keys()
        for file in files:
            status = "REJECTED" if file.file_key in done.refused else "PROCESSED"
            entry = {"etag": file.etag, "status": status, "judged_by": JUDGED_BY}
            self.state.ledger[file.file_key] = entry


def test_both_verbs_have_the_same_plays_after_every_state_of_a_folder(
    pipeline_stack: Stack, tmp_path: Path
) -> None:
    world, spark_run = World(pipeline_stack, load_settings("local")), SparkRun(tmp_path)
    data = tmp_path / "data"
    for kind in ("users", "songs", "streams"):
        (data / kind).mkdir(parents=True)
    world.deliver_metadata(SONGS)

    for number, change in enumerate(STATES):
        change(data)
        delivery = hash_contents(list_delivery(data), tmp_path / HASHES)
        upload_delivery(world.bucket, "data", delivery, tmp_path / NOTES)
        world.run(f"day {number}")
        spark_run.call(data)

        streams = {(user, track, micros(at)) for user, track, at in world.tables()["streams"]}
        assert (number, streams) == (number, spark_run.plays)
        stored = {found.key for found in world.bucket.list_objects("data/streams/")}
        assert stored == {file.file_key for file in delivery.streams}

    assert len(spark_run.plays) == 4
