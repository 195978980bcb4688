"""`make run` and `make spark-run` over one folder give the same tables, whatever becomes of it.

Both verbs' own steps run, but for Airflow, and with the jobs in plain Python.
"""

import contextlib
import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest

from commands import run, spark_run
from commands.folder_run import metadata as local_metadata
from commands.folder_run.delivery import DeliveredFile, Delivery, list_delivery
from commands.folder_run.metadata import LocalMetadata
from commands.folder_run.snapshot import STATE, Snapshot
from conf import places
from dags.systems import metadata as metadata_tables
from dags.systems.bucket import Bucket
from tests.dags.memory_s3 import BUCKET, MemoryS3
from tests.pipeline_world import HEADER, SONGS, USERS, World
from tests.plain_jobs import PlainJobs

ANN, BOB = "1,Ann,30,X,2020-01-01", "2,Bob,40,Y,2020-01-01"
DAWN = "1,dawn,Ann,Dawn,Dawn,60,200000,false" + ",0.5" * 2 + ",1,-7,1" + ",0.5" * 5 + ",120,4,pop"
DUSK = DAWN.replace("1,dawn,Ann", "2,dusk,Cleo", 1).replace("pop", "rock")
PLAYS = [f"{user},{track},2024-06-0{day} 1{day}:00:00" for user, track, day in (
    (1, "dawn", 1), (2, "dawn", 1), (1, "dusk", 2), (3, "lost", 2), (2, "dusk", 3),
)]  # fmt: skip
State = dict[str, list[str]]
BEGIN: State = {
    "users/users.csv": [USERS, ANN],
    "songs/songs.csv": [SONGS, DAWN],
    "streams/2024/06/01/a.csv": [HEADER, *PLAYS[:2]],
    "streams/b.csv": [HEADER, *PLAYS[1:3]],
}
FIXED: list[State | str] = [
    {},
    {"streams/c.csv": [HEADER, PLAYS[3]], "users/more.csv": [USERS, BOB]},
    {"streams/b.csv": [HEADER, *PLAYS[2:]], "songs/songs.csv": [SONGS, DAWN, DUSK]},
    "streams/c.csv users/users.csv",
    {"streams/c.csv": [HEADER, PLAYS[3]], "users/users.csv": [USERS, ANN]},
    "streams/b.csv users/more.csv",
]


