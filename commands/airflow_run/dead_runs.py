"""What a killed run left: its job runs, its last batch of SQL, and the files it holds."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from commands.console import CommandError, say
from commands.stack.describe import make_client
from conf import places
from conf.settings import Settings
from dags.systems import ledger
from dags.systems.bucket import in_parallel
from dags.systems.emr_serverless import LIVE, EmrServerless
from localaws.stack import Stack

REASON = "its run was killed"
LIVE_JOBS = sorted(LIVE | {"CANCELLING"})
LIVE_STATEMENTS = ("SUBMITTED", "PICKED", "STARTED")
POLL_SECONDS = 0.2
JOB_SECONDS = 60.0
BATCH_SECONDS = 900.0  # a batch is on its way to its commit: that is waited for, not undone


@dataclass(frozen=True)
class Systems:
    """Clients of what a run works with; the caller holds the lock of the state."""

    emr: EmrServerless
    redshift_data: Any
    dynamodb: Any
    table: str


def open_systems(stack: Stack, settings: Settings) -> Systems:
    return Systems(
        emr=EmrServerless(make_client(stack, "emr-serverless"), settings.emr_application),
        redshift_data=make_client(stack, "redshift-data"),
        dynamodb=make_client(stack, "dynamodb"),
        table=settings.ledger_table,
    )


def end_dead_runs(systems: Systems) -> int:
    """End what still works for a dead run, give its files back, and give their number.

    Nobody may run: whoever holds the state's lock knows that. A commit that is not published yet
    is the next run's to publish.

    Raises:
        CommandError: Something does not end.
    """
    application = systems.emr.application_id()
    jobs = partial(live_jobs, systems.emr.client, application)
    systems.emr.cancel_orphans(application, {job["id"]: job["name"] for job in jobs()})
    wait_until_none(jobs, "job run", JOB_SECONDS)
    wait_until_none(partial(live_batches, systems.redshift_data), "SQL batch", BATCH_SECONDS)
    return free_files(systems.dynamodb, systems.table)


def live_jobs(client: Any, application_id: str) -> list[dict[str, Any]]:
    """List the job runs of the DAG's runs that have not ended; others are not ours to end."""
    pages = client.get_paginator("list_job_runs").paginate(
        applicationId=application_id, states=LIVE_JOBS
    )
    return [
        found
        for page in pages
        for found in page["jobRuns"]
        if places.CLAIM.fullmatch(str(found.get("name", "")).partition("/")[0])
    ]


def live_batches(client: Any) -> list[dict[str, Any]]:
    """List the batches that have not ended: nobody but the DAG sends any."""
    found = {
        statement["Id"]
        for status in LIVE_STATEMENTS  # in the order of a life: none slips from one into another
        for page in client.get_paginator("list_statements").paginate(Status=status)
        for statement in page["Statements"]
        if statement.get("IsBatchStatement")
    }
    return [{"id": statement_id} for statement_id in sorted(found)]


def wait_until_none(
    find: Callable[[], list[dict[str, Any]]], noun: str, seconds: float, poll: float = POLL_SECONDS
) -> None:
    """Wait until nothing is found any more.

    Raises:
        CommandError: It takes too long.
    """
    deadline = time.monotonic() + seconds
    was_told = False
    while found := find():
        if time.monotonic() > deadline:
            raise CommandError(
                f"{noun} {found[0]['id']} of a killed run does not end: end all by make down, "
                "and call it again"
            )
        if not was_told:
            say(f"waiting for the {noun} of a killed run to end ...")
            was_told = True
        time.sleep(poll)


def free_files(client: Any, table: str) -> int:
    """Turn every claim into FAILED, so that the next run takes the files; give their number."""
    return sum(in_parallel(partial(free_file, client, table), list(claimed_items(client, table))))


def claimed_items(client: Any, table: str) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="#status = :claimed",
        ProjectionExpression="file_key, claim_id",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":claimed": {"S": "CLAIMED"}},
        ConsistentRead=True,
    )
    for page in pages:
        yield from page["Items"]


def free_file(client: Any, table: str, item: dict[str, Any]) -> bool:
    """Give a file back; false where it is another claim's by now."""
    try:
        client.update_item(
            TableName=table,
            Key={"file_key": item["file_key"]},
            UpdateExpression=ledger.RELEASE,
            ConditionExpression="#status = :claimed AND claim_id = :claim_id",
            ExpressionAttributeNames={"#status": "status", "#error": "error"},
            ExpressionAttributeValues={
                ":claimed": {"S": "CLAIMED"},
                ":failed": {"S": "FAILED"},
                ":error": {"S": REASON},
                ":claim_id": item["claim_id"],
            },
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True
