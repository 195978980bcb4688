"""A folder on which a job runs as it does on S3: deliveries, lake, claim, and what came out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from localaws.postgres import PostgresServer
from spark_jobs import schemas, storage
from spark_jobs.jobs import transform_kpis, validate_data
from tests import builders
from tests.builders import A_TIME, A_TRACK

HEADER = "user_id,track_id,listen_time"
LAST_MODIFIED = "2024-07-01T00:00:00+00:00"
A_RUN = "scheduled-2024-07-01"


def a_line(user_id: Any = 1, track_id: str = A_TRACK, listen_time: str = A_TIME) -> str:
    return f"{user_id},{track_id},{listen_time}"


def a_csv(*lines: str, header: str = HEADER) -> bytes:
    return "".join(f"{line}\n" for line in (header, *lines)).encode()


def rows_of(
    read: int, accepted: int = 0, duplicate: int = 0, rejected: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Give a file's entry in `accounting.json`."""
    return {
        "rows_read": read,
        "rows_accepted": accepted,
        "rows_duplicate": duplicate,
        "rows_rejected": dict(rejected or {}),
    }


@dataclass(frozen=True)
class Outcome:
    """What validate_data wrote."""

    spark: SparkSession
    output: Path
    quarantine_folder: Path

    def streams(self) -> DataFrame:
        return self._read(self.output / "streams", schemas.STREAMS)

    def touched_hours(self) -> DataFrame:
        return self._read(self.output / "touched_hours", schemas.TOUCHED_HOURS)

    def quarantine(self) -> DataFrame:
        return self._read(self.quarantine_folder, schemas.QUARANTINE)

    def quarantined(self) -> list[tuple[str, bytes, str]]:
        """Give the quarantine's rows in order."""
        rows = self.quarantine().collect()
        return sorted((row.file_key, bytes(row.raw_line), row.reason) for row in rows)

    def accounting(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.output / "accounting.json").read_text())
        return document

    def files(self) -> dict[str, Any]:
        files: dict[str, Any] = self.accounting()["files"]
        return files

    def refused(self) -> dict[str, str]:
        refused: dict[str, str] = self.accounting()["refused"]
        return refused

    def _read(self, folder: Path, schema: StructType) -> DataFrame:
        return storage.read(self.spark, f"file:{folder}", schema)


def check_accounts(outcome: Outcome, claimed: set[str]) -> None:
    """Check what holds for any run: every file is accounted for, and every row of it."""
    document = outcome.accounting()
    files, refused = document["files"], document["refused"]
    assert set(document) == {"run", "files", "refused", "explained", "touched_days"}
    rejecting = {key for key, rows in files.items() if rows["rows_rejected"]}
    assert document["explained"].keys() == {*refused, *rejecting}
    assert document["run"] == A_RUN
    assert {*files, *refused} == claimed
    assert not files.keys() & refused.keys()
    for rows in files.values():
        rejected = sum(rows["rows_rejected"].values())
        assert rows["rows_read"] == rows["rows_accepted"] + rows["rows_duplicate"] + rejected
        assert all(count > 0 for count in rows["rows_rejected"].values())
    accepted = sum(rows["rows_accepted"] for rows in files.values())
    assert accepted == outcome.streams().count()


