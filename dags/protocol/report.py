"""What a run did, for people and programs: reports/run=<run>.html and .json."""

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from conf import explanations, places
from conf.unknown_plays import WORDS as KINDS
from dags.protocol.pipeline import Pipeline
from dags.protocol.plan import FileAccount, Plan

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}th,td{border:1px solid #ccc;padding:.3em .6em;"
    "text-align:left}td.n{text-align:right}"
)


def write(pipeline: Pipeline, plan: Plan, *, status: str) -> dict[str, Any]:
    """Write both forms of a run's report and give what they say."""
    name = places.run_name(plan.run)
    content = pipeline.bucket.read(places.metadata_report_key(name))
    document = describe(plan, json.loads(content) if content else None, status)
    text = json.dumps(document, indent=1, ensure_ascii=False)
    pipeline.bucket.put(places.report_key(name, "json"), text.encode())
    pipeline.bucket.put(places.report_key(name, "html"), render(document).encode())
    return document


def describe(plan: Plan, metadata: Mapping[str, Any] | None, status: str) -> dict[str, Any]:
    """Give the report of a plan."""
    read = {key: file for key, file in plan.files.items() if not file.refused}
    rows = {
        table: sum(file.rows for file in files)
        for table, files in plan.tables.items()
        if table != "touched_hours"
    }
    return {
        "run": plan.run,
        "claim": plan.claim,
        "status": status,
        "commit": plan.commit if status == "committed" else None,
        "kind": "rebuild" if plan.is_rebuild else "backfill" if plan.backfill_dates else "daily",
        "metadata_version": plan.metadata_version,
        "metadata": metadata,
        "files": {key: _counts(file) for key, file in read.items()},
        "refused": {key: file.refused for key, file in plan.files.items() if file.refused},
        "explained": {key: f.explanation for key, f in plan.files.items() if f.explanation},
        "rows": rows,
        "unknown": plan.unknown,
        "quarantine": plan.quarantine,
        "logs": places.log_folder(plan.claim),
    }


def render(document: Mapping[str, Any]) -> str:
    """Write a report as a page; whatever stands in a key is shown as text."""
    files: Mapping[str, Mapping[str, Any]] = document["files"]
    columns = ("rows_read", "rows_accepted", "rows_duplicate")
    accounts = [
        (key, *(counts[column] for column in columns), _reasons(counts["rows_rejected"]))
        for key, counts in files.items()
    ]
    facts = [(name, document[name]) for name in ("status", "commit", "kind", "claim")]
    facts += [(name, document[name]) for name in ("metadata_version", "quarantine", "logs")]
    parts = [
        f"<h1>Run {html.escape(document['run'])}</h1>",
        _table(("", ""), facts),
        "<h2>Files</h2>",
        _table(("file", *columns, "rejected"), accounts),
        "<h2>Refused</h2>",
        _table(("file", "reason", "why, and what to do"), _refused(document)),
        "<h2>Rejected rows</h2>",
        _table(("file", "reason", "rows", "first line", "value", "wanted"), _rejected(document)),
        "<h2>Plays of unknown tracks and users</h2>",
        _table(("file", *KINDS), _unknown(document["unknown"])),
        "<h2>Rows of the run</h2>",
        _table(("table", "rows"), document["rows"].items()),
    ]
    head = f'<meta charset="utf-8"><title>music_streaming_etl</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>'


def _counts(file: FileAccount) -> dict[str, Any]:
    counts = asdict(file)
    del counts["etag"], counts["refused"], counts["explanation"]
    return counts


def _refused(document: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    for key, reason in document["refused"].items():
        line = explanations.describe(key, reason, document["explained"].get(key, {}))[0]
        yield key, reason, line.removeprefix(f"refused: {key}: {reason}").removeprefix(": ")


def _rejected(document: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
    for key, explanation in document["explained"].items():
        for reason, found in explanation.get("reasons", {}).items():
            yield key, reason, *(found[name] for name in ("rows", "line", "value", "wanted"))


def _unknown(unknown: Mapping[str, Any] | None) -> Iterable[tuple[Any, ...]]:
    """Give the row of each file that has such plays, and of all."""
    if unknown and unknown["files"]:
        yield from ((key, *map(counts.get, KINDS)) for key, counts in unknown["files"].items())
        yield ("in all", *map(unknown.get, KINDS))


def _reasons(rejected: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in sorted(rejected.items()))


def _table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    if not lines:
        return "<p>none</p>"
    heads = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    return f"<table><tr>{heads}</tr>{lines}</table>"


def _cell(value: Any) -> str:
    kind = ' class="n"' if isinstance(value, int) else ""
    return f"<td{kind}>{html.escape('' if value is None else str(value))}</td>"
