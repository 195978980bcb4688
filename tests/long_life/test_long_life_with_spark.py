"""The same life with the Spark jobs, in one warm session over the stand-in."""

from typing import Any

import pytest
from pyspark.sql import SparkSession

from conf.settings import Settings
from localaws.stack import Stack
from tests.long_life.end_of_life import assert_a_whole_life
from tests.long_life.life_of_days import LongLife
from tests.pipeline_world import World
from tests.warm_spark import SparkJobs, reach_s3

# Some seconds each; 60 of them are for a night.
DAYS = 8


@pytest.mark.slow
def test_days_with_spark_end_as_one_run_over_everything(
    spark: SparkSession, pipeline_stack: Stack, aging_world: World, aging_settings: Settings
) -> None:
    reach_s3(spark, pipeline_stack)

    def jobs_of(life: LongLife) -> Any:
        return SparkJobs(spark, life.world)

    life = LongLife(aging_world, seed=12, days=DAYS)
    aging_world.jobs = jobs_of(life)

    assert_a_whole_life(life, aging_settings, jobs_of)

    print(life.tell())
