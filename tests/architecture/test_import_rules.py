"""Who may import whom, read from the source: an arrow or a room that ROOMS does not name fails."""

from pathlib import Path, PurePosixPath

import pytest

from tests.architecture.imports import (
    FOLDER_ROOMS,
    ROOT,
    broken_rules,
    find_circle,
    room_of,
    source_files,
)
from tests.architecture.rooms import ROOMS

TYPING = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n "


def test_every_import_follows_the_table() -> None:
    assert len(source_files(ROOT)) > 5
    assert broken_rules(ROOT) == []


def test_no_rooms_import_each_other_in_a_circle() -> None:
    assert find_circle(ROOT) == []


def test_a_planted_circle_is_found(tmp_path: Path) -> None:
    plant(tmp_path, "commands/run.py", "from commands.stack import pipeline")
    plant(tmp_path, "commands/stack/pipeline.py", "def f():\n    from conf.settings import load")
    plant(tmp_path, "conf/settings.py", "from commands import run")

    assert set(find_circle(tmp_path)) == {"commands.run", "commands.stack", "conf"}


def test_every_room_of_the_table_that_is_one_file_is_there() -> None:
    rooms = [name for name in ROOMS if name.count(".") == 1 and name not in FOLDER_ROOMS]

    assert rooms
    assert [name for name in rooms if not (ROOT / f"{name.replace('.', '/')}.py").is_file()] == []


@pytest.mark.parametrize(
    ("file", "line", "module"),
    [
        ("dags/etl.py", "import boto3", "boto3"),
        ("dags/etl.py", "from pyspark.sql import DataFrame", "pyspark.sql"),
        ("dags/etl.py", "import spark_jobs.schemas", "spark_jobs.schemas"),
        ("dags/steps/claim.py", "from dags.steps import other", "dags.steps.other"),
        ("dags/steps/claim.py", "from steps.other import run", "dags.steps.other"),
        ("dags/steps/claim.py", "from . import other", "dags.steps.other"),
        ("dags/steps/claim.py", "from ..etl import dag", "dags.etl"),
        ("dags/steps/claim.py", "def f():\n    import psycopg2", "psycopg2"),
        ("dags/systems/ledger.py", "import dags.systems.lake", "dags.systems.lake"),
        ("dags/systems/ledger.py", "from localaws import up", "localaws"),
        ("dags/systems/ledger.py", "import types_boto3_dynamodb", "types_boto3_dynamodb"),
        ("dags/systems/ledger.py", f"{TYPING}import types_boto3_ec2", "types_boto3_ec2"),
        (
            "dags/systems/ledger.py",
            f"{TYPING}pass\nelse:\n import types_boto3_s3",
            "types_boto3_s3",
        ),
        ("dags/steps/claim.py", f"{TYPING}import types_boto3_s3", "types_boto3_s3"),
        ("conf/settings.py", "from dags.steps import other", "dags.steps.other"),
        ("conf/settings.py", "import boto3", "boto3"),
        ("spark_jobs/jobs/load.py", "from conf import settings", "conf"),
        ("spark_jobs/jobs/load.py", "from spark_jobs.jobs.kpis import run", "spark_jobs.jobs.kpis"),
        ("spark_jobs/transforms/plays.py", "import time", "time"),
        ("spark_jobs/transforms/plays.py", "import pathlib", "pathlib"),
        ("spark_jobs/transforms/plays.py", "import spark_jobs.storage", "spark_jobs.storage"),
        ("spark_jobs/storage.py", "import spark_jobs.jobs.load", "spark_jobs.jobs.load"),
        ("spark_jobs/schemas.py", "from pyspark.sql import Row", "pyspark.sql"),
        ("packages/localaws/src/localaws/up.py", "from conf import settings", "conf"),
        ("packages/localaws/tests/test_up.py", "from tests import builders", "tests"),
        ("packages/localaws/tests/s3/test_up.py", "import commands.run", "commands.run"),
        ("commands/run.py", "import spark_jobs.storage", "spark_jobs.storage"),
        ("commands/run.py", "import dags.etl", "dags.etl"),
        ("commands/run.py", "from commands.query import main", "commands.query"),
        ("commands/run.py", "from commands.benchmark import tables", "commands.benchmark"),
        ("commands/stack/up.py", "import commands.run", "commands.run"),
        ("commands/spark/jars.py", "from commands.stack.up import f", "commands.stack.up"),
        ("commands/console.py", "import commands.checkout", "commands.checkout"),
        ("maintenance/lake.py", "from commands.console import say", "commands.console"),
        ("maintenance/lake.py", "import localaws.stack", "localaws.stack"),
    ],
)
def test_a_planted_forbidden_import_is_found(
    tmp_path: Path, file: str, line: str, module: str
) -> None:
    plant(tmp_path, "dags/steps/other.py", "")
    plant(tmp_path, file, line)

    assert broken_rules(tmp_path) == [
        f"{file}: {room_of(PurePosixPath(file))} may not import {module}"
    ]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("dags/etl.py", "from dags.steps import other\nfrom airflow.sdk import dag"),
        ("dags/steps/claim.py", "from dags.metadata import rows\nfrom systems import lake"),
        ("dags/systems/ledger.py", "def f():\n    import boto3"),
        ("dags/systems/ledger.py", f"{TYPING}from types_boto3_dynamodb import type_defs"),
        ("spark_jobs/jobs/load.py", "from spark_jobs import schemas, storage\nimport argparse"),
        ("spark_jobs/transforms/plays.py", "from pyspark.sql import functions as F"),
        ("packages/localaws/src/localaws/up.py", "import moto\nfrom localaws import ports"),
        ("packages/localaws/tests/s3/test_up.py", "from .. import servers\nimport localaws.up"),
        ("commands/run.py", "import numpy\nfrom commands.stack.pipeline import f"),
        ("commands/folder_run/commit.py", "import numpy\nfrom spark_jobs import schemas"),
        ("maintenance/lake.py", "import pyarrow\nfrom dags.systems import bucket"),
    ],
)
def test_an_import_that_the_table_names_passes(tmp_path: Path, file: str, line: str) -> None:
    for module in ("dags/metadata/rows.py", "spark_jobs/schemas.py", "spark_jobs/storage.py"):
        plant(tmp_path, module, "")
    plant(tmp_path, file, line)

    assert broken_rules(tmp_path) == []


@pytest.mark.parametrize(
    "file",
    [
        *("utils/text.py", "dags/helpers/a.py", "spark_jobs/helpers.py"),
        *("commands/helpers.py", "commands/helpers/a.py"),
    ],
)
def test_a_room_that_the_table_does_not_name_is_found(tmp_path: Path, file: str) -> None:
    plant(tmp_path, file, "")

    assert broken_rules(tmp_path) == [
        f"{file}: the table names no room {room_of(PurePosixPath(file))}"
    ]


def plant(root: Path, file: str, text: str) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(text)
