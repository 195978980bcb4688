"""The README's commands run as they are written."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
SHELL_BLOCKS = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
BARE_BLOCKS = [block for block in SHELL_BLOCKS if "spark-submit" in block]
MAKEFILE_VERBS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M))


@pytest.mark.slow
@pytest.mark.parametrize("block", BARE_BLOCKS, ids=["from-parquet", "over-jdbc"])
def test_the_bare_spark_submit_lines_run_as_written(block: str) -> None:
    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stderr[-3000:]
    assert "is done" in finished.stdout  # spark-submit puts all that Python says there


def test_every_make_command_of_the_readme_is_a_verb() -> None:
    named = set(re.findall(r"make (?:-s )?([a-z-]+)", " ".join(SHELL_BLOCKS)))

    assert named
    assert named <= MAKEFILE_VERBS


def test_the_readme_links_every_page() -> None:
    linked = set(re.findall(r"\]\(([\w/-]+\.md)\)", README))

    pages = {page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").glob("*.md")}

    assert len(pages) > 5
    assert sorted(pages - linked) == []
    assert "CONTRIBUTING.md" in linked
