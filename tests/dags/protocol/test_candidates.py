"""The listing finds every delivery in time, and does not grow with the history."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dags.protocol.candidates import Shares, is_delivery, list_deliveries
from dags.systems.bucket import Bucket
from tests.dags.memory_s3 import BUCKET, MemoryS3

TODAY = date(2024, 7, 1)
STREAMS = "data/streams/"
LOOKBACK = 10


def is_due(day: date, today: date, lookback: int) -> bool:
    """Tell whether a folder is listed by a run that had one the day before."""
    return Shares(today, today, lookback).has(day)


def listed(
    *names: str, today: date = TODAY, lookback: int | None = LOOKBACK, s3: MemoryS3 | None = None
) -> list[str]:
    """Give the deliveries that are found of these names below data/streams/."""
    s3 = s3 or MemoryS3()
    for name in names:
        s3.put_object(BUCKET, f"{STREAMS}{name}", b"x")
    found = list_deliveries(Bucket(s3, BUCKET), STREAMS, today=today, lookback_days=lookback)
    return sorted(each.key.removeprefix(STREAMS) for each in found.files)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("a.csv", True),
        ("2024/06/25/a.csv.gz", True),
        ("a b&c'+é.csv", True),
        ("_old/a.csv", True),
        (".csv", False),
        ("~$a.csv", False),
        ("_a.csv", False),
        (".a.csv", False),
        ("2024/06/25/_SUCCESS", False),
        ("a.CSV", False),
        ("a.csv.bak", False),
        ("a.gz", False),
        ("a.csv/", False),
        ("acsv", False),
    ],
)
def test_a_delivery_is_a_csv_whose_last_part_is_not_hidden(name: str, is_one: bool) -> None:
    assert is_delivery(f"{STREAMS}{name}") is is_one


def test_what_is_no_delivery_is_named_and_left_alone() -> None:
    s3 = MemoryS3()
    for name in ("a.csv", "_b.csv", ".c.csv", "2024/06/30/_SUCCESS", "notes.txt", "empty/"):
        s3.put_object(BUCKET, f"{STREAMS}{name}", b"")

    found = list_deliveries(Bucket(s3, BUCKET), STREAMS, today=TODAY, lookback_days=LOOKBACK)

    assert [each.key for each in found.files] == [f"{STREAMS}a.csv"]
    names = sorted(key.removeprefix(STREAMS) for key in found.ignored)
    assert names == [".c.csv", "2024/06/30/_SUCCESS", "_b.csv", "notes.txt"]


def test_an_empty_bucket_gives_nothing() -> None:
    assert listed() == []
    assert listed(lookback=None) == []


def test_folders_of_the_last_days_and_of_the_future_are_listed() -> None:
    names = ["2024/06/21/a.csv", "2024/07/01/a.csv", "2024/07/02/a.csv", "2031/01/01/a.csv.gz"]

    assert listed(*names) == names


def test_a_folder_beyond_the_last_days_waits_for_its_share() -> None:
    days = [TODAY + timedelta(days=number) for number in range(LOOKBACK)]

    found = [listed("2024/05/01/a.csv", today=day) for day in days]

    assert found == [[]] * 5 + [["2024/05/01/a.csv"]] + [[]] * 4


def test_a_folder_that_waits_is_not_looked_into() -> None:
    s3 = MemoryS3()

    assert listed("2024/05/01/a.csv", "2024/06/30/b.csv", s3=s3) == ["2024/06/30/b.csv"]

    assert sorted(s3.prefixes) == [
        "data/streams/",
        "data/streams/2024/",
        "data/streams/2024/05/",
        "data/streams/2024/06/",
        "data/streams/2024/06/30/",
    ]


@pytest.mark.parametrize(("age", "is_listed"), [(LOOKBACK, True), (LOOKBACK + 1, False)])
def test_the_last_days_end_with_their_number(age: int, is_listed: bool) -> None:
    # Chosen so that neither day has its share today.
    day = date(2024, 6, 1)

    assert is_due(day, day + timedelta(days=age), LOOKBACK) is is_listed


@settings(derandomize=True, deadline=None, database=None)
@given(
    day=st.dates(date(1000, 1, 1), date(2900, 1, 1)),
    late_by=st.integers(1, 20_000),
    lookback=st.integers(1, 400),
)
def test_an_old_folder_is_listed_once_in_as_many_days_as_are_looked_back(
    day: date, late_by: int, lookback: int
) -> None:
    first = day + timedelta(days=lookback + late_by)
    days = [first + timedelta(days=number) for number in range(lookback)]

    assert sum(is_due(day, today, lookback) for today in days) == 1


@settings(derandomize=True, deadline=None, database=None)
@given(
    today=st.dates(date(1000, 1, 1), date(2900, 1, 1)),
    lookback=st.integers(1, 400),
    age=st.integers(-1000, 400),
)
def test_a_new_folder_is_listed_every_day(today: date, lookback: int, age: int) -> None:
    day = today - timedelta(days=min(age, lookback))

    assert is_due(day, today, lookback)


@settings(derandomize=True, deadline=None, database=None)
@given(today=st.dates(date(2020, 1, 1), date(2024, 12, 31)), lookback=st.integers(1, 60))
def test_a_file_late_by_any_time_is_found_within_the_days_that_are_looked_back(
    today: date, lookback: int
) -> None:
    name = "2019/03/07/late.csv"

    found = [listed(name, today=today + timedelta(days=n), lookback=lookback) for n in range(60)]

    assert [name] in found[:lookback]


@pytest.mark.parametrize(
    "folder",
    [
        *("0815", "20240501", "2024/13", "2024/00", "2024/5", "2024/5/1", "2024/05/1"),
        *("2024/02/31", "2023/02/29", "2024/04/31", "2024/05/00", "2024/05/32", "2024/05/001"),
        *("3024/05/01", "0024/05/01", "old/2024/05/01", "2024/old/05", "2024/05/old", "1/2/3"),
    ],
)
def test_a_folder_of_digits_that_is_no_day_is_listed_every_day(folder: str) -> None:
    assert listed(f"{folder}/a.csv") == [f"{folder}/a.csv"]
    assert listed(f"{folder}/x/a.csv") == [f"{folder}/x/a.csv"]


def test_files_beside_date_folders_are_found_at_every_level() -> None:
    names = ["2023/flat.csv", "2024/05/flat.csv", "2024/flat.csv", "flat.csv"]

    assert listed(*names, "2024/05/01/waits.csv") == names


def test_a_folder_below_a_day_goes_with_its_day() -> None:
    assert listed("2024/06/30/hour=07/a.csv", "2024/05/01/hour=07/a.csv") == [
        "2024/06/30/hour=07/a.csv"
    ]


def test_an_empty_part_of_a_key_hides_no_file() -> None:
    names = ["/a.csv", "2024/06/30//a.csv", "2024/06//a.csv", "2024//06/a.csv", "2024//a.csv"]

    assert listed(*names) == sorted(names)


def test_the_first_run_lists_everything() -> None:
    s3 = MemoryS3()

    found = listed("1999/01/01/a.csv", "2024/05/01/b.csv", "c.csv", lookback=None, s3=s3)

    assert found == ["1999/01/01/a.csv", "2024/05/01/b.csv", "c.csv"]
    assert s3.prefixes == [STREAMS]


@given(
    day=st.dates(date(1990, 1, 1), date(2020, 1, 1)),
    gaps=st.lists(st.integers(1, 40), min_size=60, max_size=60),
)
def test_days_without_a_run_leave_no_folder_out(day: date, gaps: list[int]) -> None:
    today = date(2024, 7, 1)
    listed = 0

    for gap in gaps:
        since, today = today, today + timedelta(days=gap)
        listed += Shares(today, since, LOOKBACK).has(day)
        if (today - date(2024, 7, 1)).days >= LOOKBACK:
            break

    assert listed
