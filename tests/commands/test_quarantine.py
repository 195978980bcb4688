"""`make quarantine`: the rejected lines of the last run, or of a folder of tables."""

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commands import quarantine
from conf import places
from dags.metadata.load import write_quarantine
from dags.systems.bucket import Bucket
from maintenance.parquet_tables import arrow_schema
from spark_jobs import schemas
from tests.dags.memory_s3 import BUCKET, MemoryS3

A, B = "data/streams/a.csv", "data/streams/2024/b.csv"
BROKEN = [(A, b"x,t1,2024-06-01 10:00:00", "invalid_user_id"), (B, b"1;t\t\xff", "malformed_row")]
SONG = ("data/songs/s.csv", b"1,a song", "malformed_row")


def parquet(*rows: tuple[str, bytes, str]) -> bytes:
    columns = ("file_key", "raw_line", "reason")
    records = [dict(zip(columns, row, strict=True)) for row in rows]
    packed = BytesIO()
    pq.write_table(pa.Table.from_pylist(records, arrow_schema(schemas.QUARANTINE)), packed)
    return packed.getvalue()


def metadata(*rows: tuple[str, bytes, str]) -> bytes:
    packed = BytesIO()
    with write_quarantine(packed) as add:
        for row in rows:
            add(*row)
    return packed.getvalue()


def report_run(s3: MemoryS3, run: str, *rows: tuple[str, bytes, str]) -> None:
    """Put what a run leaves: its report, and its rejected rows where that says."""
    bucket, folder = Bucket(s3, BUCKET), f"quarantine/claim={run}/attempt=1"
    s3.now += timedelta(minutes=1)
    files = [{"path": "part-0.parquet", "bytes": 9, "rows": len(rows)}]
    bucket.put(f"{folder}/_files.json", json.dumps({"files": files}).encode())
    bucket.put(f"{folder}/part-0.parquet", parquet(*rows))
    report = {"run": run, "quarantine": folder}
    bucket.put(places.report_key(places.run_name(run), "json"), json.dumps(report).encode())
    bucket.put(places.report_key(places.run_name(run), "html"), b"<!doctype html>")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> MemoryS3:
    s3 = MemoryS3()
    pipeline = SimpleNamespace(bucket=Bucket(s3, BUCKET))
    monkeypatch.setattr(quarantine, "open_place", lambda _: pipeline)
    monkeypatch.delenv("FILE", raising=False)
    return s3


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert quarantine.main(list(arguments)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return [line.strip() for line in out.splitlines()]


def test_the_rejected_lines_of_the_last_run_are_a_table(
    s3: MemoryS3, capsys: pytest.CaptureFixture[str]
) -> None:
    report_run(s3, "z-first", (A, b"an older one", "malformed_row"))
    report_run(s3, "a-second", *BROKEN)
    key = places.metadata_quarantine_key(places.run_name("a-second"))
    Bucket(s3, BUCKET).put(key, metadata(SONG))

    assert shown(capsys) == [
        "file                     reason           line",
        "data/streams/a.csv       invalid_user_id  x,t1,2024-06-01 10:00:00",
        r"data/streams/2024/b.csv  malformed_row    1;t\t\xff",
        "data/songs/s.csv         malformed_row    1,a song",
        "(3 rejected lines)",
    ]


@pytest.mark.parametrize("name", [B, "b.csv", "2024/b.csv"])
def test_file_names_a_file_by_its_key_or_the_end_of_it(
    s3: MemoryS3, capsys: pytest.CaptureFixture[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_run(s3, "daily", *BROKEN)
    monkeypatch.setenv("FILE", name)

    lines = shown(capsys)

    assert [line.split()[0] for line in lines[1:]] == [B, "(1"]


def test_a_name_that_only_ends_like_another_is_not_it(
    s3: MemoryS3, capsys: pytest.CaptureFixture[str]
) -> None:
    report_run(s3, "daily", ("data/streams/bb.csv", b"x", "malformed_row"))

    assert shown(capsys, "--file", "b.csv")[-1] == "(0 rejected lines)"


def test_of_very_many_the_first_hundred_are_shown(
    s3: MemoryS3, capsys: pytest.CaptureFixture[str]
) -> None:
    report_run(s3, "daily", *(BROKEN * 600))

    lines = shown(capsys)

    assert len(lines) == 102
    assert lines[-1].startswith("(1,200 rejected lines, the first 100 are shown: FILE=key")


def test_the_last_call_of_spark_run_is_shown_by_its_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state: dict[str, Any] = {"commit": 7, "metadata_version": "v", "ledger": {}}
    commit = tmp_path / ".state" / "commits" / "0000000007"
    (commit / "quarantine").mkdir(parents=True)
    (commit / "state.json").write_text(json.dumps(state))
    (commit / "quarantine" / "part-00000.parquet").write_bytes(parquet(*BROKEN))
    (tmp_path / ".state" / "current").symlink_to(Path("commits", "0000000007"))
    (tmp_path / ".state" / "metadata-quarantine.jsonl.gz").write_bytes(metadata(SONG))

    lines = shown(capsys, "--out", str(tmp_path))

    assert [line.split()[0] for line in lines[1:-1]] == [A, B, "data/songs/s.csv"]


def test_without_a_run_it_says_what_to_call(
    s3: MemoryS3, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quarantine.main([]) == 2
    assert quarantine.main(["--out", str(tmp_path)]) == 2

    assert capsys.readouterr().err.splitlines() == [
        "error: no run has ended yet: make run DATA=path/to/data",
        f"error: {tmp_path} was not written by make spark-run: name its OUT",
    ]


def test_a_run_that_rejected_nothing_shows_no_line(
    s3: MemoryS3, capsys: pytest.CaptureFixture[str]
) -> None:
    report_run(s3, "daily")

    assert shown(capsys) == ["file  reason  line", "(0 rejected lines)"]
