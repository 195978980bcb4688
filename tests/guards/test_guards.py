"""Each guard of the promise is needed: a test that is named fails on a copy without it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards.guards import GUARDS, Guard

ROOT = Path(__file__).resolve().parents[2]
COPIED = tuple("commands conf dags maintenance packages spark_jobs tests pyproject.toml".split())
TEST_SECONDS = 300


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that shares the programs and the environment."""
    folder = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        else:
            shutil.copyfile(ROOT / name, folder / name)
    (folder / ".cache").symlink_to(ROOT / ".cache")
    return folder


@pytest.mark.parametrize("guard", GUARDS, ids=[guard.name for guard in GUARDS])
def test_a_guard_is_what_and_where_the_list_says(guard: Guard) -> None:
    assert (ROOT / guard.file).read_text().count(guard.text) == 1
    assert (ROOT / "tests" / guard.test.partition("::")[0]).is_file()


def test_each_guard_that_the_promise_names_is_in_the_list() -> None:
    text = (ROOT / "docs" / "promise.md").read_text()
    named = [line.split("**")[1] for line in text.splitlines() if line.startswith("- **")]

    assert len(named) >= 8
    assert set(named) == {guard.name.partition(" in the jobs")[0] for guard in GUARDS}


@pytest.mark.slow
@pytest.mark.parametrize("guard", GUARDS, ids=[guard.name for guard in GUARDS])
def test_without_the_guard_its_test_fails(copy: Path, guard: Guard) -> None:
    path = copy / guard.file
    whole = path.read_text()
    path.write_text(whole.replace(guard.text, guard.taken_out))
    try:
        exit_code, output = call_test(copy, guard.test)
    finally:
        path.write_text(whole)

    assert exit_code == 1, output[-2000:]
    assert "FAILED" in output
    assert guard.says in output


@pytest.mark.slow
def test_with_all_guards_the_tests_pass_on_the_copy(copy: Path) -> None:
    """Else they would fail for another reason than the guard that is out."""
    exit_code, output = call_test(copy, *(guard.test for guard in GUARDS))

    assert exit_code == 0, output[-2000:]


def call_test(copy: Path, *tests: str) -> tuple[int, str]:
    words = [sys.executable, "-m", "pytest", "-q", "--tb=short", "--show-capture=no", "-o"]
    done = subprocess.run(
        [*words, "cache_dir=cache", *dict.fromkeys(f"tests/{test}" for test in tests)],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy), "TZ": "UTC"},
        capture_output=True,
        text=True,
        timeout=TEST_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
