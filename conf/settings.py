"""The configuration of an environment: base.yaml and its own file, as one checked object."""

import re
from dataclasses import dataclass, fields
from importlib import resources
from typing import Any

import yaml

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{2,63}")


class SettingsError(Exception):
    """The configuration cannot be used; the message names the key and says what to do."""


@dataclass(frozen=True)
class Settings:
    """What differs between environments, and the names that all of them share. No secrets."""

    region: str
    account_id: str
    data_bucket: str
    data_prefix: str
    ledger_table: str
    metadata_database: str
    warehouse_workgroup: str
    warehouse_database: str
    emr_application: str
    emr_release: str
    connections_prefix: str
    jdbc_password_secret: str
    alerts_topic: str
    copy_role: str
    job_role: str

    def __post_init__(self) -> None:
        """Refuse values that no environment could have."""
        if self.data_bucket.startswith("s3:"):
            raise SettingsError("data_bucket is a bucket name, not a URI: drop the s3:// prefix")
        if not BUCKET.fullmatch(self.data_bucket):
            raise SettingsError(f"data_bucket is no bucket name: {self.data_bucket!r}")
        if not re.fullmatch(r"\d{12}", self.account_id):
            raise SettingsError("account_id is twelve digits in quotes, else YAML makes a number")
        for key in ("copy_role", "job_role"):
            if not ROLE_ARN.fullmatch(getattr(self, key)):
                raise SettingsError(f"{key} is a role's ARN, got {getattr(self, key)!r}")
        for key in ("ledger_table", "warehouse_workgroup", "warehouse_database", "emr_application"):
            if not NAME.fullmatch(getattr(self, key)):
                raise SettingsError(f"{key} is a name of 3 to 64 characters without blanks")


def load_settings(environment: str) -> Settings:
    """Load `base.yaml` and the environment's file over it.

    Raises:
        SettingsError: A file is missing, a key is unknown or missing, or a value cannot be used.
    """
    values = _read("base") | _read(environment)
    known = {field.name for field in fields(Settings)}
    for key in sorted(values.keys() - known):
        raise SettingsError(f"{environment}: unknown key {key}: remove it, or correct its name")
    for key in sorted(known - values.keys()):
        raise SettingsError(f"{environment}: {key} is missing: add it to conf/{environment}.yaml")
    for key, value in values.items():
        if not isinstance(value, str):
            raise SettingsError(f"{environment}: {key} is a text, got {value!r}: put it in quotes")
    return Settings(**values)


def _read(name: str) -> dict[str, Any]:
    file = resources.files("conf").joinpath(f"{name}.yaml")
    if not re.fullmatch(r"[a-z]+", name) or not file.is_file():
        raise SettingsError(f"there is no conf/{name}.yaml: name an environment that has one")
    values = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise SettingsError(f"conf/{name}.yaml holds no keys")
    return values
