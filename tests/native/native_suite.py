"""Runs tests of the ordinary suite in a session with Comet, in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands.console import CommandError
from commands.spark import native

ROOT = Path(__file__).resolve().parents[2]


def require_native() -> None:
    """Skip a test on a machine that has no native code."""
    try:
        native.check_machine()
    except CommandError as error:
        pytest.skip(str(error))


def run_natively(*paths: str) -> None:
    """Run tests, but the slow ones, with Comet: they hold it to the same results."""
    require_native()
    assert all((ROOT / path).exists() for path in paths)
    # What pytest and its workers tell each other is not for a pytest of its own.
    environment = {name: text for name, text in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "not slow", *paths],
        cwd=ROOT,
        env=environment | {"NATIVE": "1", "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
