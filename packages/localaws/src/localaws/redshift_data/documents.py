"""A statement as the store keeps it and as the API shows it."""

import time
import uuid
from typing import Any

from localaws.redshift_data.store import Document

SHOWN = (
    "Id", "Database", "Duration", "Error", "Status", "CreatedAt", "UpdatedAt", "RedshiftPid",
    "HasResultSet", "QueryString", "ResultRows", "ResultSize", "RedshiftQueryId",
    "QueryParameters", "WorkgroupName", "SecretArn",
)  # fmt: skip
SUMMARY = (
    "Id", "QueryString", "Status", "StatementName", "CreatedAt", "UpdatedAt", "QueryParameters",
)  # fmt: skip


def new_document(values: dict[str, Any], sqls: list[str], *, is_batch: bool) -> Document:
    """Give a submitted statement as the store keeps it."""
    statement_id, now = str(uuid.uuid4()), time.time()
    document: Document = {
        "Id": statement_id,
        "Status": "SUBMITTED",
        "CreatedAt": now,
        "UpdatedAt": now,
        "Database": values["Database"],
        "WorkgroupName": values["WorkgroupName"],
        "SecretArn": values.get("SecretArn"),
        "StatementName": values.get("StatementName", ""),
        "QueryParameters": values.get("Parameters"),
        "QueryString": None if is_batch else sqls[0],
        "RedshiftPid": 0,
        "RedshiftQueryId": 0,
        "HasResultSet": False,
        "Duration": -1,
        "ResultRows": -1,
        "ResultSize": -1,
    }
    if is_batch:
        document["SubStatements"] = [
            {
                "Id": f"{statement_id}:{number}",
                "Status": "SUBMITTED",
                "CreatedAt": now,
                "UpdatedAt": now,
                "QueryString": sql,
                "RedshiftQueryId": 0,
                "HasResultSet": False,
                "Duration": -1,
                "ResultRows": -1,
                "ResultSize": -1,
            }
            for number, sql in enumerate(sqls, start=1)
        ]
    return document


def summarise(document: Document) -> dict[str, Any]:
    """Give a statement's line in a list."""
    parts = document.get("SubStatements")
    summary = {name: document.get(name) for name in SUMMARY}
    return summary | {
        "IsBatchStatement": parts is not None,
        "QueryStrings": [part["QueryString"] for part in parts] if parts else None,
    }
