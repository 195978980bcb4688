"""Which requests change something, and the kind of each: its key or SQL without what varies."""

import re
from collections.abc import Mapping
from typing import Any

READS = {
    "s3": {"GetObject", "HeadObject", "ListObjectsV2"},
    "dynamodb": {"BatchGetItem", "GetItem", "Scan"},
    "redshift-data": {"DescribeStatement", "GetStatementResult", "ListStatements"},
    "emr-serverless": {"GetApplication", "GetJobRun", "ListApplications", "ListJobRuns"},
    "secretsmanager": {"GetSecretValue"},
    "sts": {"GetCallerIdentity"},
}
# Telling people changes no table.
MESSAGES = {"sns", "cloudwatch"}
RDS_COMMIT = "rds commit"
# Names of claims and runs, hashes, days and numbers.
VARYING = re.compile(
    r"(?<=claim=)[A-Za-z0-9-]+|(?<=run=)[A-Za-z0-9-]+|(?<=plan-)[0-9a-f]{64}"
    r"|(?<=-)[0-9a-f]{16}(?=\.json)|\d{4}-\d{2}-\d{2}|\d+"
)
SHOWN_SQL = 60


def kind_of(service: str, operation: str, params: Mapping[str, Any]) -> str | None:
    """Give the kind of a write, None for a request that changes nothing."""
    if service in MESSAGES or operation in READS.get(service, ()):
        return None
    return f"{service} {operation} {VARYING.sub('*', _target(operation, params))}".strip()


def _target(operation: str, params: Mapping[str, Any]) -> str:
    if operation == "DeleteObjects":
        return str(params["Delete"]["Objects"][0]["Key"])
    if operation == "UpdateItem":
        return str(params["UpdateExpression"]).partition(",")[0]
    if operation == "BatchExecuteStatement":
        return "the commit" if "etl_state" in "".join(params["Sqls"]) else str(params["Sqls"][0])
    if operation == "StartJobRun":
        return str(params["name"]).partition("/")[2]
    sql = " ".join(line for line in params.get("Sql", "").splitlines() if line[:2] != "--")
    return str(params.get("Key") or " ".join(sql.split())[:SHOWN_SQL])
