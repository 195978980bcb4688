"""What `make run` prints at its end."""

import json
from pathlib import Path
from typing import Any

import pytest

from commands import run_summary
from commands.airflow_local import DagRun
from commands.local_stack import DEFAULT_STATE
from commands.run_summary import FIRST_AND_LAST_HOUR, KPI_QUERIES, Answer
from conf import places
from conf.explanations import Rejected, explain_rows
from dags.systems.bucket import Bucket
from dags.systems.warehouse import Rows, Statement, Warehouse

RUN = "manual__2024-06-01T10:00:00.000001+00:00"
NAME = places.run_name(RUN)
GENRES = Rows(
    ("track_genre", "listen_count", "avg_track_duration_ms", "popularity_index", "track_name"),
    [("pop", 12, 200000.0, 71.23456, "Dawn"), ("none", 1, None, None, None)],
)
HOURS = Rows(
    ("hour", "unique_listeners", "total_plays", "top_artist", "track_diversity_index"),
    [("2024-06-01 10:00:00", 2, 13, "Ann", 0.15384)],
)
SPAN = Rows(("first_hour", "last_hour"), [("2024-05-30 23:00:00", "2024-06-01 10:00:00")])
REPORT: dict[str, Any] = {
    "run": RUN,
    "commit": 2,
    "kind": "daily",
    "claim": f"{NAME}-0a1b2c3d",
    "metadata": {
        "files": [
            {"file_key": "data/users/a.csv", "refused": "columns", "rows_rejected": {}},
            {
                "file_key": "data/songs/b.csv",
                "refused": None,
                "rows_rejected": {"missing_id": 2},
                "rows_loaded": 1200,
                "explanation": explain_rows(
                    1202, {"missing_id": Rejected(2, 7, b",x")}, {"missing_id": "write an id"}
                ),
            },
        ]
    },
    "files": {
        "data/streams/a.csv": {
            "rows_read": 4,
            "rows_accepted": 2,
            "rows_duplicate": 1,
            "rows_rejected": {"invalid_user_id": 1},
        }
    },
    "refused": {"data/streams/b.csv": "empty"},
    "quarantine": f"quarantine/claim={NAME}-0a1b2c3d/attempt=1",
    "logs": f"logs/claim={NAME}-0a1b2c3d",
}
GOOD = {"extract_streaming": "success", "mark_processed": "success", "release_claims": "success"}


class Objects(Bucket):
    """A bucket of a few objects, by key."""

    def __init__(self, objects: dict[str, Any]) -> None:
        super().__init__(None, "a-bucket")
        object.__setattr__(self, "objects", objects)

    def read(self, key: str) -> bytes | None:
        found = self.objects.get(key)  # type: ignore[attr-defined]
        return None if found is None else json.dumps(found).encode()


class Kpis(Warehouse):
    """A warehouse that has an answer to the summary's queries, as they are written."""

    def __init__(self) -> None:
        super().__init__(None, "", "")

    def query(self, statement: Statement) -> Rows:
        known = dict(zip(KPI_QUERIES.values(), (GENRES, HOURS), strict=True))
        return (known | {FIRST_AND_LAST_HOUR: SPAN})[statement.sql]


def answer(objects: dict[str, Any] | None = None, state: Path = DEFAULT_STATE) -> Answer:
    return Answer(Objects(objects or {}), Kpis(), state)


def a_run(states: dict[str, str], exit_code: int = 0, run_id: str | None = RUN) -> DagRun:
    seconds = dict.fromkeys(states, 1.25)
    return DagRun(exit_code, run_id, states, seconds, Path("/a/log"))


def summary_of(
    capsys: pytest.CaptureFixture[str], report: dict[str, Any] | None, states: dict[str, str]
) -> list[str]:
    objects = {} if report is None else {places.report_key(NAME, "json"): report}
    run_summary.print_summary(answer(objects), a_run(states), 61.4)
    return capsys.readouterr().out.splitlines()


