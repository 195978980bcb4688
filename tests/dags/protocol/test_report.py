"""The report says what a run did, for programs and, escaped, for people."""

import json

import pytest

from conf import places
from conf.explanations import Rejected, explain_header, explain_rows
from dags.protocol import report
from dags.protocol.plan import FileAccount
from tests.dags.memory_s3 import MemoryS3
from tests.dags.pipeline_doubles import a_pipeline
from tests.dags.plan_builders import CLAIM, RUN, A, B, a_plan, counts
from tests.reference_kpis import unknown_counts

EVIL = "data/streams/<script>alert('1')</script>&\"<b>.csv"
NAME = places.run_name(RUN)


def page(**changes: object) -> str:
    return report.render(report.describe(a_plan(7, **changes), None, "committed"))


def test_whatever_stands_in_a_key_is_shown_as_text() -> None:
    accounts = {
        EVIL: FileAccount("e1", None, 5, 4, 0, {"<i>": 1}),
        f"{EVIL}.gz": FileAccount("e2", "<u>columns"),
    }

    shown = page(files=accounts, run="<run>", metadata_version="<v1>")

    name = "data/streams/&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;&amp;&quot;&lt;b&gt;.csv"
    assert f"<td>{name}</td>" in shown
    assert f"<td>{name}.gz</td><td>&lt;u&gt;columns</td>" in shown
    assert "<td>1 &lt;i&gt;</td>" in shown
    assert "<h1>Run &lt;run&gt;</h1>" in shown
    assert "&lt;v1&gt;" in shown
    assert all(tag not in shown for tag in ("<script", "<i>", "<u>", "<b>", "<run>", "<v1>"))


def test_a_page_shows_each_files_counts_and_reasons() -> None:
    rejected = {"malformed_row": 2, "invalid_user_id": 1}

    shown = page(files={A: FileAccount("e1", None, 9, 5, 1, rejected)})

    numbers = '<td class="n">9</td><td class="n">5</td><td class="n">1</td>'
    assert f"<td>{A}</td>{numbers}<td>1 invalid_user_id, 2 malformed_row</td>" in shown
    assert '<td>streams</td><td class="n">4</td>' in shown
    assert "<h2>Refused</h2><p>none</p>" in shown


def test_a_report_names_the_runs_files_rows_and_places() -> None:
    accounts = {A: FileAccount("e1", None, 5, 4, 1, {}), B: FileAccount("e2", "columns")}

    document = report.describe(a_plan(7, files=accounts), {"is_changed": True}, "committed")

    assert document == {
        "run": RUN,
        "claim": CLAIM,
        "status": "committed",
        "commit": 7,
        "kind": "daily",
        "metadata_version": "v1",
        "metadata": {"is_changed": True},
        "files": {
            A: {"rows_read": 5, "rows_accepted": 4, "rows_duplicate": 1, "rows_rejected": {}}
        },
        "refused": {B: "columns"},
        "explained": {},
        "rows": {"streams": 4, "genre_kpis": 1, "hourly_kpis": 2},
        "unknown": None,
        "quarantine": f"quarantine/claim={CLAIM}/attempt=1",
        "logs": f"logs/claim={CLAIM}",
    }


def test_a_report_explains_what_was_not_taken() -> None:
    header = explain_header(b"<h>", ("user_id",))
    broken = explain_rows(2000, {"malformed_row": Rejected(2, 4, "<b>")}, {"malformed_row": "mend"})
    accounts = {
        A: FileAccount("e1", None, 2000, 1998, 0, {"malformed_row": 2}, broken),
        B: FileAccount("e2", "columns", explanation=header),
    }

    document = report.describe(a_plan(7, files=accounts), None, "committed")
    shown = report.render(document)

    assert document["explained"] == {A: broken, B: header}
    assert document["files"][A].keys() == counts().keys()
    assert (
        f"<tr><td>{B}</td><td>columns</td><td>it lacks user_id; its header is &quot;&lt;h&gt;&quot;"
    ) in shown
    assert (
        f'<td>{A}</td><td>malformed_row</td><td class="n">2</td><td class="n">4</td>'
        "<td>&lt;b&gt;</td><td>mend</td>"
    ) in shown


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "daily"),
        ({"backfill_dates": ("2024-06-25",)}, "backfill"),
        ({"is_rebuild": True}, "rebuild"),
    ],
)
def test_a_report_says_what_kind_of_run_it_was(changes: dict[str, object], kind: str) -> None:
    assert report.describe(a_plan(**changes), None, "committed")["kind"] == kind


def test_a_dry_run_has_no_commit() -> None:
    document = report.describe(a_plan(7), None, "dry run")

    assert (document["status"], document["commit"]) == ("dry run", None)
    assert "<td>commit</td><td></td>" in report.render(document)


def test_both_forms_are_written_and_say_the_same() -> None:
    s3 = MemoryS3()
    pipeline = a_pipeline(s3)
    pipeline.bucket.put(places.metadata_report_key(NAME), b'{"is_changed": true}')

    document = report.write(pipeline, a_plan(7), status="committed")

    written = {key: s3.objects[key][0].decode() for key in s3.writes[1:]}
    assert list(written) == [f"reports/run={NAME}.json", f"reports/run={NAME}.html"]
    assert json.loads(written[f"reports/run={NAME}.json"]) == document
    assert document["metadata"] == {"is_changed": True}
    assert written[f"reports/run={NAME}.html"] == report.render(document)


def test_a_run_that_loaded_no_metadata_reports_none() -> None:
    assert report.write(a_pipeline(), a_plan(), status="committed")["metadata"] is None


def test_a_report_shows_the_plays_of_unknown_tracks_and_users() -> None:
    unknown = {"files": {A: unknown_counts(3, 2)}} | unknown_counts(3, 2)

    shown = page(unknown=unknown)

    numbers = '<td class="n">3</td><td class="n">2</td>'
    assert f"<tr><td>{A}</td>{numbers}</tr><tr><td>in all</td>{numbers}</tr></table>" in shown
