"""One finished OUT that several tests start from."""

from pathlib import Path

import pytest

from tests.end_to_end.spark_run_helpers import Outcome, call_well, copy_sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the committed sample, all files of one old instant."""
    return copy_sample(tmp_path_factory.mktemp("sample") / "data")


@pytest.fixture(scope="session")
def first_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OUT of the first call: copy it before writing there."""
    return tmp_path_factory.mktemp("first") / "an out [with] {any} character, é"


@pytest.fixture(scope="session")
def first(sample: Path, first_out: Path) -> Outcome:
    """The first call on the sample."""
    return call_well(sample, first_out)
