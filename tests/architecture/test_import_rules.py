"""Who may import whom, read from the source: an arrow or a room that ROOMS does not name fails."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

import pytest

from tests.architecture.rooms import ROOMS, Room

ROOT = Path(__file__).resolve().parents[2]
# A package of its own below packages/: its modules have the names they have where it is installed.
PACKAGED = ("packages", "localaws", "src")
# tests/ mirrors the rooms and may import all of them; folders with a dot are tools'.
NO_ROOMS = frozenset({"tests", "build", "docs"})
OURS = frozenset("commands conf dags localaws maintenance packages spark_jobs tests".split())
# MWAA puts the DAG folder itself on the path.
SHORT_NAMES = {"steps": "dags.steps", "systems": "dags.systems"}
TYPING = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n "
FOLDER_ROOMS = (
    "dags.steps",
    "dags.metadata",
    "dags.systems",
    "dags.protocol",
    "spark_jobs.jobs",
    "spark_jobs.transforms",
    "commands.airflow_run",
    "commands.benchmark",
    "commands.folder_run",
    "commands.sample_data",
    "commands.spark",
    "commands.stack",
)
# Each file of these is a room of its own, where it lies in no folder below.
ROOMS_BY_FILE = ("commands", "spark_jobs")


def source_files(root: Path) -> list[PurePosixPath]:
    found = (
        PurePosixPath(path.relative_to(root).as_posix()) for path in root.glob("[!.]*/**/*.py")
    )
    return sorted(path for path in found if path.parts[0] not in NO_ROOMS)


def folder_of(file: PurePosixPath) -> tuple[str, ...]:
    """Return the packages that the file's module lies in, from the outermost."""
    folder = file.parts[:-1]
    return folder[len(PACKAGED) :] if folder[: len(PACKAGED)] == PACKAGED else folder


def room_of(file: PurePosixPath) -> str:
    """Return the name of the room the file lies in, whether ROOMS knows it or not."""
    module = [*folder_of(file), file.stem]
    if module[-1] == "__init__":
        del module[-1]
    if module[0] == "packages":
        return ".".join(module[:3])
    if ".".join(module[:2]) in FOLDER_ROOMS or module[0] in ROOMS_BY_FILE:
        return ".".join(module[:2])
    if module[0] == "dags" and len(file.parts) > 2:
        return ".".join(module[:2])
    return module[0]


def imported_modules(root: Path, file: PurePosixPath) -> Iterator[str]:
    """Yield the modules a file imports when it runs, anywhere in it, by their full names."""
    tree = ast.parse((root / file).read_text("utf-8"))
    yield from modules_of(root, file, set(ast.walk(tree)) - typing_nodes(tree))


def typing_modules(root: Path, file: PurePosixPath) -> Iterator[str]:
    """Yield the modules a file imports for mypy alone."""
    yield from modules_of(root, file, typing_nodes(ast.parse((root / file).read_text("utf-8"))))


def typing_nodes(tree: ast.Module) -> set[ast.AST]:
    """Find what stands below `if TYPE_CHECKING:`; its `else` runs."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for line in node.body
        for inner in ast.walk(line)
    }


def modules_of(root: Path, file: PurePosixPath, nodes: set[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (full_name(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            folder = folder_of(file)
            package = folder[: len(folder) + 1 - node.level] if node.level else ()
            base = full_name(".".join([*package, *filter(None, [node.module])]))
            yield from (member_or_module(root, base, alias.name) for alias in node.names)


def full_name(module: str) -> str:
    top, _, rest = module.partition(".")
    return ".".join(filter(None, [SHORT_NAMES.get(top, top), rest]))


def member_or_module(root: Path, base: str, name: str) -> str:
    """Tell `from package import module` from `from module import function`."""
    inside = root.joinpath(*base.split("."), name)
    is_module = inside.with_suffix(".py").is_file() or inside.is_dir()
    return f"{base}.{name}" if is_module else base


def is_below(module: str, prefixes: tuple[str, ...] | frozenset[str]) -> bool:
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)


def is_allowed(room: Room, module: str) -> bool:
    if module.partition(".")[0] in OURS:
        return is_below(module, room.ours)
    return room.libraries is None or is_below(module, room.libraries)


def broken_rules(root: Path) -> list[str]:
    broken = []
    for file in source_files(root):
        name = room_of(file)
        if name not in ROOMS:
            broken.append(f"{file}: the table names no room {name}")
            continue
        room = ROOMS[name]
        refused = {m for m in imported_modules(root, file) if not is_allowed(room, m)}
        refused |= {
            module
            for module in typing_modules(root, file)
            if not (is_allowed(room, module) or is_below(module, room.types))
        }
        broken += [f"{file}: {name} may not import {module}" for module in sorted(refused)]
    return broken


def test_every_import_follows_the_table() -> None:
    assert len(source_files(ROOT)) > 5
    assert broken_rules(ROOT) == []


def find_circle(root: Path) -> list[str]:
    """Name the rooms of a circle of imports, none where each floor imports lower ones alone."""
    arrows: dict[str, set[str]] = {}
    for file in source_files(root):
        modules = (PurePosixPath(*m.split(".")) for m in imported_modules(root, file))
        targets = {room_of(module) for module in modules if module.parts[0] in OURS}
        arrows.setdefault(room_of(file), set()).update(targets - {room_of(file)})
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


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
