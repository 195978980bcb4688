"""A thousand hostile users and songs files, a line of 100 MB and a gzip bomb through the loader."""

import gzip
import json
from pathlib import Path
from random import Random

import pytest

from conf import places
from tests.fuzz import memory
from tests.fuzz.hostile_metadata import PLAIN
from tests.fuzz.hostile_packing import PACKED
from tests.fuzz.metadata_loads import Loads
from tests.pipeline_world import SONGS, USERS, World

MIB = 1 << 20
MOST = 48 * MIB  # one chunk, one line, one batch of rows and what S3's client takes
REASONS = {"empty", "columns", "unreadable", "too_many_rejected_rows", "invalid_encoding"}
REASONS |= {"malformed_row", "missing_user_id", "missing_id", "invalid_user_id", "invalid_id"}
REASONS |= {"nul_character", "too_long_user_name", "too_long_artists", "invalid_created_at"}
REASONS |= {"popularity_out_of_range", "invalid_energy", "invalid_explicit"}


def test_sixty_hostile_files_load_as_an_independent_reading_takes_them(world: World) -> None:
    loads = Loads(world, Random(3))

    for _ in range(2):
        loads.load(30)

    assert loads.reasons.keys() >= {"malformed_row", "unreadable", "columns", "invalid_user_id"}
    assert min(map(len, loads.tables.values())) > 50


@pytest.mark.slow
def test_a_thousand_hostile_files_load_as_an_independent_reading_takes_them(world: World) -> None:
    loads = Loads(world, Random(5))

    for _ in range(10):
        loads.load(100)

    assert loads.kinds.keys() == {*PLAIN, *PACKED}
    assert loads.reasons.keys() >= REASONS
    assert min(map(len, loads.tables.values())) > 300


@pytest.mark.slow
def test_a_line_of_100_mb_and_a_gzip_bomb_are_quarantined_in_little_memory(
    world: World, tmp_path: Path
) -> None:
    row = b",".join([b"%d", *[b""] * SONGS.count(",")]) + b"\n"
    header = f"{SONGS}\n".encode()
    with (tmp_path / "line.csv").open("wb") as plain, gzip.open(tmp_path / "bomb", "wb") as bomb:
        for file, first in ((plain, 1), (bomb, 3)):
            file.write(header + row % first)
            for _ in range(100):
                file.write(b"x" * MIB)
            file.write(b"\n" + row % (first + 1))
    for name, key in (("line.csv", "data/songs/line.csv"), ("bomb", "data/songs/bomb.csv.gz")):
        with (tmp_path / name).open("rb") as file:
            world.bucket.upload(key, file)
    world.bucket.put("data/users/u.csv", f"{USERS}\n1,Ann,,,\n".encode())
    before = memory.forget_peak()

    world.life("giants").load_metadata()

    assert memory.peak() - before < MOST
    key = places.metadata_report_key(places.run_name("giants"))
    bomb_file, line_file, _ = json.loads(world.bucket.require(key))["files"]
    for report in (bomb_file, line_file):
        assert (report["rows_read"], report["rows_loaded"]) == (3, 2)
        assert report["rows_rejected"] == {"malformed_row": 1}
