"""The benchmark's rounds: in turns, with median, spread and ratios round by round."""

from pathlib import Path

from commands.benchmark.measured import Measurement
from commands.benchmark.rounds import Run, Spread, ratio, run_rounds, spread


def a_run(wall: float) -> Run:
    return Run({"all": Measurement(wall, 2 * wall, 1, 3 * wall)}, Path())


def wall_of(taken: Measurement) -> float:
    return taken.wall_seconds


def test_the_spread_is_the_median_between_the_least_and_the_most() -> None:
    assert spread([5.0, 1.0, 2.0]) == Spread(2.0, 1.0, 5.0)
    assert spread([4.0]) == Spread(4.0, 4.0, 4.0)


def test_a_ratio_is_that_of_each_round_not_that_of_the_medians() -> None:
    # The second round was slow for both.
    ours, theirs = [a_run(2), a_run(30), a_run(3)], [a_run(1), a_run(10), a_run(2)]

    assert ratio(ours, theirs, wall_of) == Spread(2.0, 1.5, 3.0)


def test_a_run_takes_what_its_parts_take_and_the_memory_of_the_greatest() -> None:
    run = Run({"a": Measurement(1, 2, 30, 4), "b": Measurement(5, 6, 20, 8)}, Path())

    assert run.total == Measurement(6, 8, 30, 12)


def test_the_cores_of_others_are_what_the_machine_did_besides() -> None:
    assert Measurement(10, 12, 0, 17).others_cores == 0.5
    assert Measurement(10, 12, 0, 11.9).others_cores == 0.0


def test_rounds_go_forwards_and_backwards_and_each_is_checked() -> None:
    order: list[str] = []
    checked: list[list[float]] = []

    def runner(name: str) -> Run:
        order.append(name)
        return a_run(len(order))

    runs = run_rounds(
        3,
        {("case", name): lambda name=name: runner(name) for name in ("a", "b", "c")},
        lambda last: checked.append([run.total.wall_seconds for run in last.values()]),
    )

    assert "".join(order) == "abccbaabc"
    assert checked == [[1, 2, 3], [6, 5, 4], [7, 8, 9]]
    assert [run.total.wall_seconds for run in runs["case", "a"]] == [1, 6, 7]
