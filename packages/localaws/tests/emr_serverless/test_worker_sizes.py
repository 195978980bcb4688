"""From Spark properties to workers."""

import pytest

from localaws.emr_serverless.worker_sizes import (
    SizeError,
    Workers,
    check_executors,
    check_size,
    read_workers,
)

PAGE = "emr/latest/EMR-Serverless-UserGuide/jobs-spark.html"


@pytest.mark.rule(
    "By default a driver of 4 vCPU and 14 GB and three such executors", page=PAGE, group="emr"
)
def test_the_defaults_are_those_of_the_service() -> None:
    workers = read_workers({})

    assert (workers.driver.cores, workers.driver.heap_mib) == (4, 14 * 1024)
    assert workers.driver.memory_gb == 16
    assert workers.executors == 3
    assert (workers.cores, workers.memory_gb, workers.disk_gb) == (16, 64, 80)
    assert workers.billed_disk_gb == 0


@pytest.mark.parametrize(
    ("properties", "executors"),
    [
        ({"spark.executor.instances": "5"}, 5),
        ({"spark.dynamicAllocation.initialExecutors": "2"}, 2),
        (
            {
                "spark.dynamicAllocation.enabled": "false",
                "spark.dynamicAllocation.maxExecutors": "1",
                "spark.executor.instances": "4",
            },
            4,
        ),
        ({"spark.dynamicAllocation.maxExecutors": "infinity"}, 3),
    ],
)
def test_executors_are_counted_as_spark_begins_with_them(
    properties: dict[str, str], executors: int
) -> None:
    assert read_workers(properties).executors == executors


@pytest.mark.rule(
    "The executors to begin with, 3 by default, lie between minExecutors and maxExecutors",
    page=PAGE,
    group="emr",
)
@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"maxExecutors": "2"}, "3 must be between spark.dynamicAllocation.minExecutor 0 and "),
        ({"minExecutors": "4"}, "3 must be between spark.dynamicAllocation.minExecutor 4 and "),
        ({"initialExecutors": "2", "maxExecutors": "1"}, "2 must be between"),
        ({"initialExecutors": "1", "minExecutors": "2", "maxExecutors": "3"}, "1 must be between"),
    ],
)
def test_executors_to_begin_with_outside_their_bounds_are_refused(
    counts: dict[str, str], told: str
) -> None:
    properties = {f"spark.dynamicAllocation.{name}": text for name, text in counts.items()}

    with pytest.raises(SizeError) as error:
        check_executors(properties)

    start = "Maximum value of spark.dynamicAllocation.initialExecutors: "
    assert str(error.value).startswith(start + told)
    check_executors(properties | {"spark.dynamicAllocation.enabled": "false"})


def test_executors_to_begin_with_inside_their_bounds_are_taken() -> None:
    prefix = "spark.dynamicAllocation."
    one = {f"{prefix}initialExecutors": "1", f"{prefix}maxExecutors": "1"}

    check_executors(one | {f"{prefix}minExecutors": "1", "spark.executor.instances": "1"})
    check_executors({f"{prefix}maxExecutors": "3"})
    check_executors({})


@pytest.mark.parametrize(
    ("cores", "least", "most", "between"),
    [(1, 2, 8, 3), (2, 4, 16, 5), (4, 8, 30, 29), (8, 16, 60, 20), (16, 32, 120, 40)],
)
def test_each_size_of_the_table_is_taken_and_none_beside_it(
    cores: int, least: int, most: int, between: int
) -> None:
    for memory in (least, between, most):
        check_size("driver", cores, memory, 20, is_shuffle_disk=False)
    for memory in (least - 1, most + 1):
        with pytest.raises(SizeError, match=f"{least} to {most} GB"):
            check_size("driver", cores, memory, 20, is_shuffle_disk=False)


def test_a_shuffle_disk_is_larger() -> None:
    properties = {"spark.emr-serverless.executor.disk": "500g"}

    with pytest.raises(SizeError, match="20 to 200 GB"):
        read_workers(properties)
    workers = read_workers(
        properties | {"spark.emr-serverless.executor.disk.type": "shuffle_optimized"}
    )

    assert workers.executor.disk_gb == 500
    assert workers.billed_disk_gb == 3 * 480


def test_overhead_counts_at_least_384_mib_and_may_be_chosen() -> None:
    def small(**more: str) -> Workers:
        chosen = {"spark.driver.cores": "1", "spark.driver.memory": "2g"}
        return read_workers(chosen | {name.replace("_", "."): text for name, text in more.items()})

    assert small().driver.memory_gb == 3
    assert small(spark_driver_memoryOverhead="3g").driver.memory_gb == 5
