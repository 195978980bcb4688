"""A pipeline whose systems are all in memory: for tests of one step of the protocol at a time."""

import contextlib
import dataclasses
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from conf.settings import load_settings
from dags.protocol.pipeline import Pipeline
from dags.systems.alerts import Alerts
from dags.systems.bucket import Bucket
from dags.systems.ledger import Outcome
from dags.systems.warehouse import Warehouse
from tests.dags.memory_s3 import A_TIME, BUCKET, MemoryS3

ALL_MIGRATIONS = range(1, 8)
COMMIT = re.compile(r"SET commit_no = (\d+),\s+plan = '([^']+)'\s+WHERE commit_no = (\d+)")


class MemoryWarehouse:
    """A client of redshift-data that knows `etl_state` and the migrations, and takes any batch.

    Attributes:
        batches: the SQL of the batches, in their order.
        errors: what the next batches fail with.
    """

    def __init__(
        self, commit: int = 0, plan: str | None = None, versions: Iterable[int] = ALL_MIGRATIONS
    ) -> None:
        self.state, self.versions = (commit, plan), list(versions)
        self.batches: list[list[str]] = []
        self.errors: list[str] = []

    def execute_statement(self, Sql: str, **_: Any) -> dict[str, str]:  # noqa: N803
        return {"Id": Sql}

    def batch_execute_statement(self, Sqls: list[str], **_: Any) -> dict[str, str]:  # noqa: N803
        assert len(Sqls) <= 40
        self.batches.append(Sqls)
        if self.errors:
            return {"Id": f"failed: {self.errors.pop(0)}"}
        found = COMMIT.search("\n".join(Sqls))
        if found and int(found[3]) == self.state[0]:
            self.state = (int(found[1]), found[2])
        return {"Id": "done"}

    def describe_statement(self, Id: str) -> dict[str, Any]:  # noqa: N803
        if Id.startswith("failed: "):
            return {"Id": "id-1", "Status": "FAILED", "Error": Id.removeprefix("failed: ")}
        return {"Id": Id, "Status": "FINISHED", "HasResultSet": "SELECT" in Id}

    def get_statement_result(self, Id: str) -> dict[str, Any]:  # noqa: N803
        if "FROM schema_version" in Id:
            rows = [[{"longValue": version}] for version in self.versions]
            return {"ColumnMetadata": [{"name": "version"}], "Records": rows}
        commit, plan = self.state
        row = [{"longValue": commit}, {"stringValue": plan} if plan else {"isNull": True}]
        names = [{"name": "commit_no"}, {"name": "plan"}]
        return {"ColumnMetadata": names, "Records": [row]}


@dataclass
class Told:
    """SNS and CloudWatch: what people were told."""

    messages: list[str] = field(default_factory=list)
    metrics: list[tuple[str, int]] = field(default_factory=list)

    def publish(self, **request: Any) -> None:
        self.messages.append(f"{request['Subject']}\n{request['Message']}")

    def put_metric_data(self, **request: Any) -> None:
        for datum in request["MetricData"]:
            self.metrics.append((datum["MetricName"], datum["Value"]))


@dataclass
class NotedLedger:
    """A ledger that notes what it is to finish; `lost` are the keys that others have taken."""

    lost: frozenset[str] = frozenset()
    finished: dict[str, tuple[str, Outcome, int]] = field(default_factory=dict)

    def finish(self, file_key: str, claim_id: str, outcome: Outcome, now: int) -> bool:
        if file_key in self.lost:
            return False
        self.finished[file_key] = (claim_id, outcome, now)
        return True


class MetadataDatabase(contextlib.AbstractContextManager["MetadataDatabase"]):
    """RDS as far as a run asks for its version; leaving it ends a transaction."""

    def __init__(self, version: str | None) -> None:
        self.rows = [(version,)] if version else []

    @contextlib.contextmanager
    def open(self) -> Iterator["MetadataDatabase"]:
        yield self

    cursor = open

    def __exit__(self, *_: object) -> None:
        """Nothing was changed."""

    def execute(self, statement: str, values: Any = None) -> None:
        assert "metadata_version" in statement

    def fetchall(self) -> list[tuple[str]]:
        return self.rows


def a_pipeline(
    s3: MemoryS3 | None = None,
    warehouse: Any = None,
    *,
    ledger: Any = None,
    told: Told | None = None,
    version: str | None = "v1",
    now: datetime = A_TIME,
    **settings: Any,
) -> Pipeline:
    """Give a pipeline over these systems, new ones where none is given."""
    told = told or Told()
    local = dataclasses.replace(load_settings("local"), data_bucket=BUCKET, **settings)
    return Pipeline(
        settings=local,
        bucket=Bucket(s3 or MemoryS3(), BUCKET),
        ledger=ledger or NotedLedger(),
        warehouse=Warehouse(warehouse or MemoryWarehouse(), "a-workgroup", "a-database"),
        copy_role=local.copy_role,
        alerts=Alerts(told, told, local.alerts_topic_arn),
        open_metadata=MetadataDatabase(version).open,
        now=lambda: now,
    )
