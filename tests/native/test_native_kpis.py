"""Which operators Comet computes, and that the KPIs are those of the reference then too."""

import pytest

from tests.native.native_suite import run_natively

pytestmark = pytest.mark.slow

# Without those that judge lines: these see raw bytes, which the job computes in Java.
TRANSFORMS = ("accounting", "accounting_properties", "catalogue", "catalogue_numbers", "genres")
TRANSFORMS += ("deduplicate", "examples", "hourly", "kpi_properties", "track_plays")
TRANSFORMS += ("unknown",)


def test_what_is_to_be_native_is() -> None:
    run_natively("tests/native/native_plans.py")


def test_kpis_and_accounts_are_the_same_by_hand_and_by_the_reference() -> None:
    run_natively(*(f"tests/spark_jobs/transforms/test_{name}.py" for name in TRANSFORMS))


def test_kpis_of_whole_claims_are_the_same() -> None:
    run_natively("tests/spark_jobs/jobs/test_transform_kpis.py")