class BothVerbs:
    """One folder, and what each verb makes of it."""

    def __init__(self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.data, self.out = world, folder / "data", folder / "out"
        self.state = folder / "state"
        self.state.mkdir()
        monkeypatch.setattr(local_metadata, "DATABASE", "of_spark_run")
        monkeypatch.setattr(spark_run, "open_metadata", self.open_metadata)
        monkeypatch.setattr(spark_run, "run_jobs", self.run_jobs)
        monkeypatch.setattr(spark_run, "print_report", lambda *_: None)
        dead_runs = SimpleNamespace(open_systems=lambda *_: None, end_dead_runs=lambda _: 0)
        monkeypatch.setattr(run, "dead_runs", dead_runs)
        monkeypatch.setattr(run, "put_artifacts", lambda *_: [])
        self.place = SimpleNamespace(config=SimpleNamespace(state=self.state))
        self.calls = 0

    def write(self, change: State | str) -> None:
        """Write files, or remove those that a text names."""
        for name in change.split() if isinstance(change, str) else ():
            (self.data / name).unlink()
        for name, lines in change.items() if isinstance(change, dict) else ():
            (self.data / name).parent.mkdir(parents=True, exist_ok=True)
            (self.data / name).write_text("".join(f"{line}\n" for line in lines))

    def call(self) -> None:
        """Call both, and compare."""
        self.calls += 1
        place: Any = self.place
        run.prepare(place, self.world.settings, self.world.bucket, list_delivery(self.data))
        self.world.run(f"call {self.calls}")
        spark_run.run(
            Namespace(
                data=self.data,
                out=self.out,
                max_rejected_share="0.10",
                from_date=None,
                to_date=None,
            )
        )
        tables = self.world.tables()
        for table, rows in tables.items():
            found = pq.read_table(self.out / table).to_pylist()
            ours = sorted((tuple(row.values()) for row in found), key=repr)
            assert (self.calls, table, ours) == (self.calls, table, sorted(rows, key=repr))
        held = {each.key for each in self.world.bucket.list_objects("data/")}
        assert held == {file.file_key for file in list_delivery(self.data).files}

    @contextlib.contextmanager
    def open_metadata(self, state: Path, delivery: Delivery, rules: Any) -> Iterator[LocalMetadata]:
        yield local_metadata.load(self.world.stack.postgres, state, delivery, rules)

    def run_jobs(
        self,
        staging: Path,
        claimed: list[DeliveredFile],
        snapshot: Snapshot,
        metadata: LocalMetadata,
        args: Namespace,
        *,
        is_small: bool,
    ) -> None:
        """Let the plain jobs run over a bucket that holds what the real ones are given."""
        bucket = Bucket(MemoryS3(), BUCKET)
        claim = json.loads((staging / "claim.json").read_text()) | {"is_rebuild": False}
        name = claim["claim"]
        bucket.put(places.claim_key(name), json.dumps(claim).encode())
        for file in claimed:
            bucket.put(file.file_key, file.path.read_bytes())
        for path in (snapshot.lake / "streams").rglob("*.parquet"):
            bucket.put(f"lake/{path.relative_to(snapshot.lake).as_posix()}", path.read_bytes())
        pipeline: Any = SimpleNamespace(bucket=bucket, open_metadata=self.connect)
        jobs, outputs = PlainJobs(pipeline), {}
        outputs["extract_metadata"] = jobs.extract_metadata(name, 1)
        outputs["validate_data"] = jobs.validate_data(name, 1)
        outputs["transform_kpis"] = jobs.transform_kpis(name, 1, outputs)
        folders = {task: bucket.key_of(uri) for task, uri in outputs.items()}
        for task, folder in (folders | {"quarantine": places.quarantine_folder(name, 1)}).items():
            for found in bucket.list_objects(f"{folder}/"):
                path = staging / task / found.key.removeprefix(f"{folder}/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(bucket.read(found.key) or b"")

    @contextlib.contextmanager
    def connect(self) -> Iterator[Any]:
        dsn = self.world.stack.postgres.dsn("of_spark_run")
        with contextlib.closing(metadata_tables.connect(dsn)) as connection:
            yield connection


@pytest.fixture
def verbs(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BothVerbs:
    verbs = BothVerbs(world, tmp_path, monkeypatch)
    verbs.write(BEGIN)
    return verbs


def test_files_that_come_change_go_and_come_back_are_the_same_to_both(verbs: BothVerbs) -> None:
    for change in FIXED:
        verbs.write(change)
        verbs.call()

    assert (verbs.out / STATE).is_dir()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_becomes_of_the_folder_is_the_same_to_both(verbs: BothVerbs, seed: int) -> None:
    chance = Random(seed)
    for _ in range(8):
        there = [file.file_key[5:] for file in list_delivery(verbs.data).files]
        spare = [name for name in there if name not in BEGIN or name.startswith("streams")]
        if spare and chance.random() < 0.4:
            verbs.write(chance.choice(spare))
        else:
            name = chance.choice([*BEGIN, "streams/c.csv", "streams/d.csv", "users/more.csv"])
            kind = name.partition("/")[0]
            header = {"users": USERS, "songs": SONGS, "streams": HEADER}[kind]
            rows = {"users": [ANN, BOB], "songs": [DAWN, DUSK], "streams": PLAYS}[kind]
            verbs.write({name: [header, *chance.sample(rows, chance.randint(1, len(rows)))]})
        verbs.call()
