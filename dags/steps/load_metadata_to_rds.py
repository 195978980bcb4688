"""Bring the users and songs files of S3 into RDS; nothing happens where they are as they were."""

import contextlib
import errno
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

from conf import places
from conf.run_log import get_log
from dags.metadata import load
from dags.metadata.load import LoadRules, MetadataFile
from dags.metadata.report import LoadReport, describe_files, describe_rows
from dags.protocol.candidates import is_delivery
from dags.protocol.errors import FinalError
from dags.protocol.params import RunParams
from dags.protocol.pipeline import Pipeline
from dags.systems import metadata

KEPT_IN_MEMORY = 1 << 20  # bytes of quarantine; more goes to a file

log = get_log(__name__)


def run(pipeline: Pipeline, run_id: str, params: RunParams) -> dict[str, Any]:
    """Load the metadata in one transaction, quarantine its bad rows, and give a short report.

    Safe to repeat and to die at any line: RDS commits once, and a rerun finds nothing to do.

    Raises:
        FinalError: A table is empty and no file fills it, or a migration is missing.
        MetadataError: RDS cannot be reached or refused the transaction.
        BucketError: A file was replaced while it was read: a retry takes the new one.
    """
    if params.dry_run:
        log.info("dry run: RDS stays as it is")
        return {"is_changed": False}
    files = list(_list_files(pipeline))
    rules = _rules(pipeline, params)
    try:
        report = _load(pipeline, run_id, files, rules)
    except metadata.MetadataStateError as error:
        raise FinalError(str(error)) from error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise metadata.MetadataError(
            f"the worker's disk is full, {tempfile.gettempdir()} takes no more of the rejected "
            "rows: nothing is changed; free some of it, then clear this task"
        ) from error
    if not report.is_changed:
        log.info("users and songs are as they were: no key, ETag or rule changed")
    return {"is_changed": report.is_changed, "version": report.version}


def _load(
    pipeline: Pipeline, run_id: str, files: list[MetadataFile], rules: LoadRules
) -> LoadReport:
    """Load the files; the quarantine lies in S3 and all is told before RDS commits."""
    rejected: Any
    with contextlib.ExitStack() as open_files, pipeline.open_metadata() as connection:
        rejected = open_files.enter_context(tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY))
        packing = open_files.enter_context(contextlib.ExitStack())
        quarantine = packing.enter_context(load.write_quarantine(rejected))

        def keep(report: LoadReport) -> None:
            packing.close()  # its last bytes are written then
            if any(file.rows_rejected for file in report.files):
                rejected.seek(0)
                key = places.metadata_quarantine_key(places.run_name(run_id))
                pipeline.bucket.upload(key, rejected)
            _tell(pipeline, run_id, report)

        return load.run(connection, files, quarantine, rules, keep)


def _list_files(pipeline: Pipeline) -> Iterator[MetadataFile]:
    for table in load.TABLES:
        for found in pipeline.bucket.list_objects(f"{pipeline.settings.data_prefix}/{table}/"):
            if is_delivery(found.key):
                opener = partial(pipeline.bucket.open, found.key, found.etag)
                yield MetadataFile(found.key, found.etag, table, opener)
            elif not found.key.endswith("/"):
                log.warning("%s is no delivery: left alone", found.key)


def _rules(pipeline: Pipeline, params: RunParams) -> LoadRules:
    settings, share = pipeline.settings, params.max_rejected_share
    return LoadRules(
        settings.max_rejected_share if share is None else share,
        settings.min_rejected_rows,
        settings.metadata_mode,
        settings.track_id_prefix,
    )


def _tell(pipeline: Pipeline, run_id: str, report: LoadReport) -> None:
    """Log what was loaded, keep it for the run's report, and tell of refused files."""
    name, document = places.run_name(run_id), asdict(report)
    place = pipeline.bucket.uri(places.metadata_quarantine_key(name))
    for file in report.files:
        rejected = sum(file.rows_rejected.values())
        log.info("%s: %d rows, %d rejected", file.file_key, file.rows_loaded, rejected)
    refused = [file for file in document["files"] if file["refused"]]
    others = [file for file in document["files"] if not file["refused"]]
    errors = describe_files({"files": refused}, place)
    warnings = [*describe_files({"files": others}, place), *describe_rows(document)]
    for line in errors:
        log.error("%s", line)
    for line in warnings:
        log.warning("%s", line)
    document["told"] = [*errors, *warnings]
    log.info("rows that are new or differ: %s", report.rows_changed)
    content = json.dumps(document, indent=1, ensure_ascii=False).encode()
    pipeline.bucket.put(places.metadata_report_key(name), content)
    if errors:
        pipeline.alerts.send(
            f"music_streaming_etl refused {len(refused)} metadata file(s)",
            "\n".join([f"run {run_id}, task load_metadata_to_rds:", *errors]),
        )
