"""What enters a statement where a value cannot be bound: checked values, and nothing else."""

from typing import Any

import pytest

from conf import places
from dags.systems.warehouse import WarehouseError, fill

A_PLAN = places.plan_key("daily-0123abcd-aaaaaaaa", b"")
ROLE = "arn:aws:iam::123456789012:role/copy"


@pytest.mark.parametrize(
    "values",
    [
        {"version": "1; DROP TABLE users", "file_name": "0001_a.sql"},
        {"version": 1, "file_name": "0001_a.sql' --"},
        {"version": 12345, "file_name": "0001_a.sql"},
    ],
)
def test_a_value_that_its_pattern_refuses_never_enters_sql(values: dict[str, str | int]) -> None:
    with pytest.raises(WarehouseError, match="may not enter SQL"):
        fill("VALUES ($version, $file_name)", values)


def test_markers_and_values_are_the_same_names() -> None:
    with pytest.raises(WarehouseError, match=r"takes \['version'\], got \[\]"):
        fill("VALUES ($version)", {})


def test_texts_are_quoted_and_numbers_are_not() -> None:
    sql = fill("a = $commit, b = $plan, c = $role", {"commit": 7, "plan": A_PLAN, "role": ROLE})

    assert sql == f"a = 7, b = '{A_PLAN}', c = '{ROLE}'"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("plan", f"{A_PLAN}' OR '1' = '1"),
        ("plan", f"{A_PLAN}\n"),
        ("plan", "lake/commits/0000000001.json"),
        ("manifest", "s3://a-bucket/a'b"),
        ("manifest", "s3://a-bucket/a b"),
        ("manifest", "https://a-bucket/a"),
        ("role", "arn:aws:iam::123456789012:user/copy"),
        ("role", f"{ROLE}' CREDENTIALS '"),
        ("commit", -1),
        ("commit", "٣"),
        ("rows", 1.5),
        ("first_day", "2024-06-01' --"),
        ("first_day", "2024-6-1"),
    ],
)
def test_only_what_a_batch_needs_may_enter_its_sql(name: str, value: Any) -> None:
    with pytest.raises(WarehouseError, match=f"^{name} may not enter SQL: "):
        fill(f"a = ${name}", {name: value})


def test_a_value_that_looks_like_a_marker_is_not_filled_again() -> None:
    with pytest.raises(WarehouseError, match="may not enter SQL"):
        fill("a = $manifest", {"manifest": "s3://a-bucket/$role"})
