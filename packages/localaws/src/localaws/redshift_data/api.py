"""The operations of the Redshift Data API for Redshift Serverless."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3

from localaws.emr_serverless.secrets import ReadSecret, reader
from localaws.endpoint.config import EndpointConfig
from localaws.endpoint.service import Operation, ServiceError
from localaws.postgres import PostgresServer
from localaws.redshift_data import gate
from localaws.redshift_data.browser import Browser
from localaws.redshift_data.documents import SHOWN, new_document, summarise
from localaws.redshift_data.login import Login
from localaws.redshift_data.paging import cut_page, read_token
from localaws.redshift_data.parameters import bind_all
from localaws.redshift_data.places import Places, invalid
from localaws.redshift_data.runner import StatementRunner
from localaws.redshift_data.store import ENDED, Document, StatementStore

MAX_STATEMENT_BYTES = 100 * 1024
MAX_ACTIVE = 500
DEFAULT_LISTED = 100
# What is asked again does not make another request of the same token.
NOT_PART_OF_A_REQUEST = ("ClientToken", "WaitTimeSeconds")


class RedshiftData:
    """The service: workgroups and databases of the configuration over one PostgreSQL."""

    name = "redshift-data"

    def __init__(self, config: EndpointConfig, read_secret: ReadSecret | None = None) -> None:
        self._places = Places(config.warehouse.workgroups)
        self._store = StatementStore(config.folder / "redshift.sqlite")
        server = PostgresServer(Path(config.warehouse.postgres_state))
        s3 = boto3.client(
            "s3",
            endpoint_url=config.s3_endpoint,
            region_name=config.region,
            aws_access_key_id=config.access_key_id,
            aws_secret_access_key=config.secret_access_key,
        )
        login = Login(server.dsn, config.warehouse.user, read_secret or reader(config))
        self._runner = StatementRunner(self._store, login, config.warehouse.copy_roles, s3)
        browser = Browser(self._places, server.dsn)
        self.operations: Mapping[str, Operation] = {
            **browser.operations,
            "ExecuteStatement": self.execute_statement,
            "BatchExecuteStatement": self.batch_execute_statement,
            "DescribeStatement": self.describe_statement,
            "GetStatementResult": self.get_statement_result,
            "ListStatements": self.list_statements,
            "CancelStatement": self.cancel_statement,
        }

    def close(self) -> None:
        """Cancel what runs, and keep what is known."""
        self._runner.close()
        self._store.close()

    def execute_statement(self, values: dict[str, Any]) -> dict[str, Any]:
        """Take one statement and give its id at once."""
        return self._submit(values, [values["Sql"]], is_batch=False)

    def batch_execute_statement(self, values: dict[str, Any]) -> dict[str, Any]:
        """Take 1 to 40 statements that are one transaction."""
        if values.get("ExecutionMode", "TRANSACTION") != "TRANSACTION":
            raise invalid("ExecutionMode AUTO_COMMIT is not supported by the local AWS")
        if any(gate.is_transaction_control(sql) for sql in values["Sqls"]):
            raise invalid("a batch is one transaction: BEGIN, COMMIT and ROLLBACK have no place")
        return self._submit(values, values["Sqls"], is_batch=True)

    def _submit(self, values: dict[str, Any], sqls: list[str], *, is_batch: bool) -> dict[str, Any]:
        self._places.check(values)
        if values.get("ResultFormat", "JSON") != "JSON":
            raise invalid("ResultFormat CSV is not supported by the local AWS: leave it JSON")
        for sql in sqls:
            if len(sql.encode()) > MAX_STATEMENT_BYTES:
                raise invalid(f"a statement has at most {MAX_STATEMENT_BYTES} bytes")
        bound = bind_all(sqls, values.get("Parameters", []))
        document = new_document(values, sqls, is_batch=is_batch)
        kept = self._store.submit(
            document,
            token=values.get("ClientToken"),
            request=json.dumps(
                {name: v for name, v in values.items() if name not in NOT_PART_OF_A_REQUEST},
                sort_keys=True,
            ),
            most_active=MAX_ACTIVE,
        )
        if kept is document:
            self._runner.start(document, bound)
        document = kept
        if "WaitTimeSeconds" in values:
            self._runner.wait(document["Id"], values["WaitTimeSeconds"])
            document = self._find(document["Id"])
        answer = {name: document.get(name) for name in ("Id", "CreatedAt", "Database")}
        is_waited = "WaitTimeSeconds" in values
        return answer | {
            "WorkgroupName": document["WorkgroupName"],
            "Status": document["Status"] if is_waited else None,
            "HasResultSet": document.get("HasResultSet") if is_waited else None,
        }

    def describe_statement(self, values: dict[str, Any]) -> dict[str, Any]:
        """Give a statement's state, or a sub-statement's by its own id."""
        parent_id, _, number = values["Id"].partition(":")
        if "WaitTimeSeconds" in values:
            self._runner.wait(parent_id, values["WaitTimeSeconds"])
        document = self._find(values["Id"])
        answer = {name: document.get(name) for name in SHOWN}
        if "SubStatements" in document and not number:
            parts = document["SubStatements"]
            answer["SubStatements"] = [{name: part.get(name) for name in SHOWN} for part in parts]
        return answer

    def get_statement_result(self, values: dict[str, Any]) -> dict[str, Any]:
        """Give a page of a finished statement's rows."""
        if "WaitTimeSeconds" in values:
            self._runner.wait(values["Id"].partition(":")[0], values["WaitTimeSeconds"])
        document = self._find(values["Id"])
        if "SubStatements" in document:
            raise invalid(
                "BatchExecuteStatement result can only be retrieved with sub-statement id."
            )
        if document["Status"] != "FINISHED" or not document.get("HasResultSet"):
            raise ServiceError(
                "ResourceNotFoundException",
                "Query does not have result. Please check query status with DescribeStatement.",
                ResourceId=values["Id"],
            )
        page = read_token(values.get("NextToken"))
        rows, has_more = self._store.get_page(values["Id"], page)
        return {
            "Records": rows,
            "ColumnMetadata": document.get("Columns", []),
            "TotalNumRows": document["ResultRows"],
            "NextToken": str(page + 1) if has_more else None,
        }

    def cancel_statement(self, values: dict[str, Any]) -> dict[str, Any]:
        """Ask for a statement's end."""
        document = self._find(values["Id"].partition(":")[0])
        if document["Status"] in ENDED:
            state = document["Status"]
            raise invalid(f"Could not cancel a query that is already in {state} state")
        self._runner.cancel(document["Id"])
        return {"Status": True}

    def list_statements(self, values: dict[str, Any]) -> dict[str, Any]:
        """List statements, the youngest first; only those that finished, unless asked for more."""
        status, prefix = values.get("Status", "FINISHED"), values.get("StatementName", "")
        found = [
            document
            for document in self._store.newest_first()
            if status in ("ALL", document["Status"])
            and document.get("StatementName", "").startswith(prefix)
            and values.get("WorkgroupName", document["WorkgroupName"]) == document["WorkgroupName"]
            and values.get("Database", document["Database"]) == document["Database"]
        ]
        listed, token = cut_page(found, values, DEFAULT_LISTED)
        return {"Statements": [summarise(document) for document in listed], "NextToken": token}

    def _find(self, statement_id: str) -> Document:
        parent_id, _, number = statement_id.partition(":")
        document = self._store.get(parent_id)
        parts = document.get("SubStatements", []) if document else []
        if document is not None and not number:
            return document
        if number and number.isdigit() and 0 < int(number) <= len(parts):
            part: Document = parts[int(number) - 1]
            return part
        raise ServiceError(
            "ResourceNotFoundException", "Query does not exist.", ResourceId=statement_id
        )
