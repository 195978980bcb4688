"""Every line of the workers' log names its run."""

import logging
from collections.abc import Iterator
from contextvars import copy_context

import pytest

from conf import run_log


@pytest.fixture(autouse=True)
def no_run() -> Iterator[None]:
    before = run_log._run.set("no run")
    yield
    run_log._run.reset(before)


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


def test_a_runs_sign_of_a_format_stays_itself_in_a_line_without_arguments(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run_log.name_run("100% sure")

    run_log.get_log("x").error("all of it")

    assert lines(caplog) == ["[100% sure] all of it"]


def test_a_log_that_is_asked_for_twice_names_the_run_once(caplog: pytest.LogCaptureFixture) -> None:
    run_log.get_log("x")

    run_log.get_log("x").error("%d files", 3)

    assert lines(caplog) == ["[no run] 3 files"]


def test_a_run_that_is_named_in_another_context_is_not_this_ones(
    caplog: pytest.LogCaptureFixture,
) -> None:
    copy_context().run(run_log.name_run, "another")

    run_log.get_log("x").error("here")

    assert lines(caplog) == ["[no run] here"]


def test_an_error_keeps_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise KeyError("k")
    except KeyError:
        run_log.get_log("x").exception("it broke")

    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info
