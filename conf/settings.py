"""The configuration of an environment: base.yaml, its own file and the process's, checked once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

import yaml

from conf.forms import (
    BUCKET,
    CHOICES,
    DATABASE_USER,
    MEMORY,
    NAME,
    NUMBERS,
    PREFIX,
    ROLE_ARN,
    TRACK_ID_PREFIX,
    VERIFYING,
    WAREHOUSE_USER,
)
from conf.rules import judged_by

# An option of Airflow's own configuration, section music_streaming, overrides a key of the files:
# AIRFLOW__MUSIC_STREAMING__TASK_RETRIES=0, or on MWAA music_streaming.task_retries.
OVERRIDE = "AIRFLOW__MUSIC_STREAMING__"
ENVIRONMENT = f"{OVERRIDE}ENVIRONMENT"


class SettingsError(Exception):
    """The configuration cannot be used; the message names the key and says what to do."""


@dataclass(frozen=True)
class Settings:
    """What differs between environments, and the names that all of them share. No secrets."""

    region: str
    account_id: str
    data_bucket: str
    data_prefix: str
    artifacts_prefix: str
    jdbc_jar: str
    ledger_table: str
    metadata_database: str
    metadata_connection: str
    metadata_user: str
    metadata_ssl_mode: str
    metadata_ssl_root_cert: str
    warehouse_connection: str
    warehouse_workgroup: str
    warehouse_database: str
    warehouse_user: str
    emr_application: str
    emr_release: str
    mwaa_environment: str
    connections_prefix: str
    jdbc_user: str
    jdbc_password_secret: str
    alerts_topic: str
    copy_role: str
    job_role: str
    schedule: str
    wait_for_files: str
    wait_for_files_minutes: int
    max_files_per_run: int
    listing_lookback_days: int
    lease_minutes: int
    settle_minutes: int
    max_rejected_share: float
    min_rejected_rows: int
    metadata_mode: str
    track_id_prefix: str
    max_unknown_share: float
    popularity_play_weight: float
    staging_days: int
    is_deferrable: bool
    task_retries: int
    retry_seconds: int
    task_timeout_minutes: int
    job_timeout_minutes: int
    poll_seconds: int
    driver_cores: int
    driver_memory: str
    executor_cores: int
    executor_memory: str
    initial_executors: int
    max_executors: int
    metadata_cores: int
    metadata_memory: str
    spark_accelerator: str
    emr_max_cores: int

    def __post_init__(self) -> None:
        """Refuse values that no environment could have."""
        if self.data_bucket.startswith("s3:"):
            raise SettingsError("data_bucket is a bucket name, not a URI: drop the s3:// prefix")
        self._require(BUCKET, "no bucket name", "data_bucket")
        if not re.fullmatch(r"\d{12}", self.account_id):
            raise SettingsError("account_id is twelve digits in quotes, else YAML makes a number")
        self._require(ROLE_ARN, "no role's ARN", "copy_role", "job_role")
        self._require(
            NAME,
            "no name of 3 to 64 characters without blanks",
            *("ledger_table", "warehouse_workgroup", "warehouse_database", "emr_application"),
            *("metadata_connection", "warehouse_connection", "mwaa_environment"),
            "metadata_database",
        )
        self._require(DATABASE_USER, "no PostgreSQL user", "metadata_user", "jdbc_user")
        self._require(WAREHOUSE_USER, "no Redshift user", "warehouse_user")
        self._require(PREFIX, "no prefix of names and slashes", "data_prefix", "artifacts_prefix")
        sizes = ("driver_memory", "executor_memory", "metadata_memory")
        self._require(MEMORY, "no size like 4g", *sizes)
        for key, choices in CHOICES.items():
            if getattr(self, key) not in choices:
                raise SettingsError(f"{key} is one of {', '.join(choices)}")
        self._require(TRACK_ID_PREFIX, "no text of ASCII without blanks", "track_id_prefix")
        self._require_certificate()
        for key, (least, greatest) in NUMBERS.items():
            if not least <= getattr(self, key) <= greatest:
                raise SettingsError(f"{key} is a number of {least} to {greatest}")
        if self.lease_minutes <= self.job_timeout_minutes:
            raise SettingsError("lease_minutes outlives job_timeout_minutes: make it greater")
        self._check_workers()

    def _check_workers(self) -> None:
        """Refuse workers that the service fails, or of which some could never begin."""
        if self.initial_executors > self.max_executors:
            raise SettingsError(
                f"initial_executors is {self.initial_executors} and max_executors "
                f"{self.max_executors}: lower the former, or raise the latter"
            )
        needed = self.driver_cores + self.initial_executors * self.executor_cores
        needed += 2 * self.metadata_cores
        if needed > self.emr_max_cores:
            raise SettingsError(
                f"extract_metadata and validate_data begin with {needed} vCPU and emr_max_cores is "
                f"{self.emr_max_cores}: lower initial_executors or a job's cores, or raise "
                "emr_max_cores, which the account's quota bounds"
            )

    def _require_certificate(self) -> None:
        if self.metadata_ssl_mode in VERIFYING and not self.certificate:
            raise SettingsError(
                f"metadata_ssl_mode {self.metadata_ssl_mode} needs metadata_ssl_root_cert: the "
                "path of a .pem on the workers"
            )

    def _require(self, pattern: re.Pattern[str], complaint: str, *keys: str) -> None:
        for key in keys:
            if not pattern.fullmatch(getattr(self, key)):
                raise SettingsError(f"{key} is {complaint}: {getattr(self, key)!r}")

    @property
    def certificate(self) -> str:
        """Give the file name of the certificates that know the database; none without TLS."""
        return PurePosixPath(self.metadata_ssl_root_cert).name

    @property
    def judged_by(self) -> str:
        """Name the rules by which files are judged here, whatever one run was asked for."""
        return judged_by(self.max_rejected_share, self.min_rejected_rows, self.track_id_prefix)

    @property
    def alerts_topic_arn(self) -> str:
        """Give the ARN of the topic that takes the alerts."""
        return f"arn:aws:sns:{self.region}:{self.account_id}:{self.alerts_topic}"


def load_own_settings() -> Settings:
    """Load the settings of the environment that this process is told to be in.

    Raises:
        SettingsError: It is told none, or what it is told cannot be used.
    """
    environment = os.environ.get(ENVIRONMENT)
    if environment is None:
        raise SettingsError(
            f"no environment is named: set {ENVIRONMENT}, on MWAA the configuration option "
            "music_streaming.environment, to the name of a file of conf/, as in `local`"
        )
    return load_settings(environment, os.environ)


def load_settings(environment: str, overrides: Mapping[str, str] | None = None) -> Settings:
    """Load `base.yaml`, the environment's file over it, and `AIRFLOW__MUSIC_STREAMING__…` last.

    Raises:
        SettingsError: A file is missing, a key is unknown or missing, or a value cannot be used.
    """
    values = _read("base") | _read(environment) | _read_overrides(overrides or {})
    types = {field.name: field.type for field in fields(Settings)}
    for key in sorted(values.keys() - types.keys()):
        raise SettingsError(f"{environment}: unknown key {key}: remove it, or correct its name")
    for key in sorted(types.keys() - values.keys()):
        raise SettingsError(f"{environment}: {key} is missing: add it to conf/{environment}.yaml")
    return Settings(**{key: _typed(environment, key, values[key], types[key]) for key in types})


def _typed(environment: str, key: str, value: Any, wanted: Any) -> Any:
    """Give a value of a key's type; a whole number does for a share."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if wanted is float and is_number:
        return float(value)
    if type(value) is wanted:
        return value
    advice = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
    hint = ": put it in quotes" if wanted is str else ""
    raise SettingsError(f"{environment}: {key} is {advice[wanted]}, got {value!r}{hint}")


def _read(name: str) -> dict[str, Any]:
    file = resources.files("conf").joinpath(f"{name}.yaml")
    if not re.fullmatch(r"[a-z]+", name) or not file.is_file():
        raise SettingsError(f"there is no conf/{name}.yaml: name an environment that has one")
    values = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise SettingsError(f"conf/{name}.yaml holds no keys")
    return values


def _read_overrides(variables: Mapping[str, str]) -> dict[str, Any]:
    """Read what the process's environment says; a text stays one, whatever it looks like."""
    texts = {field.name for field in fields(Settings) if field.type is str}
    own = {
        name.removeprefix(OVERRIDE).lower(): text
        for name, text in variables.items()
        if name.startswith(OVERRIDE) and name != ENVIRONMENT
    }
    return {key: text if key in texts else _read_scalar(text) for key, text in own.items()}


def _read_scalar(text: str) -> Any:
    """Read a value as the files do; what is no YAML stays a text, which no number is."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text
