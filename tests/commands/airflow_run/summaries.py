"""A run's report and tables, and what `make run` prints of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from commands.airflow_run import summary
from commands.airflow_run.airflow import DagRun
from commands.airflow_run.summary import FIRST_AND_LAST_HOUR, KPI_QUERIES, Answer
from commands.stack.describe import DEFAULT_STATE
from conf import places
from conf.explanations import Rejected, explain_cause, explain_rows
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
    "explained": {"data/streams/b.csv": explain_cause("empty")},
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
    summary.print_summary(answer(objects), a_run(states), 61.4)
    return capsys.readouterr().out.splitlines()
