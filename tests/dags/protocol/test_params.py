"""What an operator asks for is read whole, or refused with what to do."""

from datetime import date
from typing import Any

import pytest

from dags.protocol.errors import FinalError
from dags.protocol.params import RunParams, read_params

JUNE = {"from_date": "2024-06-01", "to_date": "2024-06-03"}
DAILY = {
    "files": None,
    "from_date": None,
    "to_date": None,
    "max_rejected_share": None,
    "dry_run": False,
    "rebuild": False,
}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"files": "a.csv"},
            "files is a list of S3 keys, as in [\"data/streams/a.csv\"], got 'a.csv'",
        ),
        (
            {"files": ["a", ""]},
            "files is a list of S3 keys, as in [\"data/streams/a.csv\"], got ['a', '']",
        ),
        ({"files": [1]}, 'files is a list of S3 keys, as in ["data/streams/a.csv"], got [1]'),
        (
            {"files": {"a": 1}},
            "files is a list of S3 keys, as in [\"data/streams/a.csv\"], got {'a': 1}",
        ),
        ({"max_rejected_share": 1.01}, "max_rejected_share is a share of 0 … 1, got 1.01"),
        ({"max_rejected_share": -0.1}, "max_rejected_share is a share of 0 … 1, got -0.1"),
        ({"max_rejected_share": float("nan")}, "max_rejected_share is a share of 0 … 1, got nan"),
        ({"max_rejected_share": "0.5"}, "max_rejected_share is a share of 0 … 1, got '0.5'"),
        ({"max_rejected_share": True}, "max_rejected_share is a share of 0 … 1, got True"),
        ({"from_date": "2024-06-01"}, "from_date and to_date go together: give both, or neither"),
        ({"to_date": "2024-06-01"}, "from_date and to_date go together: give both, or neither"),
        ({"from_date": "01.06.2024"}, "from_date is a day as in 2024-06-01, got '01.06.2024'"),
        (JUNE | {"to_date": "2024-06-31"}, "to_date is a day as in 2024-06-01, got '2024-06-31'"),
        ({"from_date": 20240601}, "from_date is a day as in 2024-06-01, got 20240601"),
        (JUNE | {"to_date": "2024-05-31"}, "from_date to to_date is 1 to 3700 days, got 0"),
        (JUNE | {"to_date": "2034-07-19"}, "from_date to to_date is 1 to 3700 days, got 3701"),
        ({"dry_run": "yes"}, "dry_run is true or false, got 'yes'"),
        ({"dry_run": None}, "dry_run is true or false, got None"),
        ({"rebuild": 1}, "rebuild is true or false, got 1"),
        (JUNE | {"files": ["a"]}, "files and from_date do not go together: start a run for each"),
        (
            JUNE | {"rebuild": True},
            "from_date and rebuild do not go together: start a run for each",
        ),
        (
            {"files": ["a"], "rebuild": True},
            "files and rebuild do not go together: start a run for each",
        ),
        (
            JUNE | {"files": ["a"], "rebuild": True},
            "files and from_date and rebuild do not go together: start a run for each",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(FinalError) as error:
        read_params(DAILY | params)

    assert str(error.value) == message


@pytest.mark.parametrize("params", [{}, DAILY, {"files": [], "from_date": "", "to_date": ""}])
def test_a_daily_run_asks_for_nothing(params: dict[str, Any]) -> None:
    read = read_params(params)

    assert read == RunParams()
    assert (read.is_asked, read.backfill_dates) == (False, ())


def test_named_files_are_taken_once_each_and_in_order() -> None:
    names = [f"{number:02d}.csv" for number in range(12)]

    read = read_params(DAILY | {"files": [*reversed(names), "03.csv"]})

    assert read.files == tuple(names)
    assert read.is_asked


def test_a_backfill_is_all_days_from_the_first_to_the_last() -> None:
    read = read_params(DAILY | {"from_date": "2024-02-28", "to_date": "2024-03-01"})

    assert read.backfill_dates == (date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1))
    assert read.is_asked


def test_a_backfill_may_be_one_day_or_ten_years() -> None:
    one = read_params(DAILY | {"from_date": "2024-06-01", "to_date": "2024-06-01"})
    many = read_params(DAILY | {"from_date": "2014-06-01", "to_date": "2024-07-17"})

    assert one.backfill_dates == (date(2024, 6, 1),)
    assert len(many.backfill_dates) == 3700


@pytest.mark.parametrize("share", [0, 0.0, 0.25, 1, 1.0])
def test_a_share_is_taken_up_to_its_bounds(share: float) -> None:
    assert read_params(DAILY | {"max_rejected_share": share}).max_rejected_share == share


def test_a_dry_run_is_no_reason_to_go_on_and_a_rebuild_is_one() -> None:
    dry, rebuild = read_params(DAILY | {"dry_run": True}), read_params(DAILY | {"rebuild": True})

    assert (dry.dry_run, dry.is_asked) == (True, False)
    assert (rebuild.rebuild, rebuild.is_asked) == (True, True)
