"""What the endpoint process is told at its start: a JSON file of mode 0600."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class SparkConfig:
    """How job runs are executed: programs, class path, and what this machine can bear.

    `spark_submit` and `python` are those of an environment with pyspark; `class_path` holds the
    S3A jars. `java_options` goes before those of a job. `cores` and `memory_mib` bound all job
    runs together. `class_archives` is a folder that outlives the state: none, no archive.
    """

    spark_submit: str
    python: str
    java_home: str
    class_path: str
    cores: int
    memory_mib: int
    java_options: str = ""
    class_archives: str = ""


@dataclass(frozen=True)
class WarehouseConfig:
    """The workgroups with their databases, the roles that COPY may name, and the server.

    `user` is the database user of the identity that the keys belong to; none is the administrator.
    """

    workgroups: dict[str, list[str]]
    copy_roles: list[str]
    postgres_state: str
    user: str = ""


@dataclass(frozen=True)
class EndpointConfig:
    """Everything; `state` is a folder of the endpoint's own, kept over restarts."""

    port: int
    state: str
    region: str
    account_id: str
    access_key_id: str
    secret_access_key: str
    s3_endpoint: str
    spark: SparkConfig
    warehouse: WarehouseConfig

    @property
    def folder(self) -> Path:
        """Give the state folder as a path."""
        return Path(self.state)

    def to_json(self) -> str:
        """Give it as `read_config` reads it."""
        return json.dumps(asdict(self), indent=1)


def read_config(path: Path) -> EndpointConfig:
    """Read the file that `up` wrote."""
    document = json.loads(path.read_text())
    spark = SparkConfig(**document.pop("spark"))
    warehouse = WarehouseConfig(**document.pop("warehouse"))
    return EndpointConfig(**document, spark=spark, warehouse=warehouse)
