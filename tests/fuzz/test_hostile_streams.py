"""Ten thousand hostile stream files and a line of 100 MB through validate_data."""

from pathlib import Path
from random import Random

import pytest
from pyspark.sql import SparkSession

from tests.fuzz.hostile_files import PLAIN
from tests.fuzz.hostile_packing import PACKED
from tests.fuzz.stream_claims import Claims

REASONS = {"empty", "columns", "unreadable", "too_many_rejected_rows", "invalid_encoding"}
REASONS |= {"malformed_row", "missing_user_id", "missing_track_id", "missing_listen_time"}
REASONS |= {"invalid_user_id", "invalid_track_id", "invalid_listen_time"}
REASONS |= {"listen_time_out_of_range"}


def test_three_hundred_hostile_files_are_judged_as_the_reference_judges_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    claims = Claims(spark, tmp_path, Random(1))

    claims.validate(300)

    assert claims.kinds.keys() == {*PLAIN, *PACKED}
    assert claims.reasons.keys() >= REASONS - {"missing_listen_time"}
    assert len(claims.known) > 500


@pytest.mark.slow
def test_ten_thousand_hostile_files_are_judged_as_the_reference_judges_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    claims = Claims(spark, tmp_path, Random(2))

    for _ in range(10):
        claims.validate(1_000)

    assert claims.kinds.total() == 10_000
    assert claims.reasons.keys() >= REASONS - {"missing_listen_time"}
    assert len(claims.known) > 20_000
