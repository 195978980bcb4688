"""The page of a job run: where it stands, what it was asked, and the ends of its output."""

import html
import shlex
from collections.abc import Iterable
from urllib.parse import parse_qs

from localaws.emr_serverless import logs
from localaws.emr_serverless.job_runs import JobRuns
from localaws.emr_serverless.records import Attempt, JobRun
from localaws.emr_serverless.runner import Runner
from localaws.endpoint.config import EndpointConfig
from localaws.endpoint.protocols import HttpRequest, HttpResponse
from localaws.endpoint.service import ServiceError

STYLE = "body{font-family:sans-serif;margin:2em}pre{background:#f4f4f4;padding:1em;overflow:auto}"
HTML = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}


class Dashboard:
    """Pages without scripts; a job's own words are escaped, secrets are taken out."""

    def __init__(self, config: EndpointConfig, job_runs: JobRuns, runner: Runner) -> None:
        self._config = config
        self._job_runs = job_runs
        self._runner = runner

    def show(self, request: HttpRequest) -> HttpResponse:
        """Show a job run: GET /dashboard/<applicationId>/<jobRunId>?attempt=<number>."""
        parts = request.path.strip("/").split("/")
        chosen = parse_qs(request.query).get("attempt", [""])[0]
        if len(parts) != 3 or (chosen and not (chosen.isascii() and chosen.isdigit())):
            return HttpResponse(404, HTML, page("Not found", ["<p>There is no such page.</p>"]))
        try:
            run = self._job_runs.find({"applicationId": parts[1], "jobRunId": parts[2]})
            attempt = self._job_runs.find_attempt(run, int(chosen) if chosen else None)
        except ServiceError as error:
            text = html.escape(error.message)
            return HttpResponse(404, HTML, page("Not found", [f"<p>{text}</p>"]))
        return HttpResponse(200, HTML, page(f"Job run {run.id}", self._describe(run, attempt)))

    def _describe(self, run: JobRun, attempt: Attempt) -> list[str]:
        driver = run.request["jobDriver"]["sparkSubmit"]
        values = self._runner.secrets_of(run.id)
        folder = logs.attempt_folder(self._config, run, attempt.number)
        rows = {
            "Name": run.name or "",
            "State": attempt.state,
            "Details": attempt.state_details,
            "Entry point": driver["entryPoint"],
            "Arguments": shlex.join(driver.get("entryPointArguments", [])),
            "Parameters": driver.get("sparkSubmitParameters", ""),
        }
        attempts = [f"{each.number}: {each.state}" for each in run.attempts]
        blocks = [table(rows), "<h2>Attempts</h2>", f"<p>{html.escape(', '.join(attempts))}</p>"]
        for stream in logs.STREAMS:
            text = html.escape(logs.read_tail(folder / stream, values))
            blocks.append(f"<h2>Driver {stream}</h2><pre>{text}</pre>")
        return blocks


def table(rows: dict[str, str]) -> str:
    """Give a table of names and texts."""
    cells = (
        f"<tr><th align=left>{html.escape(name)}</th><td>{html.escape(text)}</td></tr>"
        for name, text in rows.items()
    )
    return f"<table>{''.join(cells)}</table>"


def page(title: str, blocks: Iterable[str]) -> bytes:
    """Give a whole page."""
    head = f"<title>{html.escape(title)}</title><style>{STYLE}</style>"
    body = f"<h1>{html.escape(title)}</h1>{''.join(blocks)}"
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()
