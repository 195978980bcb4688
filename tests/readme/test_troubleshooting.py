"""Every symptom of the troubleshooting page names the test that produced it."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.startswith("| `")]


def test_the_test_that_a_symptom_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    sources = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py")]
    defined = {name for text in sources for name in re.findall(r"def (test_\w+)\(", text)}

    assert len(named) > 20
    assert sorted(named - defined) == []


def test_each_symptom_names_one_or_stands_under_aws() -> None:
    own, _, aws = PAGE.partition("## On AWS")

    bare = [row for row in ROWS if "`test_" not in row]

    assert len(ROWS) > 20
    assert [row for row in bare if row in own] == []
    assert aws
