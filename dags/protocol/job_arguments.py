"""The arguments of the three Spark jobs, built in this one place."""

from collections.abc import Mapping
from typing import Any

from conf import accelerators, places, spark_sizes
from conf.settings import Settings
from dags.systems.emr_serverless import jdbc_properties

JAVA_OPTIONS = ("spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions")
LEAST_OVERHEAD_MIB = 384  # with a tenth of the heap, the service's own rule
JOBS = ("extract_metadata", "validate_data", "transform_kpis")


def build_arguments(
    task: str,
    settings: Settings,
    claim: str,
    *,
    outputs: Mapping[str, str],
    max_rejected_share: float | None,
    metadata_connection: Any,
) -> list[str]:
    """Give a job's arguments but for its own output, which carries the attempt's number.

    Args:
        outputs: What the jobs before it wrote, by task.
        max_rejected_share: The run's parameter; None takes the configured one.
        metadata_connection: Airflow's connection to RDS; its password is no argument.
    """
    bucket = f"s3://{settings.data_bucket}"
    if task == "extract_metadata":
        return _jdbc_arguments(settings, metadata_connection)
    common = ["--claim", f"{bucket}/{places.claim_key(claim)}"]
    common += ["--lake", f"{bucket}/{places.LAKE}"]
    if task == "validate_data":
        share = settings.max_rejected_share if max_rejected_share is None else max_rejected_share
        common += ["--max-rejected-share", str(share)]
        common += ["--min-rejected-rows", str(settings.min_rejected_rows)]
        # One word: EMR takes no empty argument.
        return [*common, f"--track-id-prefix={settings.track_id_prefix}"]
    return [
        *common,
        *("--metadata", outputs["extract_metadata"]),
        *("--validated", outputs["validate_data"]),
        *("--popularity-play-weight", str(settings.popularity_play_weight)),
    ]


def build_properties(task: str, settings: Settings, *, is_small: bool) -> dict[str, str]:
    """Give a job's Spark settings: its workers, their Java, and what only this job needs."""
    is_native = settings.spark_accelerator == accelerators.COMET and task in accelerators.JOBS
    is_brief = is_small or (is_native and task in accelerators.FIRST_COMPILER_JOBS)
    properties = size_workers(task, settings)
    properties |= dict.fromkeys(JAVA_OPTIONS, spark_sizes.java_options(is_small=is_brief))
    if task == "extract_metadata":
        properties |= jdbc_properties(settings, settings.data_bucket)
    if is_native:
        properties |= comet_properties(settings)
    return properties


def comet_properties(settings: Settings) -> dict[str, str]:
    """Give the Spark settings of a job with Comet: its jar, and executors of the same memory.

    What the heap gives up is overhead, since the service is not known to count what is off heap.
    """
    jar = places.jar_key(settings.artifacts_prefix, accelerators.COMET_JAR)
    heap, off_heap = accelerators.split_memory(settings.executor_memory)
    whole = accelerators.memory_mib(settings.executor_memory)
    overhead = whole + max(LEAST_OVERHEAD_MIB, whole // 10) - int(heap.removesuffix("m"))
    return accelerators.SETTINGS | {
        "spark.jars": f"s3://{settings.data_bucket}/{jar}",
        "spark.executor.memory": heap,
        "spark.executor.memoryOverhead": f"{overhead}m",
        "spark.memory.offHeap.size": off_heap,
    }


def size_workers(task: str, settings: Settings) -> dict[str, str]:
    """Give the Spark settings of a job's workers.

    All counts are sent: a default of the service above the greatest one fails the job run.
    """
    driver = settings.driver_cores, settings.driver_memory
    executor = settings.executor_cores, settings.executor_memory
    initial, greatest = settings.initial_executors, settings.max_executors
    if task == "extract_metadata":
        driver = executor = settings.metadata_cores, settings.metadata_memory
        initial = greatest = 1
    return {
        "spark.driver.cores": str(driver[0]),
        "spark.driver.memory": driver[1],
        "spark.executor.cores": str(executor[0]),
        "spark.executor.memory": executor[1],
        "spark.executor.instances": str(initial),
        "spark.dynamicAllocation.initialExecutors": str(initial),
        "spark.dynamicAllocation.minExecutors": "1",
        "spark.dynamicAllocation.maxExecutors": str(greatest),
    }


def _jdbc_arguments(settings: Settings, connection: Any) -> list[str]:
    port = connection.port or 5432
    arguments = [
        *("--jdbc-url", f"jdbc:postgresql://{connection.host}:{port}/{connection.schema}"),
        *("--jdbc-user", settings.jdbc_user),
        *("--ssl-mode", settings.metadata_ssl_mode),
    ]
    if settings.certificate:
        arguments += ["--ssl-root-cert", f"./{places.CERTIFICATES}/{settings.certificate}"]
    return arguments
