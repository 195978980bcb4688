"""The page of AWS's rules is made from the tests, and says what they say."""

import subprocess
import sys
from pathlib import Path

from commands import coverage
from commands.coverage import Rule

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_what_the_tests_say() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "commands.coverage", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_a_rule_names_its_page_and_its_test() -> None:
    rule = Rule(
        "merge", "MERGE | no alias", "redshift/latest/dg/r_MERGE.html", "tests/a.py::test_b_c"
    )

    page = coverage.render([rule])

    url = "https://docs.aws.amazon.com/redshift/latest/dg/r_MERGE.html"
    assert f"| MERGE \\| no alias | [r_MERGE]({url}) | [b c](../tests/a.py) |" in page
    assert "## Redshift: MERGE" in page
    assert "## Redshift: COPY from Parquet" not in page


def test_what_is_left_out_has_its_reason() -> None:
    entries = [entry for entries in coverage.LEFT_OUT.values() for entry in entries]

    assert len(entries) > 30
    assert all(len(entry) == 2 and all(entry) for entry in entries)
    page = coverage.render([])
    assert all(coverage.cell(rule) in page for rule, _ in entries)
