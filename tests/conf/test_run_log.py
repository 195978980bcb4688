"""Every line of the workers' log names its run."""

import logging

import pytest

from conf import run_log


@pytest.fixture(autouse=True)
def no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(run_log._current, "run", "no run")


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_a_line_begins_with_the_run_that_it_is_about(caplog: pytest.LogCaptureFixture) -> None:
    log = run_log.get_log("dags.steps.x")

    log.error("before %s", "any")
    run_log.name_run("daily-1")
    log.error("%d files", 3)
    run_log.name_run("daily-2")
    log.error("nothing to do")

    assert lines(caplog) == ["[no run] before any", "[daily-1] 3 files", "[daily-2] nothing to do"]
    assert {record.name for record in caplog.records} == {"dags.steps.x"}


def test_a_runs_sign_of_a_format_stays_itself(caplog: pytest.LogCaptureFixture) -> None:
    run_log.name_run("100%s sure")

    run_log.get_log("x").error("%d files", 3)

    assert lines(caplog) == ["[100%s sure] 3 files"]


def test_an_error_keeps_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise KeyError("k")
    except KeyError:
        run_log.get_log("x").exception("it broke")

    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info
