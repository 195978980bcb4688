"""The jobs' own tests and a claim of hostile files, with Comet."""

import pytest

from tests.native.native_suite import run_natively

pytestmark = pytest.mark.slow


def test_plays_are_validated_as_without_it_hostile_files_included() -> None:
    run_natively(
        *(f"tests/spark_jobs/jobs/test_validate_data{part}.py" for part in VALIDATION),
        "tests/fuzz/test_hostile_streams.py",
    )


VALIDATION = ("", "_duplicates", "_examples", "_keys", "_lines", "_refusal")
