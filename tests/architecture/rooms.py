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
BOUNDARY = ("spark_jobs.schemas", "spark_jobs.errors")


@dataclass(frozen=True)
class Room:
    """What a room may import.

    Attributes:
        ours: modules of this project, with all below them.
        libraries: top names or dotted prefixes; None for any that is not ours.
    """

    ours: tuple[str, ...]
    libraries: frozenset[str] | None


# Keys are where the importing file lies; docs/architecture.md says why.
ROOMS = {
    "conf": Room(("conf",), STANDARD | {"yaml"}),
    "dags": Room(("dags", "conf"), STANDARD | {"airflow"}),
    "dags.steps": Room(
        (
            "dags.systems",
            "dags.protocol",
            "conf",
            "dags.steps.metadata_values",
            "dags.steps.metadata_rows",
            "dags.steps.metadata_load",
            "dags.steps.metadata_report",
        ),
        STANDARD,
    ),
    # What runs, rebuilds and compactions share: the promise itself.
    "dags.protocol": Room(("dags.systems", "dags.protocol", "conf"), STANDARD),
    "dags.systems": Room(
        ("conf",), STANDARD | {"airflow", "boto3", "botocore", "psycopg2", "aiobotocore"}
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
    "commands": Room(
        (
            *("commands", "conf", "localaws", "spark_jobs.schemas"),
            *("dags.steps", "dags.systems", "dags.protocol"),
        ),
        None,
    ),
}
