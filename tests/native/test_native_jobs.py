"""The jobs' own tests and a claim of hostile files, with Comet."""

from pathlib import Path

import pytest

from tests.end_to_end.spark_run_helpers import call_well, copy_sample
from tests.native.native_suite import require_native, run_natively

pytestmark = pytest.mark.slow

VALIDATION = ("_duplicates", "_lines", "_refusal")


def test_plays_are_validated_as_without_it_hostile_files_included() -> None:
    run_natively(
        *(f"tests/spark_jobs/jobs/test_validate_data{part}.py" for part in VALIDATION),
        "tests/fuzz/test_hostile_streams.py",
    )


def test_plain_spark_submit_gives_the_same_tables_with_it(tmp_path: Path) -> None:
    require_native()
    data = copy_sample(tmp_path / "data")

    plain = call_well(data, tmp_path / "plain")
    native = call_well(data, tmp_path / "native", "--native")

    assert native.tables == plain.tables
    assert native.quarantine == plain.quarantine
    assert native.accounting | {"run": None} == plain.accounting | {"run": None}
    log = tmp_path / "native" / ".state" / "logs" / "transform_kpis.log"
    assert "Comet native library" in log.read_text()
