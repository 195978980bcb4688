"""What follows a commit carries out its plan, whoever does it and however often."""

import dataclasses
import logging
from typing import Any

import pytest

from conf import places
from conf.explanations import Rejected, explain_header, explain_rows
from dags.protocol import plan as plans
from dags.protocol.plan import FileAccount, Plan
from dags.protocol.publish import mark, publish
from dags.systems.bucket import BucketError
from dags.systems.ledger import Outcome
from tests.dags.memory_s3 import A_TIME, DeathError, MemoryS3
from tests.dags.pipeline_doubles import NotedLedger, Told, a_pipeline
from tests.dags.plan_builders import CLAIM, A, B, a_plan, stage

PLAYS = "lake/streams/listen_date=2024-06-25/0000000007-0.parquet"
TOTALS = "lake/track_plays/commit=0000000007/part-00000.parquet"
COMMIT = "lake/commits/0000000007.json"


def staged(s3: MemoryS3, plan: Plan) -> Any:
    """Give a pipeline with a committed plan in its staging; what was written is forgotten."""
    pipeline = a_pipeline(s3)
    stage(pipeline.bucket, plan)
    s3.writes.clear()
    return pipeline


def totals_of(s3: MemoryS3) -> list[int]:
    """Give the commits whose plays per track are in the lake."""
    keys = [key.split("/") for key in s3.objects if key.startswith(places.TRACK_PLAYS)]
    return sorted({int(parts[2].removeprefix("commit=")) for parts in keys})


def test_a_plan_that_is_not_in_staging_any_more_publishes_nothing() -> None:
    s3 = MemoryS3()
    pipeline = staged(s3, a_plan(7))
    s3.objects.pop(a_plan(7).moves[0].source)

    with pytest.raises(Exception, match="404"):
        publish(pipeline, a_plan(7))

    assert COMMIT not in s3.objects


def test_the_objects_of_a_plan_go_into_the_lake_and_its_commit_last() -> None:
    s3, plan = MemoryS3(), a_plan(7)
    pipeline = staged(s3, plan)

    publish(pipeline, plan)

    assert sorted(s3.writes[:2]) == [PLAYS, TOTALS]
    assert s3.writes[2:] == [COMMIT]
    assert s3.objects[PLAYS][0] == plan.moves[0].source.encode()
    assert s3.objects[TOTALS][0] == plan.moves[1].source.encode()
    assert plans.read_plan(pipeline.bucket, COMMIT) == plan


def test_a_published_commit_is_left_as_it_is() -> None:
    s3, plan = MemoryS3(), a_plan(7)
    pipeline = staged(s3, plan)
    publish(pipeline, plan)
    s3.objects.pop(plan.moves[0].source)
    before = dict(s3.objects)
    s3.writes.clear()

    publish(pipeline, plan)

    assert (s3.objects, s3.writes) == (before, [])


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_publication_that_dies_anywhere_is_repeated_whole(writes: int) -> None:
    s3, plan = MemoryS3(), a_plan(7)
    pipeline = staged(s3, plan)
    s3.die_after(writes)
    with pytest.raises(DeathError):
        publish(pipeline, plan)
    assert COMMIT not in s3.objects
    s3.live()

    publish(pipeline, plan)

    assert {PLAYS, TOTALS, COMMIT} <= s3.objects.keys()


def test_the_totals_of_seven_commits_are_kept() -> None:
    s3 = MemoryS3()
    pipeline = staged(s3, a_plan(9))
    for commit in (1, 2, 3, 8):
        pipeline.bucket.put(f"{places.track_plays_folder(commit)}/part-00000.parquet", b"x")
        pipeline.bucket.put(f"{places.track_plays_folder(commit)}/part-00001.parquet", b"x")

    publish(pipeline, a_plan(9))

    assert totals_of(s3) == [3, 8, 9]


def test_nothing_but_old_totals_is_removed() -> None:
    s3 = MemoryS3()
    pipeline = staged(s3, a_plan(99))
    kept = {
        "lake/track_plays/commit=other/part-00000.parquet",
        "lake/track_plays/flat.parquet",
        "lake/streams/listen_date=2024-06-25/0000000001-0.parquet",
        "lake/commits/0000000001.json",
    }
    for key in kept:
        pipeline.bucket.put(key, b"x")

    publish(pipeline, a_plan(99))

    assert kept <= s3.objects.keys()


