"""S3 that answers with errors, late or by halves: clients try again, steps tell of it."""

import gzip

import pytest
from botocore.exceptions import ReadTimeoutError

from dags.systems.bucket import BucketError
from dags.systems.connections import TRIES
from tests.faults import troubled_aws
from tests.faults.troubled_aws import Fault, meeting
from tests.faults.troubled_runs import BEFORE, assert_whole, deliver, fail_at, go_on, life_before
from tests.flow_deliveries import FIRST, SONGS
from tests.pipeline_world import A_USER, USERS, World

ENDLESS = {
    "500": (troubled_aws.internal_error, BucketError, "when calling the"),
    "503": (troubled_aws.slow_down, BucketError, "when calling the"),
    "no connection": (
        troubled_aws.no_connection,
        BucketError,
        "Connect timeout on endpoint",
    ),
    "no answer": (troubled_aws.no_answer, BucketError, "Read timeout on endpoint"),
}
# Where S3 is lost amid a step: a call, and how many of its kind come before.
AMID = {
    "load_metadata": ("PutObject", 0),  # the report, before RDS commits
    "extract": ("PutObject", 1),  # claim.json, after the claims
    "load": ("PutObject", 3),  # a manifest, after the plan
    "publish": ("CopyObject", 1),  # the second object
    "mark": ("PutObject", 1),  # the report, after the ledger
    "release": ("GetObject", 1),  # the reason
}
TROUBLES = [
    ("no connection", "load_metadata"),
    ("503", "extract"),
    ("500", "load"),
    ("no answer", "publish"),
    ("503", "mark"),
    ("500", "release"),
]
SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "step"),
    [
        pytest.param(name, step, marks=SLOW if step in ("load_metadata", "release") else ())
        for name, step in TROUBLES
    ],
)
def test_a_step_that_s3_leaves_in_its_midst_fails_in_one_line_and_its_retry_goes_on(
    worker_world: World, name: str, step: str
) -> None:
    operation, after = AMID[step]
    lose_s3_and_go_on(worker_world, name, step, operation, after=after)


@pytest.mark.slow
@pytest.mark.parametrize("step", BEFORE)
def test_a_step_without_s3_fails_in_one_line_and_its_retry_goes_on(
    worker_world: World, step: str
) -> None:
    lose_s3_and_go_on(worker_world, "503", step)


def lose_s3_and_go_on(
    worker_world: World, name: str, step: str, *operations: str, after: int = 0
) -> None:
    keys = deliver(worker_world)
    life = life_before(worker_world, step)
    fault, error, word = ENDLESS[name]

    with meeting(worker_world.bucket.client, fault, *operations, after=after) as met:
        fail_at(life, step, error, word)

    assert len(met) >= TRIES
    if step == "release":
        assert life.release() == len(keys)
        assert worker_world.run("next") == "committed"
    else:
        go_on(life, step)
    assert_whole(worker_world, *keys)
    assert worker_world.state()[0] == 1


@pytest.mark.parametrize(
    "fault", [troubled_aws.slow_down, pytest.param(troubled_aws.no_answer, marks=SLOW)]
)
def test_a_run_that_meets_every_third_error_of_s3_commits(
    worker_world: World, fault: Fault
) -> None:
    keys = deliver(worker_world)

    with meeting(worker_world.bucket.client, fault, every=3, after=1) as met:
        assert worker_world.run("daily") == "committed"

    assert {"PutObject", "GetObject", "HeadObject", "ListObjectsV2", "CopyObject"} <= set(met)
    assert_whole(worker_world, *keys)


def test_a_run_of_which_every_second_answer_is_lost_commits_once(worker_world: World) -> None:
    keys = deliver(worker_world)
    pipeline = worker_world.pipeline
    written = ("PutObject", "CopyObject", "DeleteObjects")

    with (
        meeting(pipeline.bucket.client, troubled_aws.lost_answer, *written, every=2) as put,
        meeting(pipeline.ledger.client, troubled_aws.lost_answer, "UpdateItem", every=2) as noted,
        meeting(
            pipeline.warehouse.client, troubled_aws.lost_answer, "BatchExecuteStatement", times=1
        ) as sent,
    ):
        assert worker_world.run("daily") == "committed"

    assert {"PutObject", "CopyObject"} <= set(put)
    assert (len(noted) > 1, len(sent)) == (True, 1)
    assert_whole(worker_world, *keys)
    assert worker_world.state()[0] == 1


@pytest.mark.slow
def test_a_claim_whose_answers_are_lost_is_given_back(worker_world: World) -> None:
    keys = deliver(worker_world)
    life = worker_world.life("daily")
    life.load_metadata()
    lost = troubled_aws.lost_answer

    with meeting(worker_world.pipeline.ledger.client, lost, "UpdateItem"):
        fail_at(life, "extract", ReadTimeoutError)
    assert {worker_world.status(key) for key in keys} == {"CLAIMED"}
    assert life.release() == len(keys)

    assert worker_world.run("next") == "committed"
    assert_whole(worker_world, *keys)


@pytest.mark.parametrize("name", [pytest.param("songs.csv", marks=SLOW), "songs.csv.gz"])
def test_a_metadata_file_that_breaks_off_is_read_again_not_refused(
    worker_world: World, name: str
) -> None:
    keys = deliver(worker_world)
    content = worker_world.bucket.read("data/songs/songs.csv") or b""
    worker_world.bucket.delete(["data/songs/songs.csv"])
    packed = gzip.compress(content, mtime=0) if name.endswith(".gz") else content
    worker_world.bucket.put(f"data/songs/{name}", packed)
    life = worker_world.life("daily")

    with (
        meeting(worker_world.bucket.client, troubled_aws.half_an_answer, "GetObject", times=1),
        pytest.raises(Exception, match="read, but total bytes expected"),
    ):
        life.load_metadata()

    go_on(life, "load_metadata")
    assert_whole(worker_world, *keys)
    assert worker_world.report("daily")["metadata"]["files"][0]["refused"] is None


@pytest.mark.parametrize("step", [pytest.param("load_metadata", marks=SLOW), "load"])
def test_an_answer_that_breaks_off_is_told_with_its_key(worker_world: World, step: str) -> None:
    deliver(worker_world)
    life = life_before(worker_world, step)

    with meeting(worker_world.bucket.client, troubled_aws.half_an_answer, "GetObject"):
        fail_at(life, step, BucketError, ".json" if step == "load" else ".csv")


@pytest.mark.slow
def test_a_quarantine_that_s3_did_not_take_is_written_by_the_retry(worker_world: World) -> None:
    worker_world.deliver_metadata(SONGS)
    refused = worker_world.deliver("bad.csv", "1,dawn", header="user_id,track_id")
    worker_world.deliver("good.csv", *FIRST)
    users = "\n".join((USERS, *A_USER, "x,Bob,30,X,2020-01-01", "")).encode()
    worker_world.bucket.put("data/users/users.csv", users)
    life = worker_world.life("daily")

    with meeting(worker_world.bucket.client, troubled_aws.slow_down, after=3):
        fail_at(life, "load_metadata", BucketError, "SlowDown")
    go_on(life, "load_metadata")

    worker_world.assert_tables()
    assert worker_world.status(refused) == "REJECTED"
    quarantined = [found.key for found in worker_world.bucket.list_objects("quarantine/metadata/")]
    assert len(quarantined) == 1
