"""Runs by Airflow itself that are killed where only they can be: as they submit jobs."""

import itertools

import pytest

from dags.protocol.job_arguments import JOBS
from tests.crash.airflow_runs import AirflowRuns
from tests.crash.cases import MOMENTS, Records
from tests.crash.comparison import find_fault
from tests.flow_deliveries import FIRST, SECOND, SONGS
from tests.pipeline_world import World

SUBMISSIONS = [f"emr-serverless StartJobRun {job}" for job in JOBS]


@pytest.mark.slow
def test_a_worker_killed_as_it_submits_a_job_makes_no_difference(
    world: World, all_records: Records
) -> None:
    """Run after run dies, at each job before and after it is submitted; all else is in the matrix.

    What the last run writes is of no other kinds than what is killed at, here and there.
    """
    runs = AirflowRuns(world)
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)

    for number, (kind, moment) in enumerate(itertools.product(SUBMISSIONS, MOMENTS)):
        assert not runs.run(f"killed-{number}", f"{kind} {moment}")
        assert runs.read_writes()[-1] == kind
    world.deliver("b.csv", *SECOND)
    assert runs.run("whole")

    world.assert_tables()
    assert find_fault(world) is None
    killed = {kind for found in all_records.found.values() for kind in found.writes}
    assert set(runs.read_writes()) - killed == set(SUBMISSIONS)
