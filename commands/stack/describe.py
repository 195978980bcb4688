"""The stand-in for AWS as this project wants it: names from conf, programs from here."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import psutil
from botocore.handlers import add_expect_header

from commands.checkout import PROGRAMS
from commands.spark import jars, submit
from commands.spark.java import java_home
from conf.settings import Settings, load_settings
from localaws.endpoint.config import SparkConfig
from localaws.stack import Stack, StackConfig

DEFAULT_STATE = Path(".local/aws")
ENVIRONMENT = "local"
# A job's pauses need not be short here: this collector costs less.
JAVA_OPTIONS = "-XX:+UseParallelGC"
JOBS_SHARE_OF_MEMORY = 0.6  # the servers, Airflow and the operating system need the rest


def describe_stack(state: Path, ports: Mapping[str, int] | None = None) -> tuple[Stack, Settings]:
    """Give the stack over a state folder, up or down, and the settings it follows.

    `ports` are those asked for; what is not asked for is found, and kept from then on.
    """
    settings = load_settings(ENVIRONMENT)
    return Stack(stack_config(state, settings, ports or {})), settings


def stack_config(state: Path, settings: Settings, ports: Mapping[str, int]) -> StackConfig:
    """Give what `up` brings up, by the settings' names."""
    return StackConfig(
        state=state,
        cache=PROGRAMS,
        bucket=settings.data_bucket,
        databases=(settings.metadata_database, settings.warehouse_database),
        workgroups={settings.warehouse_workgroup: (settings.warehouse_database,)},
        copy_roles=(settings.copy_role,),
        spark=spark_config(),
        region=settings.region,
        warehouse_user=settings.warehouse_user,
        ports=ports,
    )


def spark_config() -> SparkConfig:
    """Give how job runs are executed: this environment's Spark, and what this machine can bear."""
    return SparkConfig(
        spark_submit=str(Path(sys.executable).parent / "spark-submit"),
        python=sys.executable,
        java_home=str(java_home()),
        class_path=f"{jars.jars_dir('s3a').absolute()}/*",
        cores=os.cpu_count() or 1,
        memory_mib=int(psutil.virtual_memory().total * JOBS_SHARE_OF_MEMORY) >> 20,
        java_options=JAVA_OPTIONS,
        class_archives=str(submit.ARCHIVES),
    )


def make_client(stack: Stack, service: str) -> Any:
    """Give a boto3 client of the stack, whatever the caller's environment says of AWS."""
    environment = stack.environment()
    names = {"s3": "AWS_ENDPOINT_URL_S3", "dynamodb": "AWS_ENDPOINT_URL_DYNAMODB"}
    client = boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=environment[names.get(service, "AWS_ENDPOINT_URL")],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    if service == "s3":
        # SeaweedFS answers "Continue" late to a PUT of nothing: the next one would wait a minute.
        client.meta.events.unregister("before-call.s3", add_expect_header)
    return client
