"""Which copy of a play stays, within a run and against the lake."""

from chispa.dataframe_comparer import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import DateType, IntegerType, StructType

from spark_jobs.schemas import STREAMS, key, value
from spark_jobs.transforms.deduplicate import keep_first_copies
from tests.builders import READ_PLAYS, a_play, at, frame, plays

ACCEPTED = StructType(
    [*STREAMS, value("listen_date", DateType()), key("file_index", IntegerType())]
)
DAY = "2024-06-25"


def of_file(file_index: int, play: tuple[object, ...]) -> tuple[object, ...]:
    return (file_index, *play)


def accepted(spark: SparkSession, *rows: tuple[object, ...]) -> DataFrame:
    """Rows of `of_file` as the result has them."""
    return frame(spark, ACCEPTED, *((*play, play[2].date(), index) for index, *play in rows))


def test_new_plays_stay_with_their_day_and_file(spark: SparkSession) -> None:
    rows = [
        of_file(0, a_play(1, "t1", "2024-06-25 00:00:00")),
        of_file(1, a_play(1, "t1", "2024-06-25 23:59:59.999999")),
        of_file(1, a_play(1, "t1", "2024-06-26 00:00:00")),
    ]

    kept = keep_first_copies(
        frame(spark, READ_PLAYS, *rows), plays(spark), partitions=2, parts_per_day=1
    )

    expected = accepted(spark, *rows)
    assert [str(row.listen_date) for row in expected.collect()] == [DAY, DAY, "2024-06-26"]
    assert_df_equality(kept, expected, ignore_row_order=True, ignore_nullable=True)


def test_of_copies_that_of_the_smallest_file_stays_however_plays_are_parted(
    spark: SparkSession,
) -> None:
    copies = [of_file(index, a_play(7, "t1")) for index in (10, 2, 2, 9)]
    others = [
        of_file(5, a_play(8, "t1")),
        of_file(5, a_play(7, "T1")),
        of_file(5, a_play(7, "t1 ")),
        of_file(5, (7, "t1", at("2024-06-25 17:43:13.000001"))),
        of_file(5, a_play(2**63 - 1, "é")),
    ]
    read = frame(spark, READ_PLAYS, *copies, *others, *others)

    one_part = keep_first_copies(read, plays(spark), partitions=1, parts_per_day=1)
    many_parts = keep_first_copies(read, plays(spark), partitions=5, parts_per_day=3)

    expected = accepted(spark, of_file(2, a_play(7, "t1")), *others)
    assert_df_equality(one_part, expected, ignore_row_order=True, ignore_nullable=True)
    assert_df_equality(many_parts, expected, ignore_row_order=True, ignore_nullable=True)


def test_a_play_of_the_lake_is_no_new_one(spark: SparkSession) -> None:
    known = plays(spark, a_play(7, "t1"), a_play(8, "t1"), a_play(9, "t9"))
    read = frame(
        spark,
        READ_PLAYS,
        of_file(0, a_play(7, "t1")),
        of_file(3, a_play(7, "t1")),
        of_file(0, a_play(8, "t2")),
        of_file(1, a_play(8, "t1", "2024-06-25 17:43:14")),
    )

    kept = keep_first_copies(read, known, partitions=3, parts_per_day=2)

    expected = accepted(
        spark,
        of_file(0, a_play(8, "t2")),
        of_file(1, a_play(8, "t1", "2024-06-25 17:43:14")),
    )
    assert_df_equality(kept, expected, ignore_row_order=True, ignore_nullable=True)


def test_without_new_plays_nothing_is_kept(spark: SparkSession) -> None:
    nothing = frame(spark, READ_PLAYS)

    kept = keep_first_copies(nothing, plays(spark, a_play()), partitions=1, parts_per_day=1)

    assert_df_equality(kept, accepted(spark), ignore_nullable=True)
