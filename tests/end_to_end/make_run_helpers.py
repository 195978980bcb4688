"""A state folder that `make run` works on, called as a user calls it, and what it holds."""

import contextlib
import csv
import gzip
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import psutil

from commands.stack.describe import describe_stack, make_client
from dags.systems.bucket import Bucket
from tests.end_to_end.spark_run_helpers import BROKEN_SONGS, ROOT, Rows
from tests.pipeline_world import read_warehouse

CALL_SECONDS = 600
# Of the sample's users, those whose row breaks a rule.
BROKEN_USERS = ("153", "154", "155", "")
# What belongs to the stand-in itself; each is for its owner's eyes alone.
SECRET_STORES = {"stack.json", "postgres/password", "endpoint/config.json", "s3/s3.json"}
# A caller's own AWS, which must not be asked.
SOMEBODYS = {"AWS_SECRET_ACCESS_KEY": "somebodys-secret", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}


@dataclass(frozen=True)
class Call:
    exit_code: int
    stdout: str
    stderr: str


@dataclass
class Service:
    """Calls on one data folder and one state folder, and all command lines seen meanwhile."""

    data: Path
    state: Path
    command_lines: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Open what the calls bring up; it is down yet."""
        self.stack, self.settings = describe_stack(self.state)

    @property
    def bucket(self) -> Bucket:
        return Bucket(make_client(self.stack, "s3"), self.settings.data_bucket)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start `make run` as a group of processes of its own."""
        inherited = {name: text for name, text in os.environ.items() if "MAKE" not in name}
        return subprocess.Popen(
            ["make", "run", f"DATA={self.data}", f"STATE={self.state}", *words],
            cwd=ROOT,
            env=inherited | SOMEBODYS,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def call(self, *words: str) -> Call:
        with self.start(*words) as process, self.watched():
            stdout, stderr = process.communicate(timeout=CALL_SECONDS)
        return Call(process.returncode, stdout, stderr)

    def call_well(self, *words: str) -> Call:
        done = self.call(*words)
        assert done.exit_code == 0, done.stderr
        return done

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Take note of every command line on this machine, meanwhile."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(0.3):
                for process in psutil.process_iter(["cmdline"]):
                    self.command_lines.add(" ".join(process.info["cmdline"] or ()))

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def deliver(self, name: str, *lines: str) -> str:
        """Put a stream file into the data folder and give its key."""
        text = "\n".join(("user_id,track_id,listen_time", *lines, ""))
        (self.data / "streams" / name).write_text(text)
        return f"data/streams/{name}"

    def tables(self) -> dict[str, Rows]:
        """Read the warehouse's five tables whole, past the Data API; times are UTC."""
        return read_warehouse(self.stack.postgres.dsn(self.settings.warehouse_database))

    def delivered(self) -> dict[str, tuple[bytes, int]]:
        """Give the stream files as the reference takes them: bytes and LastModified by key."""
        found = {}
        for each in self.bucket.list_objects("data/streams/"):
            content = self.bucket.read(each.key)
            assert content is not None
            found[each.key] = (content, int(each.last_modified.timestamp() * 1_000_000))
        return found

    def reports(self) -> list[dict[str, Any]]:
        """Give the reports of all runs, the youngest last."""
        objects = [
            found for found in self.bucket.list_objects("reports/run=") if found.key[-5:] == ".json"
        ]
        contents = [self.bucket.read(found.key) for found in objects]
        return sorted(
            (json.loads(content or b"") for content in contents),
            key=lambda report: report["commit"],
        )

    def ledger(self) -> dict[str, str]:
        """Give the status of each file."""
        pages = make_client(self.stack, "dynamodb").get_paginator("scan")
        return {
            item["file_key"]["S"]: item["status"]["S"]
            for page in pages.paginate(TableName=self.settings.ledger_table)
            for item in page["Items"]
        }

    def job_states(self, job: str) -> list[str]:
        """Give the states of a job's runs, the youngest first."""
        client = make_client(self.stack, "emr-serverless")
        application = client.list_applications()["applications"][0]["id"]
        runs = client.list_job_runs(applicationId=application)["jobRuns"]
        return [run["state"] for run in runs if run["name"].endswith(f"/{job}")]

    def texts(self) -> Iterator[tuple[str, bytes]]:
        """Give everything that the runs left, unpacked, by name: files, objects, arguments."""
        for path in self.state.rglob("*"):
            name = path.relative_to(self.state).as_posix()
            if path.is_file() and not name.startswith("postgres/data/"):
                yield name, path.read_bytes()
        for found in self.bucket.list_objects(""):
            content = self.bucket.read(found.key) or b""
            with contextlib.suppress(OSError, EOFError):
                content = gzip.decompress(content)
            yield self.bucket.uri(found.key), content
        yield "command lines", "\n".join(self.command_lines).encode()


def read_users(path: Path) -> Rows:
    """Read the good users of the sample, in plain Python: the last row of a key counts."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = {row["user_id"]: row for row in csv.DictReader(file)}
    return [
        (
            int(key),
            row["user_name"] or None,
            int(row["user_age"]) if row["user_age"] else None,
            row["user_country"] or None,
            date.fromisoformat(row["created_at"]) if row["created_at"] else None,
        )
        for key, row in rows.items()
        if key not in BROKEN_USERS
    ]


def read_songs_whole(path: Path) -> Rows:
    """Read the good songs of the sample with all their columns, in plain Python."""
    kinds: dict[str, Any] = dict.fromkeys(("id", "popularity", "duration_ms", "key"), int)
    kinds |= {"mode": int, "time_signature": int, "explicit": lambda text: text.lower() == "true"}
    kinds |= dict.fromkeys(
        "danceability energy loudness speechiness acousticness instrumentalness liveness valence "
        "tempo".split(),
        float,
    )
    with path.open(newline="", encoding="utf-8") as file:
        return [
            tuple(kinds.get(name, str)(text) if text else None for name, text in row.items())
            for row in csv.DictReader(file)
            if row["id"] not in BROKEN_SONGS
        ]


def wait_until(is_so: Any, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)
