"""Which claims are small, and what that changes."""

from conf import spark_sizes


def test_packed_files_weigh_the_most_that_they_can_hold() -> None:
    assert spark_sizes.weigh([("a.csv", 5), ("b.csv.gz", 10)]) == 5 + 10_320
    assert spark_sizes.weigh([]) == 0


def test_a_claim_is_small_up_to_the_bound() -> None:
    bound = spark_sizes.SMALL_BYTES

    assert [spark_sizes.is_small(size) for size in (0, bound, bound + 1)] == [True, True, False]


def test_only_small_jobs_do_without_javas_second_compiler() -> None:
    assert spark_sizes.java_options(is_small=True) == "-XX:TieredStopAtLevel=1"
    assert "TieredStopAtLevel" not in spark_sizes.java_options(is_small=False)
