"""What fits an application beside what its other job runs hold."""

import pytest

from localaws.emr_serverless.capacity import fits_application
from localaws.emr_serverless.worker_sizes import read_workers

SMALL = {
    **{f"spark.{role}.cores": "1" for role in ("driver", "executor")},
    **{f"spark.{role}.memory": "2g" for role in ("driver", "executor")},
    "spark.executor.instances": "1",
}


@pytest.mark.rule(
    "A job run begins when a driver and an executor fit maximumCapacity beside the other job runs",
    page="emr/latest/EMR-Serverless-UserGuide/app-behavior.html",
    group="emr",
)
@pytest.mark.parametrize(
    ("limit", "others", "fits"),
    [
        ({"cpu": "4 vCPU", "memory": "64 GB"}, 1, True),
        ({"cpu": "4 vCPU", "memory": "64 GB"}, 2, False),
        ({"cpu": "16 vCPU", "memory": "12 GB"}, 1, True),
        ({"cpu": "16 vCPU", "memory": "12 GB"}, 2, False),
    ],
)
def test_a_job_run_waits_until_it_fits_beside_the_others(
    limit: dict[str, str], others: int, fits: bool
) -> None:
    workers = read_workers(SMALL)

    held = [workers] * others
    assert fits_application({"maximumCapacity": limit}, workers, held) is fits
