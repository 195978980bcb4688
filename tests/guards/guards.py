"""The guards of the promise: the line that is each one, and the test that fails without it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guard:
    """A guard as text in a file.

    Attributes:
        taken_out: the text with the guard out of it.
        test: the test that then fails, below `tests`.
        says: what that test's failure holds.
    """

    name: str
    file: str
    text: str
    taken_out: str
    test: str
    says: str


DEATHS = "dags/protocol/test_deaths.py"
GUARDS = (
    Guard(
        "a fresh claim for every life of a run",
        "dags/protocol/claim.py",
        "{secrets.token_hex(4)}",
        "00000000",
        f"{DEATHS}::test_the_batch_of_a_cleared_life_runs_after_its_second_life_began",
        "DID NOT RAISE OvertakenError",
    ),
    Guard(
        "a folder for every attempt",
        "conf/places.py",
        "{task}/attempt={attempt}",
        "{task}/attempt=1",
        f"{DEATHS}::test_an_attempt_that_was_given_up_writes_on_and_changes_nothing",
        "attempt=1'",
    ),
    Guard(
        "the commit number",
        "dags/protocol/batch.py",
        '        _statement("check_etl_state", OVERTAKEN, commit=commit, plan=plan_key),\n',
        "",
        f"{DEATHS}::test_the_batch_of_a_failed_run_is_refused_after_a_later_run_committed",
        "overtaken: another run committed first",
    ),
    Guard(
        "redo",
        "dags/protocol/begin.py",
        "    publish.publish(pipeline, plan)\n",
        "",
        f"{DEATHS}::test_a_commit_is_published_though_its_run_died_and_its_file_is_gone",
        "which is not published yet",
    ),
    Guard(
        "names by commit",
        "conf/places.py",
        "/{commit:010d}-{part}.parquet",
        "/{1:010d}-{part}.parquet",
        "dags/protocol/test_runs.py::test_the_flow[three_files_in_three_runs]",
        "AssertionError",
    ),
    Guard(
        "the condition on the ledger",
        "dags/systems/ledger.py",
        '"claim_id = :claim_id"',
        '"attribute_exists(claim_id) OR claim_id = :claim_id"',
        f"{DEATHS}::test_a_late_mark_leaves_a_new_version_to_the_run_that_claimed_it",
        "+ PROCESSED",
    ),
    Guard(
        "ETags looked at again",
        "dags/steps/load_redshift.py",
        "    require_unchanged(pipeline, claim)\n",
        "",
        f"{DEATHS}::test_a_file_that_is_replaced_while_it_is_read_is_taken_by_the_next_run",
        "DID NOT RAISE ReplacedError",
    ),
    Guard(
        "the reader's rule",
        "dags/protocol/batch.py",
        "number > compacted or (is_all and number == compacted)",
        "True",
        "maintenance/test_compaction.py::test_what_a_reader_listed_before_is_readable_for_seven_days",
        "days: 1 != 0",
    ),
    Guard(
        "the reader's rule in the jobs",
        "spark_jobs/lake.py",
        "number > compacted or (is_all and number == compacted)",
        "True",
        "spark_jobs/test_lake.py"
        "::test_the_greatest_compaction_and_what_is_numbered_above_it_are_chosen",
        "-all.parquet",
    ),
)
