"""Where everything lies: names that are safe in a path, and never two things in one place."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conf import places
from dags.protocol.claim import new_claim_name

CLAIM = "daily-0123abcd-89ab4567"
RUN_IDS = st.text(min_size=1, max_size=300) | st.text("ab-_:+.~ 1", min_size=1, max_size=80)


@pytest.mark.parametrize(
    ("run_id", "slug"),
    [
        ("scheduled__2024-07-01T02:00:00+00:00", "scheduled-2024-07-01T02-00-00-00-00"),
        ("manual/../../etc", "manual-etc"),
        ("x" * 300, "x" * 60),
        (f"{'x' * 59}-y", "x" * 59),
        ("日本", ""),
    ],
)
def test_a_runs_name_begins_with_its_id_made_path_safe(run_id: str, slug: str) -> None:
    name = places.run_name(run_id)

    assert re.fullmatch(f"{slug}-[0-9a-f]{{8}}", name)


@settings(derandomize=True, deadline=None, database=None)
@given(RUN_IDS)
def test_any_runs_name_is_safe_in_a_path_and_its_claims_fit_their_patterns(run_id: str) -> None:
    name = places.run_name(run_id)
    claim = new_claim_name(run_id)

    assert re.fullmatch(r"[A-Za-z0-9-]{9,69}", name)
    assert places.run_name(run_id) == name
    found = places.CLAIM.fullmatch(claim)
    assert found is not None
    assert found["run"] == name
    assert places.claim_folder(claim).startswith(places.claims_prefix(name))
    assert places.PLAN_KEY.fullmatch(places.plan_key(claim, b"content"))


@settings(derandomize=True, deadline=None, database=None)
@given(st.lists(RUN_IDS, min_size=2, max_size=8, unique=True))
def test_different_runs_have_different_names(run_ids: list[str]) -> None:
    assert len({places.run_name(run_id) for run_id in run_ids}) == len(run_ids)


@pytest.mark.parametrize(
    ("one", "other"), [("a:b", "a b"), ("A", "a"), ("a", "a-"), ("x" * 61, "x" * 62), ("é", "è")]
)
def test_runs_whose_ids_look_the_same_in_a_path_are_kept_apart(one: str, other: str) -> None:
    assert places.run_name(one) != places.run_name(other)


def test_each_life_of_a_run_has_a_name_of_its_own() -> None:
    first, second = new_claim_name("daily"), new_claim_name("daily")

    assert first != second
    assert {first[:-9], second[:-9]} == {places.run_name("daily")}


@settings(derandomize=True, deadline=None, database=None)
@given(st.binary(max_size=20), st.binary(max_size=20))
def test_plans_and_manifests_are_named_by_their_content(one: bytes, other: bytes) -> None:
    plans = {places.plan_key(CLAIM, one), places.plan_key(CLAIM, other)}
    manifests = {places.manifest_key(CLAIM, "users", each) for each in (one, other)}

    assert len(plans) == len(manifests) == (1 if one == other else 2)


@pytest.mark.parametrize(
    "key",
    [
        f"staging/claim={CLAIM}/claim.json",
        f"staging/claim={CLAIM}/plan-{'a' * 63}.json",
        f"staging/claim={CLAIM}/plan-{'A' * 64}.json",
        f"staging/claim=../plan-{'a' * 64}.json",
        f"lake/claim={CLAIM}/plan-{'a' * 64}.json",
    ],
)
def test_what_is_no_plans_key_is_not_taken_for_one(key: str) -> None:
    assert places.PLAN_KEY.fullmatch(key) is None


@pytest.mark.parametrize("claim", ["daily", "daily-0123abc", "daily-0123ABCD", "a/b-0123abcd", ""])
def test_what_is_no_claims_name_is_not_taken_for_one(claim: str) -> None:
    assert places.CLAIM.fullmatch(claim) is None


def test_keys_are_those_of_the_design() -> None:
    sha = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    assert places.claim_key(CLAIM) == f"staging/claim={CLAIM}/claim.json"
    assert places.plan_key(CLAIM, b"") == f"staging/claim={CLAIM}/plan-{sha}.json"
    assert places.attempt_folder(CLAIM, "validate_data", 2) == (
        f"staging/claim={CLAIM}/validate_data/attempt=2"
    )
    assert places.quarantine_folder(CLAIM, 2) == f"quarantine/claim={CLAIM}/attempt=2"
    assert places.metadata_quarantine_key("r") == "quarantine/metadata/run=r.jsonl.gz"
    assert places.lake_object("2024-06-25", 7, 0) == (
        "lake/streams/listen_date=2024-06-25/0000000007-0.parquet"
    )
    assert places.track_plays_folder(7) == "lake/track_plays/commit=0000000007"
    assert places.commit_key(7) == "lake/commits/0000000007.json"
    assert places.report_key("r", "html") == "reports/run=r.html"


def test_lake_keys_are_read_as_they_are_written() -> None:
    day = places.LAKE_DAY.match(places.lake_object("2024-06-25", 7, "all"))
    part = places.LAKE_OBJECT.fullmatch("0000000007-12.parquet")
    whole = places.LAKE_OBJECT.fullmatch("0000000007-all.parquet")
    commit = places.COMMIT_OBJECT.fullmatch(places.commit_key(7))
    totals = places.TRACK_PLAYS_FOLDER.fullmatch(f"{places.track_plays_folder(7)}/")

    assert day
    assert day["day"] == "2024-06-25"
    assert part
    assert (part["commit"], part["part"]) == ("0000000007", "12")
    assert whole
    assert whole["part"] == "all"
    assert commit
    assert totals
    assert commit["commit"] == totals["commit"] == "0000000007"


def test_a_later_commits_keys_come_later_in_a_listing() -> None:
    commits = [0, 1, 9, 10, 99, 100, 2_147_483_647, 9_999_999_999]

    keys = [places.commit_key(commit) for commit in commits]

    assert keys == sorted(keys)
