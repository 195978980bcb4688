"""Which rooms there are and what each may import: docs/architecture.md, for a program."""

import sys
from dataclasses import dataclass

STANDARD = frozenset(sys.stdlib_module_names)
# Values and words only: no files, no clock, no processes.
PURE = frozenset(
    {"__future__", "collections", "dataclasses", "datetime", "enum", "fractions", "functools"}
)
PURE |= frozenset({"itertools", "math", "operator", "re", "typing"})
SPARK = frozenset({"pyspark", "py4j"})
SERVICES = "cloudwatch dynamodb emr_serverless redshift_data s3 sns"
GROUND = ("commands.console", "commands.checkout")
PIPELINE = ("dags.protocol", "dags.systems")
VERBS = (
    *("compact", "coverage", "local_aws", "metadata_server", "quarantine", "query", "reconcile"),
    *("run", "spark_run"),
)
BELOW_VERBS = (
    *("commands.environment", "commands.airflow_run", "commands.folder_run", "commands.stack"),
    *("commands.spark", *GROUND, "maintenance", "conf", "localaws", *PIPELINE),
)
BOUNDARY = ("spark_jobs.schemas", "spark_jobs.errors")


@dataclass(frozen=True)
class Room:
    """What a room may import.

    Attributes:
        ours: modules of this project, with all below them.
        libraries: top names or dotted prefixes; None for any that is not ours.
        types: libraries that are there for mypy alone: `if TYPE_CHECKING` may import them.
    """

    ours: tuple[str, ...]
    libraries: frozenset[str] | None
    types: frozenset[str] = frozenset()


# Keys are where the importing file lies; docs/architecture.md says why.
ROOMS = {
    "conf": Room(("conf",), STANDARD | {"yaml"}),
    "dags": Room(("dags", "conf"), STANDARD | {"airflow"}),
    "dags.steps": Room(("dags.systems", "dags.protocol", "dags.metadata", "conf"), STANDARD),
    # Users and songs files: their rules, their load, its report.
    "dags.metadata": Room(("dags.metadata", "dags.systems.metadata", "conf"), STANDARD),
    # What runs, rebuilds and compactions share: the promise itself.
    "dags.protocol": Room(("dags.systems", "dags.protocol", "conf"), STANDARD),
    "dags.systems": Room(
        ("conf",),
        STANDARD | {"airflow", "boto3", "botocore", "psycopg2", "aiobotocore"},
        types=frozenset(f"types_boto3_{service}" for service in SERVICES.split()),
    ),
    "spark_jobs": Room((), frozenset()),
    "spark_jobs.errors": Room((), STANDARD | {"pyspark.sql.types"}),
    "spark_jobs.schemas": Room((), STANDARD | {"pyspark.sql.types"}),
    "spark_jobs.csv_grammar": Room((), PURE),
    "spark_jobs.key_ranges": Room((), PURE),
    "spark_jobs.session": Room(
        (*BOUNDARY, "spark_jobs.hadoop_files", "conf.spark_sizes"), STANDARD | SPARK
    ),
    "spark_jobs.hadoop_files": Room(BOUNDARY, STANDARD | SPARK),
    "spark_jobs.storage": Room((*BOUNDARY, "spark_jobs.hadoop_files"), STANDARD | SPARK),
    "spark_jobs.claim": Room(
        (*BOUNDARY, "spark_jobs.hadoop_files", "conf.spark_sizes"), STANDARD | SPARK
    ),
    "spark_jobs.probe": Room(
        (*BOUNDARY, "spark_jobs.hadoop_files", "spark_jobs.csv_grammar", "conf.explanations"),
        STANDARD | SPARK,
    ),
    "spark_jobs.stream_files": Room(
        (
            *BOUNDARY,
            *("spark_jobs.hadoop_files", "spark_jobs.probe", "spark_jobs.claim"),
            "spark_jobs.storage",
        ),
        STANDARD | SPARK,
    ),
    "spark_jobs.lake": Room(
        (*BOUNDARY, "spark_jobs.hadoop_files", "spark_jobs.storage"), STANDARD | SPARK
    ),
    "spark_jobs.transforms": Room(
        (*BOUNDARY, "spark_jobs.csv_grammar", "spark_jobs.transforms", "conf.explanations"),
        PURE | {"pyspark"},
    ),
    "spark_jobs.jobs": Room(
        (
            *BOUNDARY,
            "spark_jobs.transforms",
            "spark_jobs.session",
            "spark_jobs.storage",
            "spark_jobs.hadoop_files",
            "spark_jobs.claim",
            "spark_jobs.probe",
            "spark_jobs.stream_files",
            "spark_jobs.lake",
            "spark_jobs.key_ranges",
        ),
        STANDARD | SPARK,
    ),
    "localaws": Room(("localaws",), None),
    "packages.localaws.tests": Room(("localaws", "packages.localaws.tests"), None),
    # Over a pipeline of any environment: no verb, and no stand-in.
    "maintenance": Room(
        ("maintenance", "conf", "dags.protocol", "dags.systems", "spark_jobs.schemas"), None
    ),
    # The verbs' own floors, from below.
    "commands": Room((), frozenset()),
    "commands.checkout": Room((), STANDARD),
    "commands.console": Room((), STANDARD),
    "commands.sample_data": Room(("commands.sample_data", "commands.console"), None),
    "commands.spark": Room(("commands.spark", *GROUND, "conf", "localaws"), None),
    "commands.stack": Room(
        ("commands.stack", "commands.spark", *GROUND, "conf", "localaws", *PIPELINE), None
    ),
    "commands.environment": Room(("commands.stack", "commands.console", "conf", *PIPELINE), None),
    "commands.folder_run": Room(
        (
            *("commands.folder_run", "commands.spark", *GROUND, "conf", "localaws"),
            *(
                *PIPELINE,
                "dags.steps",
                "dags.metadata",
                "maintenance.parquet_tables",
                "spark_jobs.schemas",
            ),
        ),
        None,
    ),
    "commands.airflow_run": Room(
        (
            *("commands.airflow_run", "commands.folder_run", "commands.stack", "commands.spark"),
            *(*GROUND, "conf", "localaws", *PIPELINE),
        ),
        None,
    ),
    "commands.benchmark": Room(
        (
            *("commands.benchmark", "commands.sample_data", "commands.folder_run"),
            *("commands.stack", "commands.spark", *GROUND, "conf", "localaws"),
            *("dags.systems", "maintenance.parquet_tables", "spark_jobs.schemas"),
        ),
        None,
    ),
    **{f"commands.{verb}": Room(BELOW_VERBS, None) for verb in VERBS},
    # The two verbs that do another one's work in their own words.
    "commands.rebuild": Room((*BELOW_VERBS, "commands.run"), None),
    "commands.validate": Room((*BELOW_VERBS, "commands.query"), None),
}