def test_a_good_run_shows_files_refusals_and_both_tables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = summary_of(capsys, REPORT, GOOD)

    words = [line.split() for line in lines]
    assert lines[:3] == [
        "refused: data/users/a.csv: columns",
        "data/songs/b.csv: 2 of 1,202 rows are rejected",
        '  2 missing_id, first in line 7: ",x": write an id',
    ]
    place = f"s3://a-bucket/quarantine/metadata/run={NAME}.jsonl.gz"
    assert lines[3].startswith(f"  the rejected rows lie in {place}: ")
    assert ["data/streams/a.csv", "4", "2", "1", "1", "invalid_user_id"] in words
    assert any(line.startswith("refused: data/streams/b.csv: empty: ") for line in lines)
    assert ["pop", "12", "200000.000", "71.235", "Dawn"] in words
    assert ["none", "1"] in words
    assert ["2024-06-01", "10:00:00", "2", "13", "Ann", "0.154"] in words


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [({}, True), ({"commit": 1}, False), ({"kind": "rebuild"}, False), ({"commit": None}, False)],
)
def test_songs_that_changed_after_the_first_commit_say_how_hours_follow(
    capsys: pytest.CaptureFixture[str], changes: dict[str, Any], is_told: bool
) -> None:
    changed = {"files": [], "rows_changed": {"songs": 2}, "rows_removed": {"songs": 1}}

    lines = summary_of(capsys, REPORT | {"metadata": changed} | changes, GOOD)

    told = (
        "3 rows of songs changed: genres follow at once, hours that were computed before keep "
        "their artists until: make backfill FROM=2024-05-30 TO=2024-06-01"
    )
    assert lines.count(told) == is_told
    assert any("keep their artists" in line for line in lines) == is_told


def test_rows_that_another_track_took_the_id_of_are_a_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = {"refused": None, "rows_rejected": {}, "file_key": "data/songs/a.csv"}
    file |= {"rows_replaced": {"data/songs/b.csv": 30}}

    lines = summary_of(capsys, REPORT | {"metadata": {"files": [file]}}, GOOD)

    assert lines[0] == (
        "warning: 30 rows of data/songs/a.csv were replaced by rows of other tracks from "
        "data/songs/b.csv: number ids over all files"
    )


def test_it_says_where_all_lies_and_how_long_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    lines = summary_of(capsys, REPORT, GOOD)

    for place in (
        "s3://a-bucket/lake/",
        f"s3://a-bucket/reports/run={NAME}.html and .json",
        f"s3://a-bucket/quarantine/claim={NAME}-0a1b2c3d/attempt=1/",
        f"s3://a-bucket/logs/claim={NAME}-0a1b2c3d/",
        "/a/log",
    ):
        assert any(line.endswith(f" {place}") for line in lines), place
    assert 'to reach them: eval "$(make -s env)"' in lines
    assert "the local AWS stays up: make down ends it" in lines
    assert lines[-1] == (
        "61 s in all; by task: extract_streaming 1.2, mark_processed 1.2, release_claims 1.2"
    )


def test_a_run_without_news_says_so_and_shows_the_tables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    states = {"extract_streaming": "skipped", "validate_data": "skipped"}

    lines = summary_of(capsys, None, states)

    assert lines[0].startswith("nothing new: no stream file and no metadata changed")
    assert "genre_kpis, top 5" in lines
    assert "hourly_kpis, top 5" in lines
    assert run_summary.has_succeeded(a_run(states))


def test_another_state_folder_is_named_in_what_to_call(capsys: pytest.CaptureFixture[str]) -> None:
    run_summary.print_summary(answer(state=Path("/tmp/my state")), a_run(GOOD), 1)

    out = capsys.readouterr().out
    assert "eval \"$(make -s env STATE='/tmp/my state')\"" in out
    assert "make down STATE='/tmp/my state' ends it" in out


@pytest.mark.parametrize(
    "run",
    [
        a_run(GOOD, exit_code=1),
        a_run(GOOD | {"mark_processed": "failed"}),
        a_run({}),
        a_run({}, run_id=None),
    ],
)
def test_what_is_no_success(run: DagRun) -> None:
    assert not run_summary.has_succeeded(run)


def test_a_failed_run_gives_the_reason_that_its_task_left() -> None:
    failure = {"run": RUN, "task": "validate_data", "reason": "job run 1 ended FAILED: a reason"}
    run = a_run({"validate_data": "failed", "transform_kpis": "upstream_failed"}, exit_code=1)

    lines = run_summary.describe_failure(answer({places.failure_key(NAME): failure}), run)

    assert lines[0] == "error: validate_data failed: job run 1 ended FAILED: a reason"
    assert lines[1] == "the log: /a/log"
    assert "call it again" in lines[2]


@pytest.mark.parametrize(
    ("run_id", "states", "told"),
    [
        (RUN, {"b": "failed", "a": "success"}, "error: b failed: ValueError: the last one"),
        (RUN, {"a": "running"}, "error: the run failed: ValueError: the last one"),
        (None, {}, "error: the run did not begin: ValueError: the last one"),
    ],
)
def test_without_such_a_reason_the_log_gives_it(
    tmp_path: Path, run_id: str | None, states: dict[str, str], told: str
) -> None:
    log = tmp_path / "log"
    log.write_text("Traceback\nKeyError: the first one\nValueError: the last one\nmore\n")
    run = DagRun(1, run_id, states, {}, log)

    assert run_summary.describe_failure(answer(), run)[0] == told
