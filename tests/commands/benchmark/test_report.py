"""The benchmark's tables, its engines, and what it reads of a job's log."""

from collections import Counter
from pathlib import Path

import pytest

from commands.benchmark.__main__ import parse_args
from commands.benchmark.measured import Measurement
from commands.benchmark.record import read_calls, read_start
from commands.benchmark.report import print_cases, print_peers, show
from commands.benchmark.rounds import Run, Spread
from commands.benchmark.spark import JOBS, SparkRun, spark_engines
from commands.benchmark.tables import growth_sizes
from commands.checkout import ROOT
from commands.console import CommandError

LOG = """\
2026-11-28 03:04:53,477 INFO session is ready after 4.3 s
26/11/28 03:05:00 ERROR IOStatisticsLogging: IOStatistics: counters=((action_http_get_request=56)
(action_http_head_request=207)
(object_copy_requests=18)
(object_delete_request=23)
(object_list_request=194)
(object_put_request=20)
(store_io_request=519));

gauges=();

means=((object_put_request=7));
"""


def a_spark_run(wall: float, *, spilled: int = 0, calls: int = 0) -> SparkRun:
    half = Measurement(wall / 2, wall, 2_000_000_000, 2 * wall)
    counted = Counter({"all": calls, "GET": calls}) if calls else Counter()
    return SparkRun(dict.fromkeys(JOBS, half), Path(), 3.0, 5_000_000, spilled, counted)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def read_tables(printed: str) -> list[dict[str, str]]:
    lines = [line for line in printed.splitlines() if line.startswith("|") and "---" not in line]
    header = cells(lines[0])
    return [dict(zip(header, cells(line), strict=True)) for line in lines[1:]]


def test_a_case_stands_as_a_ratio_to_the_one_that_it_is_compared_with(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = {
        ("plain", "spark"): [a_spark_run(10), a_spark_run(20), a_spark_run(30)],
        ("skewed", "spark"): [a_spark_run(20), a_spark_run(20), a_spark_run(90, spilled=7_000_000)],
    }

    print_cases("shapes", runs, {"skewed": "plain"})

    plain, skewed = read_tables(capsys.readouterr().out)
    assert (plain["wall s"], plain["to"], plain["wall"]) == ("20.0 (10.0–30.0)", "", "")
    assert (skewed["to"], skewed["wall"], skewed["CPU"]) == ("plain", *["2.00 (1.00–3.00)"] * 2)
    assert (plain["spilled MB"], skewed["spilled MB"]) == ("0", "7")
    assert "S3 calls, all" not in plain


def test_engines_of_one_case_are_compared_with_the_first_and_calls_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = {
        ("1 day", "spark"): [a_spark_run(10, calls=400)],
        ("1 day", "against"): [a_spark_run(25, calls=1500)],
    }

    print_cases("history", runs, {})

    ours, theirs = read_tables(capsys.readouterr().out)
    assert (ours["engine"], ours["/ spark"], ours["S3 calls, all"]) == ("spark", "1.00", "400")
    assert (theirs["engine"], theirs["/ spark"]) == ("against", "2.50")
    assert (theirs["S3 calls, all"], theirs["GET"], theirs["PUT"]) == ("1,500", "1,500", "0")


def test_the_jobs_stand_one_by_one_and_as_times_what_each_other_engine_takes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    duckdb = Run({"duckdb": Measurement(4, 8, 1, 9)}, Path())

    print_peers("peers", {"spark": [a_spark_run(10)], "duckdb": [duckdb]})

    taken, ratios = capsys.readouterr().out.split("\n\n")[1:]
    assert [row["engine"] for row in read_tables(taken)] == [
        "spark", *(f"spark: {job}" for job in JOBS), "duckdb"
    ]  # fmt: skip
    wall, cpu = read_tables(ratios)
    assert (wall["times what it takes"], wall["duckdb"]) == ("spark, wall", "2.50")
    assert (cpu["times what it takes"], cpu["duckdb"]) == ("spark, CPU", "2.50")


def test_a_single_round_has_no_spread() -> None:
    assert show(Spread(1.234, 1.234, 1.234)) == "1.23"
    assert show(Spread(1.234, 1.0, 2.0), 1) == "1.2 (1.0–2.0)"


def test_the_calls_to_s3_are_those_that_s3a_counted() -> None:
    assert read_calls(LOG) == Counter(
        {"all": 519, "HEAD": 207, "LIST": 194, "GET": 56, "PUT": 20, "COPY": 18, "DELETE": 23}
    )
    assert read_start(LOG) == 4.3


def test_a_job_that_told_no_calls_is_not_taken_for_one_without_any() -> None:
    with pytest.raises(CommandError, match="told no counters"):
        read_calls("2026-11-28 03:04:53,477 INFO validate_data is done\n")


def test_the_engines_are_ours_and_the_checkout_that_is_named(tmp_path: Path) -> None:
    for path in (f"spark_jobs/jobs/{job}.py" for job in JOBS):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()

    engines = spark_engines(tmp_path)

    assert [(engine.name, engine.checkout) for engine in engines] == [
        ("spark", ROOT), ("against", tmp_path)
    ]  # fmt: skip
    assert [engine.name for engine in spark_engines(None)] == ["spark"]


def test_with_comet_ours_is_measured_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commands.spark.native.fetch", Path)

    engines = spark_engines(None, is_native=True)

    assert [(engine.name, engine.is_native) for engine in engines] == [
        ("spark", False), ("spark-native", True)
    ]  # fmt: skip


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is no checkout of this repository"):
        spark_engines(tmp_path)


@pytest.mark.parametrize(
    ("plays", "sizes"),
    [
        (60_000_000, [1_000_000, 5_000_000, 20_000_000, 60_000_000]),
        (200_000_000, [1_000_000, 5_000_000, 20_000_000, 60_000_000, 200_000_000]),
        (5_000_000, [1_000_000, 5_000_000]),
        (200_000, [200_000]),
    ],
)
def test_the_growth_ends_at_the_plays_asked_for(plays: int, sizes: list[int]) -> None:
    assert growth_sizes(plays) == sizes


def test_less_than_a_round_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_args(["--rounds", "0"])

    assert "needs a round and 300 plays: got ROUNDS=0" in capsys.readouterr().err