def test_totals_that_could_not_be_removed_leave_the_commit_to_be_published_again() -> None:
    class Refusing(MemoryS3):
        def delete_objects(self, **request: Any) -> dict[str, Any]:
            return {"Errors": [{"Key": "k", "Message": "Access Denied"}]}

    s3 = Refusing()
    pipeline = staged(s3, a_plan(9))
    pipeline.bucket.put(f"{places.track_plays_folder(1)}/part-00000.parquet", b"x")

    with pytest.raises(BucketError, match="k was not deleted: Access Denied"):
        publish(pipeline, a_plan(9))

    assert places.commit_key(9) not in s3.objects


ACCOUNTS = {
    A: FileAccount("e1", None, 5, 3, 1, {"malformed_row": 1}),
    B: FileAccount("e2", "columns"),
}


def test_a_file_that_another_claim_took_is_a_warning_and_the_others_are_marked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger = NotedLedger(lost=frozenset({A}))

    mark(a_pipeline(ledger=ledger), a_plan(7, files=ACCOUNTS))

    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    (warning,) = warnings
    assert f"{A} is another claim's by now: its ledger entry stays as it is" in warning
    assert list(ledger.finished) == [B]


def test_the_ledger_says_what_became_of_each_file() -> None:
    ledger = NotedLedger()

    mark(a_pipeline(ledger=ledger), a_plan(7, files=ACCOUNTS, judged_by="rules 1"))

    now = int(A_TIME.timestamp())
    assert ledger.finished == {
        A: (CLAIM, Outcome("PROCESSED", 5, 3, 1, {"malformed_row": 1}, judged_by="rules 1"), now),
        B: (CLAIM, Outcome("REJECTED", error="columns", judged_by="rules 1"), now),
    }


def test_refused_files_are_told_once_with_their_reasons() -> None:
    told = Told()
    accounts = ACCOUNTS | {"data/streams/c.csv": FileAccount("e3", "too_many_rejected_rows")}

    mark(a_pipeline(told=told), a_plan(7, files=accounts))

    assert told.messages == [
        "music_streaming_etl refused 2 file(s)\n"
        "run daily, task mark_processed:\n"
        "refused: data/streams/b.csv: columns\n"
        "refused: data/streams/c.csv: too_many_rejected_rows"
    ]


def test_what_was_not_taken_is_told_with_its_cause_its_first_values_and_its_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told, ledger = Told(), NotedLedger()
    header = explain_header(b"user_id;track_id;listen_time\n", ("user_id", "track_id"))
    broken = explain_rows(5, {"malformed_row": Rejected(1, 4, "7,t")}, {"malformed_row": "mend"})
    accounts = {
        A: dataclasses.replace(ACCOUNTS[A], explanation=broken),
        B: dataclasses.replace(ACCOUNTS[B], explanation=header),
    }

    mark(a_pipeline(told=told, ledger=ledger), a_plan(7, files=accounts))

    cause = (
        'columns: it lacks user_id, track_id; its header is "user_id;track_id;listen_time"; '
        'its fields seem to be parted by ";": part the fields by commas'
    )
    rejected = [
        f"{A}: 1 of 5 rows are rejected",
        '  1 malformed_row, first in line 4: "7,t": mend',
        f"  the rejected rows lie in s3://a-bucket/quarantine/claim={CLAIM}/attempt=1/: "
        f"make quarantine FILE={A}",
    ]
    assert told.messages == [
        "\n".join(
            [
                "music_streaming_etl refused 1 file(s)",
                "run daily, task mark_processed:",
                f"refused: {B}: {cause}",
                *rejected,
            ]
        )
    ]
    levels = {r.getMessage().removeprefix("[no run] "): r.levelno for r in caplog.records}
    assert levels[f"refused: {B}: {cause}"] == logging.ERROR
    assert [levels[line] for line in rejected] == [logging.WARNING] * 3
    assert ledger.finished[B][1] == Outcome("REJECTED", error=cause)


def test_a_commit_without_refused_files_tells_nobody() -> None:
    told = Told()

    mark(a_pipeline(told=told), a_plan(7))
    mark(a_pipeline(told=told), a_plan(7, files={}))

    assert told.messages == []
