"""A line of 100 MB among good ones is quarantined whole, in the memory that a job has."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.giant_line import CASES

ROOT = Path(__file__).resolve().parents[2]
CALL_SECONDS = 300


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_line_of_100_mb_is_quarantined_whole_and_its_neighbours_are_accepted(
    tmp_path: Path, case: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.giant_line", str(tmp_path), case],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=CALL_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-3000:]
