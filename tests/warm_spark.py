"""The three Spark jobs, called in one warm session over a world's S3 and RDS."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from pyspark.sql import SparkSession

from commands.stack.seed import metadata_dsn
from conf import places
from dags.protocol.job_arguments import build_arguments
from localaws.stack import Stack
from spark_jobs.jobs import extract_metadata, transform_kpis, validate_data
from tests.pipeline_world import World

MODULES: dict[str, Any] = {
    "extract_metadata": extract_metadata,
    "validate_data": validate_data,
    "transform_kpis": transform_kpis,
}
S3A = "org.apache.hadoop.fs.s3a.S3AFileSystem"


def reach_s3(spark: SparkSession, stack: Stack) -> None:
    """Let the session find a stack's S3 under `s3://`, as the service's own does."""
    environment = stack.environment()
    settings = {
        "fs.s3.impl": S3A,
        "fs.s3a.endpoint": environment["AWS_ENDPOINT_URL_S3"],
        "fs.s3a.endpoint.region": environment["AWS_REGION"],
        "fs.s3a.access.key": environment["AWS_ACCESS_KEY_ID"],
        "fs.s3a.secret.key": environment["AWS_SECRET_ACCESS_KEY"],
        "fs.s3a.path.style.access": "true",
        "fs.s3a.connection.ssl.enabled": "false",
        # The tests' session has the raw local file system, on which S3A buffers nothing.
        "fs.s3a.fast.upload.buffer": "bytebuffer",
    }
    configuration = spark.sparkContext._jsc.hadoopConfiguration()
    for name, value in settings.items():
        configuration.set(name, value)


class SparkJobs:
    """The jobs with the arguments that the DAG gives them."""

    def __init__(self, spark: SparkSession, world: World) -> None:
        self.spark, self.world = spark, world
        self.dsn = metadata_dsn(world.stack, world.settings, world.settings.jdbc_user)

    def extract_metadata(self, claim: str, attempt: int) -> str:
        password = extract_metadata.PASSWORD_SETTING
        self.spark.conf.set(password, self.dsn["password"])
        try:
            return self._run("extract_metadata", claim, attempt, {}, None)
        finally:
            self.spark.conf.unset(password)

    def validate_data(self, claim: str, attempt: int, share: float | None = None) -> str:
        quarantine = places.quarantine_folder(claim, attempt)
        own = ["--quarantine", self.world.bucket.uri(quarantine)]
        return self._run("validate_data", claim, attempt, {}, share, *own)

    def transform_kpis(self, claim: str, attempt: int, outputs: Mapping[str, str]) -> str:
        return self._run("transform_kpis", claim, attempt, outputs, None)

    def _run(
        self,
        task: str,
        claim: str,
        attempt: int,
        outputs: Mapping[str, str],
        share: float | None,
        *own: str,
    ) -> str:
        connection = SimpleNamespace(
            host=self.dsn["host"],
            port=self.dsn["port"],
            schema=self.dsn["dbname"],
        )
        arguments = build_arguments(
            task,
            self.world.settings,
            claim,
            outputs=outputs,
            max_rejected_share=share,
            metadata_connection=connection,
        )
        output = self.world.bucket.uri(places.attempt_folder(claim, task, attempt))
        module = MODULES[task]
        module.run(self.spark, module.parse_args([*arguments, "--output", output, *own]))
        return output
