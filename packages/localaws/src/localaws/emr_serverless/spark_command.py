"""From a job run to a plain spark-submit: its command, its properties and its environment."""

import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.class_archive import ClassArchive, find_archive
from localaws.emr_serverless.configuration import parameters_of
from localaws.emr_serverless.worker_sizes import Workers
from localaws.endpoint.config import EndpointConfig, SparkConfig

DRIVER_ENVIRONMENT = "spark.emr-serverless.driverEnv."
EXECUTOR_ENVIRONMENT = "spark.executorEnv."
MULTIPART_SIZE = "5M"
S3A = "org.apache.hadoop.fs.s3a.S3AFileSystem"
# What a job run may see of the endpoint's own environment: nothing of AWS, Python or Spark.
INHERITED = ("PATH", "HOME", "USER", "LOGNAME")


@dataclass(frozen=True)
class Share:
    """What a job run takes of this machine."""

    cores: int
    memory_mib: int


@dataclass(frozen=True)
class SparkCommand:
    """What is run: `properties` and `environment` may hold secrets, `arguments` hold none.

    `archive` is to be kept when it has ended well.
    """

    arguments: list[str]
    properties: dict[str, str]
    environment: dict[str, str]
    archive: ClassArchive | None


def share_of(workers: Workers, machine: SparkConfig) -> Share:
    """Give the part of this machine for a job run's workers: at most all of it."""
    return Share(
        min(workers.executors * workers.executor.cores, machine.cores),
        min(workers.heap_mib, machine.memory_mib),
    )


def build(
    config: EndpointConfig,
    request: Mapping[str, Any],
    properties: Mapping[str, str],
    *,
    share: Share,
    folder: Path,
) -> SparkCommand:
    """Build the command of an attempt in its folder; `properties` have their secrets already."""
    driver = request["jobDriver"]["sparkSubmit"]
    arguments = [
        config.spark.spark_submit,
        "--properties-file",
        str(folder / "spark.properties"),
        *parameters_of(request).options,
        driver["entryPoint"],
        *driver.get("entryPointArguments", []),
    ]
    names = (DRIVER_ENVIRONMENT, EXECUTOR_ENVIRONMENT)
    asked = {key: text for key, text in properties.items() if not key.startswith(names)}
    parts = (config.spark.class_path, asked.get("spark.driver.extraClassPath"))
    class_path = os.pathsep.join(part for part in parts if part)
    archive = None
    if config.spark.class_archives:
        archives, java_home = Path(config.spark.class_archives), Path(config.spark.java_home)
        archive = find_archive(archives, java_home, class_path, writer=folder.parent.name)
    # What a killed JVM leaves in its temporary folder goes with the folder of the attempt.
    java_options = (
        f'"-Djava.io.tmpdir={folder / "local"}"',
        archive.java_options(posixpath.basename(driver["entryPoint"])) if archive else "",
        config.spark.java_options,
        asked.get("spark.driver.extraJavaOptions"),
    )
    java = " ".join(option for option in java_options if option)
    machine = machine_properties(config, share, folder, class_path, java)
    environment = build_environment(config, properties, folder)
    return SparkCommand(arguments, asked | machine, environment, archive)


def machine_properties(
    config: EndpointConfig, share: Share, folder: Path, class_path: str, java_options: str
) -> dict[str, str]:
    """Give the properties that are not a job's to choose: this machine, its S3, its loopback."""
    s3a = {
        "impl": S3A,
        "endpoint": config.s3_endpoint,
        "endpoint.region": config.region,
        "path.style.access": "true",
        "connection.ssl.enabled": "false",
        "multipart.size": MULTIPART_SIZE,
    }
    return {
        "spark.master": f"local[{share.cores}]",
        "spark.submit.deployMode": "client",
        "spark.driver.memory": f"{share.memory_mib}m",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraClassPath": class_path,
        "spark.driver.extraJavaOptions": java_options,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(folder / "local"),
        "spark.hadoop.fs.s3.impl": S3A,
        **{f"spark.hadoop.fs.s3a.{name}": text for name, text in s3a.items()},
    }


def build_environment(
    config: EndpointConfig, properties: Mapping[str, str], folder: Path
) -> dict[str, str]:
    """Give the environment: driver and executor are one process here, so they share it."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    asked: dict[str, str] = {}
    for prefix in (EXECUTOR_ENVIRONMENT, DRIVER_ENVIRONMENT):
        asked |= {
            name.removeprefix(prefix): text
            for name, text in properties.items()
            if name.startswith(prefix)
        }
    return (
        inherited
        | asked
        | {
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "TMPDIR": str(folder / "local"),
            "JAVA_HOME": config.spark.java_home,
            "PYSPARK_PYTHON": config.spark.python,
            "PYSPARK_DRIVER_PYTHON": config.spark.python,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "AWS_ACCESS_KEY_ID": config.access_key_id,
            "AWS_SECRET_ACCESS_KEY": config.secret_access_key,
            "AWS_REGION": config.region,
            "AWS_DEFAULT_REGION": config.region,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{config.port}",
            "AWS_ENDPOINT_URL_S3": config.s3_endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    )


def write_properties(path: Path, properties: Mapping[str, str]) -> None:
    """Write a properties file that only its owner reads."""
    with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        for name, text in properties.items():
            file.write(f"{escape(name)}={escape(text)}\n")


def escape(text: str) -> str:
    """Write a text so that java.util.Properties reads it back."""
    for character, written in (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(character, written)
    for character in "=:#! ":
        text = text.replace(character, f"\\{character}")
    return text
