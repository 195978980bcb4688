"""The configuration of an environment: base.yaml, its own file and the process's, checked once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

import yaml

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{2,63}")
DATABASE_NAME = NAME
PREFIX = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
DATABASE_USER = re.compile(r"[a-z_][a-z0-9_]{0,62}")
# Redshift derives the user of the Data API from the identity: IAMR: a role's, IAM: a user's.
WAREHOUSE_USER = re.compile(r"(IAMR?:)?[A-Za-z0-9_][\w+=,.@-]{0,62}", re.ASCII)
MEMORY = re.compile(r"[1-9][0-9]{0,2}g")
TRACK_ID_PREFIX = re.compile(r"[!-~]{0,64}")
METADATA_MODES = ("snapshot", "upsert")
VERIFYING = ("verify-ca", "verify-full")
TLS_MODES = ("disable", "prefer", "require", *VERIFYING)
# An option of Airflow's own configuration, section music_streaming, overrides a key of the files:
# AIRFLOW__MUSIC_STREAMING__TASK_RETRIES=0, or on MWAA music_streaming.task_retries.
OVERRIDE = "AIRFLOW__MUSIC_STREAMING__"
ENVIRONMENT = f"{OVERRIDE}ENVIRONMENT"
# Each with the least and the greatest value that makes sense.
NUMBERS = {
    "max_files_per_run": (1, 100_000),
    "listing_lookback_days": (1, 36_500),
    "lease_minutes": (2, 10_080),
    "max_rejected_share": (0, 1),
    "min_rejected_rows": (0, 1_000_000_000),
    "popularity_play_weight": (0, 1),
    "staging_days": (1, 3650),
    "task_retries": (0, 10),
    "retry_seconds": (0, 3600),
    "task_timeout_minutes": (1, 1440),
    "job_timeout_minutes": (5, 10_080),
    "poll_seconds": (1, 600),
    "driver_cores": (1, 16),
    "executor_cores": (1, 16),
    "max_executors": (1, 1000),
    "wait_for_files_minutes": (1, 1440),
}


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
    max_rejected_share: float
    min_rejected_rows: int
    metadata_mode: str
    track_id_prefix: str
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
    max_executors: int

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
        self._require(MEMORY, "no size like 4g", "driver_memory", "executor_memory")
        self._check_tls()
        if self.metadata_mode not in METADATA_MODES:
            raise SettingsError(f"metadata_mode is one of {', '.join(METADATA_MODES)}")
        self._require(TRACK_ID_PREFIX, "no text of ASCII without blanks", "track_id_prefix")
        for key, (least, greatest) in NUMBERS.items():
            if not least <= getattr(self, key) <= greatest:
                raise SettingsError(f"{key} is a number of {least} to {greatest}")
        if self.lease_minutes <= self.job_timeout_minutes:
            raise SettingsError("lease_minutes outlives job_timeout_minutes: make it greater")

    def _check_tls(self) -> None:
        if self.metadata_ssl_mode not in TLS_MODES:
            raise SettingsError(f"metadata_ssl_mode is one of {', '.join(TLS_MODES)}")
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
