"""The three Spark jobs a second time, in plain Python over the same S3: for tests of the protocol.

They read what the jobs read and write what they write, by the independent reference of the rules.
"""

import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.types import StructType

from conf import places
from dags.protocol.pipeline import Pipeline
from maintenance.parquet_tables import arrow_schema
from spark_jobs import schemas
from tests import reference, reference_kpis
from tests.reference import Play

OBJECT = re.compile(r"listen_date=([0-9-]{10})/(\d{10})-(all|\d+)\.parquet")


def instant(micros: int) -> datetime:
    whole, rest = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=rest)


def micros(moment: datetime) -> int:
    whole = round(moment.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + moment.microsecond


def day_of(play: Play) -> date:
    return instant(play[2]).date()


class PlainJobs:
    """The jobs over one pipeline's bucket and RDS; each call is one attempt and gives its URI."""

    def __init__(self, pipeline: Pipeline, open_reader: Any = None) -> None:
        self.pipeline, self.bucket = pipeline, pipeline.bucket
        self.open_reader = open_reader or pipeline.open_metadata

    def extract_metadata(self, claim: str, attempt: int) -> str:
        folder = places.attempt_folder(claim, "extract_metadata", attempt)
        with self.open_reader() as connection, connection.cursor() as cursor:
            for table, schema in (("users", schemas.USERS), ("songs", schemas.SONGS)):
                names = ", ".join(f'"{name}"' for name in schema.fieldNames())
                cursor.execute(f"SELECT {names} FROM {table}")
                self._write(f"{folder}/{table}", schema, cursor.fetchall())
            cursor.execute("SELECT version FROM metadata_version")
            ((version,),) = cursor.fetchall()
        content = json.dumps({"metadata_version": version}).encode()
        self.bucket.put(f"{folder}/metadata.json", content)
        return self.bucket.uri(folder)

    def validate_data(self, claim: str, attempt: int, share: float = 0.10) -> str:
        folder = places.attempt_folder(claim, "validate_data", attempt)
        for write in self.validate_in_parts(claim, attempt, share):
            write()
        return self.bucket.uri(folder)

    def validate_in_parts(self, claim: str, attempt: int, share: float = 0.10) -> Iterator[Any]:
        """Give the writes of an attempt one by one, for attempts that are given up in between."""
        document = self._claim(claim)
        folder = places.attempt_folder(claim, "validate_data", attempt)
        known = set(self.lake_plays(document["commit"]))
        files = {
            file["file_key"]: (
                self.bucket.read(file["file_key"]) or b"",
                micros(datetime.fromisoformat(file["last_modified"])),
            )
            for file in document["files"]
        }
        done = reference.validate(files, known, max_rejected_share=share)
        plays = {}
        for play in sorted(done.accepted):
            plays.setdefault(f"listen_date={day_of(play)}/part-0.parquet", []).append(play)
        rows = {path: [(u, t, instant(m)) for u, t, m in day] for path, day in plays.items()}
        hours = [(instant(hour * reference.HOUR),) for hour in sorted(done.touched_hours)]
        accounting = {"run": document["run"], "files": done.files, "refused": done.refused}
        yield lambda: self._write_files(f"{folder}/streams", schemas.STREAMS, rows)
        yield lambda: self._write(f"{folder}/touched_hours", schemas.TOUCHED_HOURS, hours)
        quarantine = places.quarantine_folder(claim, attempt)
        yield lambda: self._write(quarantine, schemas.QUARANTINE, done.quarantine)
        text = json.dumps(accounting).encode()
        yield lambda: self.bucket.put(f"{folder}/accounting.json", text)

    def transform_kpis(self, claim: str, attempt: int, outputs: Mapping[str, str]) -> str:
        document = self._claim(claim)
        folder = places.attempt_folder(claim, "transform_kpis", attempt)
        songs = self._songs(outputs["extract_metadata"])
        new = self._read_plays(f"{self.bucket.key_of(outputs['validate_data'])}/streams")
        touched = {
            micros(row["hour"]) // reference.HOUR
            for row in self._read(f"{self.bucket.key_of(outputs['validate_data'])}/touched_hours")
        }
        lake = list(self.lake_plays(document["commit"]))
        days = {date.fromisoformat(day) for day in document["backfill_dates"]}

        def is_wanted(play: Play) -> bool:
            is_touched = play[2] // reference.HOUR in touched or day_of(play) in days
            return bool(document["is_rebuild"] or is_touched)

        hourly = reference_kpis.hourly_kpis([*filter(is_wanted, lake), *new], songs)
        totals = Counter(track for _, track, _ in (*lake, *new))
        genres = reference_kpis.genre_kpis((*lake, *new), songs, 0.5)
        hours = [(instant(hour * reference.HOUR), *map(plain, rest)) for hour, *rest in hourly]
        self._write(f"{folder}/track_plays", schemas.TRACK_PLAYS, totals.items())
        self._write(f"{folder}/genre_kpis", schemas.GENRE_KPIS, [[*map(plain, r)] for r in genres])
        self._write(f"{folder}/hourly_kpis", schemas.HOURLY_KPIS, hours)
        unknown = self._count_unknown(document, songs, outputs)
        self.bucket.put(f"{folder}/unknown.json", json.dumps(unknown).encode())
        return self.bucket.uri(folder)

    def _count_unknown(
        self,
        document: dict[str, Any],
        songs: Iterable[reference_kpis.Song],
        outputs: Mapping[str, str],
    ) -> dict[str, Any]:
        """Count by reading the files once more; only those that validate_data took."""
        validated = self.bucket.key_of(outputs["validate_data"])
        taken = json.loads(self.bucket.require(f"{validated}/accounting.json"))["files"]
        users = self._read(f"{self.bucket.key_of(outputs['extract_metadata'])}/users")
        plays = {
            key: plays for key, plays in self._read_deliveries(document).items() if key in taken
        }
        return reference_kpis.unknown_plays(plays, songs, {row["user_id"] for row in users})

    def _read_deliveries(self, document: dict[str, Any]) -> dict[str, list[Play]]:
        deliveries = {}
        for file in document["files"]:
            content = self.bucket.read(file["file_key"]) or b""
            modified = micros(datetime.fromisoformat(file["last_modified"]))
            rows = reference.read_file(file["file_key"], content, modified).rows
            deliveries[file["file_key"]] = [found for _, found in rows if isinstance(found, tuple)]
        return deliveries

    def lake_plays(self, commit: int) -> Iterator[Play]:
        """Give all plays up to a commit as a reader of the lake takes them."""
        days: dict[str, list[tuple[int, str, str]]] = {}
        for found in self.bucket.list_objects("lake/streams/"):
            match = OBJECT.search(found.key)
            assert match, found.key
            if int(match[2]) <= commit:
                days.setdefault(match[1], []).append((int(match[2]), match[3], found.key))
        for objects in days.values():
            last = max((number for number, part, _ in objects if part == "all"), default=0)
            for number, part, key in objects:
                if number > last or (number == last and part == "all"):
                    yield from self._plays_of(key)

    def _claim(self, claim: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(
            self.bucket.require(f"staging/claim={claim}/claim.json")
        )
        return document

    def _songs(self, uri: str) -> list[reference_kpis.Song]:
        names = reference_kpis.Song._fields
        rows = self._read(f"{self.bucket.key_of(uri)}/songs")
        return [reference_kpis.Song(*(row[name] for name in names)) for row in rows]

    def _read_plays(self, folder: str) -> list[Play]:
        return [(r["user_id"], r["track_id"], micros(r["listen_time"])) for r in self._read(folder)]

    def _plays_of(self, key: str) -> Iterator[Play]:
        for row in pq.read_table(io.BytesIO(self.bucket.read(key) or b"")).to_pylist():
            yield row["user_id"], row["track_id"], micros(row["listen_time"])

    def _read(self, folder: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for file in json.loads(self.bucket.require(f"{folder}/_files.json"))["files"]:
            content = self.bucket.read(f"{folder}/{file['path']}") or b""
            rows += pq.read_table(io.BytesIO(content)).to_pylist()
        return rows

    def _write(self, folder: str, schema: StructType, rows: Iterable[Iterable[Any]]) -> None:
        found = [tuple(row) for row in rows]
        self._write_files(folder, schema, {"part-0.parquet": found} if found else {})

    def _write_files(
        self, folder: str, schema: StructType, files: Mapping[str, list[tuple[Any, ...]]]
    ) -> None:
        listed = []
        for path, rows in files.items():
            columns = [list(column) for column in zip(*rows, strict=True)]
            arrow = arrow_schema(schema)
            arrays = [pa.array(c, field.type) for c, field in zip(columns, arrow, strict=True)]
            buffer = io.BytesIO()
            pq.write_table(pa.Table.from_arrays(arrays, schema=arrow), buffer)
            self.bucket.put(f"{folder}/{path}", buffer.getvalue())
            listed.append({"path": path, "bytes": len(buffer.getvalue()), "rows": len(rows)})
        self.bucket.put(f"{folder}/_files.json", json.dumps({"files": listed}).encode())


def plain(value: Any) -> Any:
    """Give a fraction as the double that a table holds."""
    return float(value) if hasattr(value, "numerator") and not isinstance(value, int) else value
