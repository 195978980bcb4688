"""Ten thousand files, and lines of thirty megabytes, pass through a real spark-submit."""

import json
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from commands.spark import submit as spark_submit
from tests.spark_jobs.job_builders import HEADER, LAST_MODIFIED, rows_of

FILES = 10_000
ROWS = 100
FIVE_MINUTES = 300
HUGE_LINE_BYTES = 30_000_000


def a_claim(folder: Path, contents: dict[str, bytes]) -> Path:
    """Put files and the claim of them into a folder."""
    files = []
    for name, content in contents.items():
        path = folder / "data" / "streams" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        file = {"file_key": f"data/streams/{name}", "uri": f"file:{path}", "size": len(content)}
        files.append(file | {"last_modified": LAST_MODIFIED})
    claim = {"run": "scale", "commit": 0, "backfill_dates": [], "files": files}
    (folder / "claim.json").write_text(json.dumps(claim))
    return folder / "claim.json"


def submit(folder: Path, claim: Path) -> dict[str, Any]:
    """Run validate_data with the memory of `make spark-run`, and give its accounting."""
    settings = spark_submit.read_local_settings()
    settings["spark.local.dir"] = str(folder / "spark")
    spark_submit.write_properties(folder / "spark.conf", settings)
    arguments = ["--claim", f"file:{claim}", "--lake", f"file:{folder}/lake"]
    arguments += ["--output", f"file:{folder}/out", "--quarantine", f"file:{folder}/quarantine"]
    job = spark_submit.start_job(
        "validate_data", arguments, properties=folder / "spark.conf", log=folder / "validate.log"
    )
    try:
        spark_submit.finish_job(job)
    finally:
        spark_submit.stop_jobs([job])
    document: dict[str, Any] = json.loads((folder / "out" / "accounting.json").read_text())
    return document


def quarantined(folder: Path) -> list[tuple[str, bytes]]:
    rows = []
    for path in (folder / "quarantine").glob("*.parquet"):
        table = pyarrow.parquet.ParquetFile(path).read()
        rows += [(row["reason"], row["raw_line"]) for row in table.to_pylist()]
    return sorted(rows)


@pytest.mark.slow
def test_ten_thousand_files_of_a_hundred_rows_take_less_than_five_minutes(tmp_path: Path) -> None:
    times = [f"2024-06-25 {hour:02d}:17:{second:02d}" for hour in range(24) for second in range(5)]
    contents = {
        f"2024/06/25/{number:05d}.csv": "".join(
            [f"{HEADER}\n"]
            + [f"{number + 1},t{row},{times[row]}\n" for row in range(ROWS - 2)]
            + [f"1,common,{times[0]}\n", "broken\n"]
        ).encode()
        for number in range(FILES)
    }
    claim = a_claim(tmp_path, contents)
    started = time.monotonic()

    document = submit(tmp_path, claim)

    seconds = time.monotonic() - started
    rejected = {"malformed_row": 1}
    first, *others = [document["files"][key] for key in sorted(document["files"])]
    assert document["refused"] == {}
    assert first == rows_of(ROWS, ROWS - 1, rejected=rejected)
    assert len(others) == FILES - 1
    assert all(rows == rows_of(ROWS, ROWS - 2, 1, rejected) for rows in others)
    assert len(quarantined(tmp_path)) == FILES
    assert seconds < FIVE_MINUTES, f"it took {seconds:.0f} s"
    print(f"{FILES} files took {seconds:.0f} s")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("🎵".encode() * (HUGE_LINE_BYTES // 4), "malformed_row"),
        (b"," * HUGE_LINE_BYTES, "malformed_row"),
        (b'"' * (HUGE_LINE_BYTES - 1), "malformed_row"),
        (b'"",' * (HUGE_LINE_BYTES // 3), "malformed_row"),
        (b"\xff" * HUGE_LINE_BYTES, "invalid_encoding"),
        (b"1," + b"t" * HUGE_LINE_BYTES + b",2024-06-25 17:43:13", "invalid_track_id"),
    ],
    ids=["four-byte characters", "commas", "quotes", "quoted fields", "no UTF-8", "a track"],
)
def test_a_line_of_thirty_megabytes_is_quarantined_in_the_memory_of_a_laptop(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    good = b"1,t,2024-06-25 17:43:13\n"
    claim = a_claim(
        tmp_path, {"a.csv": f"{HEADER}\n".encode() + good + line + b"\n", "b.csv": good}
    )

    document = submit(tmp_path, claim)

    assert document["files"] == {"data/streams/a.csv": rows_of(2, 1, rejected={reason: 1})}
    assert document["refused"] == {"data/streams/b.csv": "columns"}
    assert quarantined(tmp_path) == [(reason, line)]
