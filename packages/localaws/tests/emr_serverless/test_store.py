"""What the service remembers."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localaws.emr_serverless.records import JobRun
from localaws.emr_serverless.store import Store


def a_run(run_id: str, token: str = "token") -> JobRun:
    run = JobRun(
        id=run_id,
        application_id="00a",
        client_token=token,
        fingerprint="f",
        request={"clientToken": token},
        release="emr-spark-8.1.0",
        inherited={},
        tags={},
        created_at=1.0,
    )
    run.begin_attempt()
    return run


def test_a_second_run_of_one_token_is_the_first_one(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.sqlite")

    kept = [store.add_job_run(a_run("001")).id, store.add_job_run(a_run("002")).id]

    assert kept == ["001", "001"]
    assert store.job_run("002") is None
    store.close()


def test_everything_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    before = Store(tmp_path / "a.sqlite")
    before.add_job_run(a_run("001"))
    with before.changing_job_run("001") as run:
        run.move("RUNNING")
    kept = before.job_run("001")
    before.close()

    after = Store(tmp_path / "a.sqlite")

    assert after.job_run("001") == kept
    assert [run.id for run in after.living_job_runs()] == ["001"]
    after.close()


def test_a_change_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.sqlite")
    store.add_job_run(a_run("001"))

    def fail_half_way() -> None:
        with store.changing_job_run("001") as run:
            run.move("RUNNING")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()

    unchanged = store.job_run("001")
    assert unchanged is not None
    assert unchanged.state == "SUBMITTED"
    store.close()


def test_changes_of_many_threads_are_all_kept(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.sqlite")
    store.add_job_run(a_run("001"))

    def add_tag(number: int) -> None:
        with store.changing_job_run("001") as run:
            run.tags[str(number)] = ""

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_tag, range(100)))

    run = store.job_run("001")
    assert run is not None
    assert len(run.tags) == 100
    store.close()


def test_a_closed_store_answers_no_more(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.sqlite")
    store.close()

    with pytest.raises(sqlite3.ProgrammingError):
        store.applications()
