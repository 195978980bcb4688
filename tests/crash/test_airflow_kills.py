"""Runs by Airflow itself that are killed where only they can be: as they submit jobs."""

import pytest

from dags.protocol.job_arguments import JOBS
from tests.crash.airflow_runs import AirflowRuns
from tests.crash.cases import Records
from tests.crash.comparison import find_fault
from tests.flow_deliveries import FIRST, SECOND, SONGS
from tests.pipeline_world import World

SUBMISSIONS = {f"emr-serverless StartJobRun {job}" for job in JOBS}


@pytest.mark.slow
def test_a_worker_killed_as_it_submits_jobs_makes_no_difference(
    world: World, all_records: Records
) -> None:
    runs = AirflowRuns(world)
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)

    after = runs.run("after", "emr-serverless StartJobRun validate_data after")
    world.deliver("b.csv", *SECOND)
    before = runs.run("before", "emr-serverless StartJobRun transform_kpis before")
    whole = runs.run("whole")

    assert (after, before, whole) == (False, False, True)
    world.assert_tables()
    assert find_fault(world) is None
    kinds = set(runs.read_writes())
    killed = {kind for found in all_records.found.values() for kind in found.writes}
    assert kinds >= SUBMISSIONS
    assert kinds - killed - SUBMISSIONS == set()
