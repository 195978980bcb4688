"""Loads of hostile users and songs files into RDS, each compared with an independent reading."""

import base64
import gzip
import json
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from conf import places
from tests.fuzz import metadata_reference
from tests.fuzz.digits import any_number_of_digits
from tests.fuzz.hostile_metadata import hostile_metadata
from tests.fuzz.hostile_packing import readable_part, with_last_line_ended
from tests.fuzz.metadata_reference import SCHEMAS, Reading, Row
from tests.pipeline_world import World

Rejected = list[tuple[str, bytes, str]]


@dataclass
class Loads:
    """Loads one after the other; each replaces all files.

    Rows of no file go, unless a file of their table is refused.
    """

    world: World
    random: Random
    number: int = 0
    tables: dict[str, dict[Any, Row]] = field(default_factory=lambda: {"users": {}, "songs": {}})
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def load(self, files: int) -> None:
        """Deliver so many files of both tables, load them, and compare."""
        contents = self._deliver(files)
        self.number += 1
        run = f"load {self.number}"
        self.world.life(run).load_metadata()
        name = places.run_name(run)
        report = json.loads(self.world.bucket.require(places.metadata_report_key(name)))
        found = {file.pop("file_key"): file for file in report["files"]}
        with any_number_of_digits():
            readings = {
                key: read_as_the_load(key, contents[key], found[key]["refused"])
                for key in sorted(contents, key=str.encode)
            }
        self._compare(found, readings, self._read_quarantine(name))
        for table in self.tables:
            own = [reading for key, reading in readings.items() if table_of(key) == table]
            if not any(reading.refused for reading in own):
                self.tables[table] = {}
            for reading in own:
                self.tables[table] |= {} if reading.refused else {r[0]: r for r in reading.good}
        assert self._read_tables() == self.tables

    def _deliver(self, files: int) -> dict[str, bytes]:
        bucket = self.world.bucket
        prefixes = [f"data/{table}/" for table in SCHEMAS]
        bucket.delete(one.key for prefix in prefixes for one in bucket.list_objects(prefix))
        contents = {}
        for number in range(files):
            table = self.random.choice(sorted(SCHEMAS))
            file = hostile_metadata(self.random, table)
            key = f"data/{table}/{number:03}-{file.kind}{file.suffix}"
            bucket.put(key, file.content)
            contents[key] = file.content
            self.kinds.update(file.kind.split("-"))
        return contents

    def _compare(
        self, found: dict[str, Any], readings: dict[str, Reading], quarantine: Rejected
    ) -> None:
        """Compare the load's report and its quarantine with what the files hold."""
        assert found.keys() == readings.keys()
        expected: Rejected = []
        for key, reading in readings.items():
            report = found[key]
            for name in ("etag", "explanation", "rows_replaced", "rows_renumbered"):
                report.pop(name)
            if reading.refused == "unreadable":  # its rows before the fault are told at will
                assert report["rows_loaded"] == 0
                assert report["refused"] == "unreadable"
                quarantine = [row for row in quarantine if row[0] != key]
            else:
                assert report == reading.report(), key
                expected += [(key, line, reason) for line, reason in reading.rejected]
            self.reasons.update([reading.refused] if reading.refused else [])
        assert sorted(quarantine) == sorted(expected)
        self.reasons.update(reason for _, _, reason in expected)

    def _read_quarantine(self, name: str) -> Rejected:
        packed = self.world.bucket.read(places.metadata_quarantine_key(name))
        rows = map(json.loads, gzip.decompress(packed or b"").splitlines())
        return [(row["file_key"], base64.b64decode(row["raw_line"]), row["reason"]) for row in rows]

    def _read_tables(self) -> dict[str, dict[Any, Row]]:
        tables = {}
        with self.world.pipeline.open_metadata() as connection, connection.cursor() as cursor:
            for table, schema in SCHEMAS.items():
                names = ", ".join(f'"{name}"' for name in schema.fieldNames())
                cursor.execute(f"SELECT {names} FROM {table}")
                tables[table] = {row[0]: row for row in cursor.fetchall()}
        return tables


def table_of(key: str) -> str:
    return key.split("/")[1]


def read_as_the_load(key: str, content: bytes, told: str | None) -> Reading:
    """Read a file; of several reasons against a packed one the load may tell any."""
    table, ended = table_of(key), with_last_line_ended(key, content)
    reading = metadata_reference.read_file(table, key, ended)
    if reading.refused == "unreadable" and key.endswith(".gz") and told != "unreadable":
        header = metadata_reference.read_file(table, "", readable_part(content))
        return header if header.refused in ("empty", "columns") else reading
    return reading