@dataclass
class Bench:
    """A fresh folder with a bucket's names in it."""

    spark: SparkSession
    folder: Path
    commit: int = 0
    backfill_dates: Sequence[str] = ()
    is_rebuild: bool = False
    claimed: list[dict[str, Any]] = field(default_factory=list)

    def deliver(self, name: str, content: bytes, last_modified: str = LAST_MODIFIED) -> str:
        """Put a stream file and claim it; give its key."""
        file_key = f"data/streams/{name}"
        path = self.folder / file_key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.claimed.append(
            {
                "file_key": file_key,
                "uri": f"file:{path}",
                "size": len(content),
                "last_modified": last_modified,
            }
        )
        return file_key

    def publish(self, name: str, *plays: tuple[Any, ...]) -> None:
        """Put an object into the lake: `listen_date=…/<commit>-<k>.parquet`."""
        self._write_object(self.lake / "streams" / name, builders.plays(self.spark, *plays))

    def publish_totals(self, commit: int, totals: Mapping[str, int]) -> None:
        """Put a commit's track totals into the lake."""
        path = self.lake / "track_plays" / f"commit={commit:010d}" / "part-0.parquet"
        self._write_object(path, builders.frame(self.spark, schemas.TRACK_PLAYS, *totals.items()))

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    def write_claim(self) -> str:
        claim = {
            "run": A_RUN,
            "claim": f"{A_RUN}-0123abcd",
            "commit": self.commit,
            "backfill_dates": list(self.backfill_dates),
            "files": self.claimed,
            "is_rebuild": self.is_rebuild,
        }
        (self.folder / "claim.json").write_text(json.dumps(claim))
        return f"file:{self.folder / 'claim.json'}"

    def validate(self, *flags: str, attempt: int = 1) -> Outcome:
        """Run validate_data over the claimed files."""
        output = self.folder / "staging" / "validate_data" / f"attempt={attempt}"
        quarantine = self.folder / "quarantine" / f"attempt={attempt}"
        argv = ["--claim", self.write_claim(), "--lake", f"file:{self.lake}"]
        argv += ["--output", f"file:{output}", "--quarantine", f"file:{quarantine}", *flags]
        validate_data.run(self.spark, validate_data.parse_args(argv))
        outcome = Outcome(self.spark, output, quarantine)
        check_accounts(outcome, {file["file_key"] for file in self.claimed})
        return outcome

    def hand_over(
        self,
        *,
        songs: Sequence[tuple[Any, ...]] = (),
        plays: Sequence[tuple[Any, ...]] = (),
        touched: Sequence[str] = (),
    ) -> None:
        """Write what the two jobs before transform_kpis would have written of no files."""
        self.hand_over_metadata(songs=songs)
        new_plays = builders.plays(self.spark, *plays)
        storage.write(new_plays, f"file:{self.folder}/validated/streams", schemas.STREAMS)
        hours = [(builders.at(hour),) for hour in touched]
        storage.write(
            builders.frame(self.spark, schemas.TOUCHED_HOURS, *hours),
            f"file:{self.folder}/validated/touched_hours",
            schemas.TOUCHED_HOURS,
        )
        days = sorted({hour[:10] for hour in touched})
        accounting = {"run": A_RUN, "files": {}, "refused": {}, "touched_days": days}
        (self.folder / "validated" / "accounting.json").write_text(json.dumps(accounting))

    def hand_over_metadata(
        self, *, songs: Sequence[tuple[Any, ...]] = (), users: Sequence[tuple[Any, ...]] = ()
    ) -> None:
        """Write what extract_metadata would have written."""
        folder = f"file:{self.folder}/metadata"
        storage.write(builders.songs(self.spark, *songs), f"{folder}/songs", schemas.SONGS)
        users_frame = builders.frame(self.spark, schemas.USERS, *users)
        storage.write(users_frame, f"{folder}/users", schemas.USERS)

    def transform(self, *flags: str, attempt: int = 1, validated: str | Path = "validated") -> Path:
        """Run transform_kpis over what was handed over; give its folder."""
        output = self.folder / "staging" / "transform_kpis" / f"attempt={attempt}"
        argv = ["--claim", self.write_claim(), "--lake", f"file:{self.lake}"]
        argv += ["--metadata", f"file:{self.folder}/metadata", "--output", f"file:{output}"]
        argv += ["--validated", f"file:{self.folder / validated}", *flags]
        transform_kpis.run(self.spark, transform_kpis.parse_args(argv))
        return output

    def _write_object(self, path: Path, frame: DataFrame) -> None:
        scratch = self.folder / "scratch"
        frame.coalesce(1).write.mode("overwrite").parquet(f"file:{scratch}")
        path.parent.mkdir(parents=True, exist_ok=True)
        assert not path.exists(), f"{path} is published twice"
        (written,) = scratch.glob("*.parquet")
        written.rename(path)


@dataclass(frozen=True)
class MetadataDatabase:
    """A database of the metadata, and how extract_metadata is told of it."""

    server: PostgresServer
    name: str
    connection: Any

    @property
    def jdbc_url(self) -> str:
        return f"jdbc:postgresql://127.0.0.1:{self.server.port}/{self.name}"

    def arguments(self, output: Path, **flags: str) -> list[str]:
        """Give the job's arguments; a flag replaces its default."""
        values = {
            "jdbc_url": self.jdbc_url,
            "jdbc_user": "postgres",
            "ssl_mode": "disable",
            "output": f"file:{output}",
        } | flags
        pairs = [(f"--{name.replace('_', '-')}", value) for name, value in values.items()]
        return [word for pair in pairs for word in pair]

    def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)

    def insert(self, table: str, *rows: tuple[Any, ...]) -> None:
        """Put rows into a table, their values in its order."""
        for row in rows:
            marks = ", ".join(["%s"] * len(row))
            self.execute(f"INSERT INTO {table} VALUES ({marks})", row)

    def set_version(self, version: str) -> None:
        self.execute(
            "INSERT INTO metadata_version (version) VALUES (%s) "
            "ON CONFLICT (is_only_row) DO UPDATE SET version = EXCLUDED.version",
            (version,),
        )
