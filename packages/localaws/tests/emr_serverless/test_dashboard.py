"""The page of a job run."""

import urllib.error
import urllib.request

import pytest

from .emr_service import Service


def url_of(service: Service, application: str, run_id: str) -> str:
    names = {"applicationId": application, "jobRunId": run_id}
    return str(service.client().get_dashboard_for_job_run(**names)["url"])


def test_the_page_shows_state_arguments_attempts_and_output(service: Service) -> None:
    application = service.create()
    run_id = service.start(
        application, "two words", "stderr=ValueError: a reason", "exit=1", name="a-run"
    )
    service.wait(application, run_id, "FAILED")

    with urllib.request.urlopen(url_of(service, application, run_id)) as answer:
        page = answer.read().decode()

    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    for text in ("a-run", "FAILED", "&#x27;two words&#x27;", "1: FAILED", "ValueError: a reason"):
        assert text in page


def test_what_a_job_says_is_text_and_no_markup(service: Service) -> None:
    application = service.create()
    run_id = service.start(application, "stderr=<script>alert(1)</script>")
    service.wait(application, run_id, "SUCCESS")

    with urllib.request.urlopen(url_of(service, application, run_id)) as answer:
        page = answer.read().decode()

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "path", ["/dashboard/00a/00b", "/dashboard/00a", "/dashboard/../../etc/passwd", "/dashboard"]
)
def test_a_page_of_nothing_is_not_found(service: Service, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"http://127.0.0.1:{service.config.port}{path}")

    assert error.value.code == 404


def test_a_page_of_an_attempt_that_is_none_is_not_found(service: Service) -> None:
    application = service.create()
    run_id = service.start(application)
    page = url_of(service, application, run_id).partition("?")[0]

    for attempt in ("2", "first", "-1"):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(f"{page}?attempt={attempt}")
        assert error.value.code == 404

    with urllib.request.urlopen(f"{page}?attempt=1") as answer:
        assert answer.status == 200
