"""What a value of the configuration may look like."""

import re

from conf import accelerators

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{2,63}")
PREFIX = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
DATABASE_USER = re.compile(r"[a-z_][a-z0-9_]{0,62}")
# Redshift derives the user of the Data API from the identity: IAMR: a role's, IAM: a user's.
WAREHOUSE_USER = re.compile(r"(IAMR?:)?[A-Za-z0-9_][\w+=,.@-]{0,62}", re.ASCII)
MEMORY = re.compile(r"[1-9][0-9]{0,2}g")
TRACK_ID_PREFIX = re.compile(r"[!-~]{0,64}")
METADATA_MODES = ("snapshot", "upsert")
VERIFYING = ("verify-ca", "verify-full")
TLS_MODES = ("disable", "prefer", "require", *VERIFYING)
CHOICES = {
    "metadata_ssl_mode": TLS_MODES,
    "metadata_mode": METADATA_MODES,
    "spark_accelerator": accelerators.CHOICES,
}
# Each with the least and the greatest value that makes sense.
NUMBERS = {
    "max_files_per_run": (1, 100_000),
    "listing_lookback_days": (1, 36_500),
    "lease_minutes": (2, 10_080),
    "settle_minutes": (0, 1440),
    "max_rejected_share": (0, 1),
    "min_rejected_rows": (0, 1_000_000_000),
    "max_unknown_share": (0, 1),
    "popularity_play_weight": (0, 1),
    "staging_days": (1, 3650),
    "task_retries": (0, 10),
    "retry_seconds": (0, 3600),
    "task_timeout_minutes": (1, 1440),
    "job_timeout_minutes": (5, 10_080),
    "poll_seconds": (1, 600),
    "driver_cores": (1, 16),
    "executor_cores": (1, 16),
    "initial_executors": (1, 1000),
    "max_executors": (1, 1000),
    "metadata_cores": (1, 16),
    "emr_max_cores": (4, 100_000),
    "wait_for_files_minutes": (1, 1440),
}
