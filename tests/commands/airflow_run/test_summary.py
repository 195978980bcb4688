"""What `make run` prints at its end."""

from pathlib import Path

import pytest

from commands.airflow_run import summary
from commands.airflow_run.airflow import DagRun
from conf import places
from conf.explanations import Rejected, explain_rows
from tests.commands.airflow_run.summaries import (
    GOOD,
    NAME,
    REPORT,
    RUN,
    a_run,
    answer,
    summary_of,
)


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


def test_the_rejected_rows_of_a_refused_file_are_told_with_their_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = explain_rows(30, {"malformed_row": Rejected(30, 2, "7,t")}, {"malformed_row": "mend it"})
    refused = {"data/streams/b.csv": "too_many_rejected_rows"}
    report = REPORT | {"files": {}, "refused": refused, "explained": {"data/streams/b.csv": rows}}

    lines = summary_of(capsys, report, GOOD)

    place = f"s3://a-bucket/quarantine/claim={NAME}-0a1b2c3d/attempt=1/"
    at = lines.index(
        "refused: data/streams/b.csv: too_many_rejected_rows: 30 of 30 rows are rejected"
    )
    assert lines[at + 1 : at + 3] == [
        '  30 malformed_row, first in line 2: "7,t": mend it',
        f"  the rejected rows lie in {place}: make quarantine FILE=data/streams/b.csv",
    ]
    assert f"  quarantine      {place}" in lines


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
    assert summary.has_succeeded(a_run(states))


def test_another_state_folder_is_named_in_what_to_call(capsys: pytest.CaptureFixture[str]) -> None:
    summary.print_summary(answer(state=Path("/tmp/my state")), a_run(GOOD), 1)

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
    assert not summary.has_succeeded(run)


def test_a_failed_run_gives_the_reason_that_its_task_left() -> None:
    failure = {"run": RUN, "task": "validate_data", "reason": "job run 1 ended FAILED: a reason"}
    run = a_run({"validate_data": "failed", "transform_kpis": "upstream_failed"}, exit_code=1)

    lines = summary.describe_failure(answer({places.failure_key(NAME): failure}), run)

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

    assert summary.describe_failure(answer(), run)[0] == told
