"""Both verbs tell how many plays are of unknown tracks and users."""

import pytest

from commands.folder_run.report import print_unknown
from tests.reference_kpis import unknown_counts

ACCOUNT = {"rows_accepted": 20, "rows_duplicate": 10}
FEW, MANY = "data/streams/few.csv", "data/streams/uri_track.csv"


def test_plays_of_unknown_tracks_and_users_are_counted_and_warned_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    of_files = {FEW: unknown_counts(1, 1), MANY: unknown_counts(30, 0)}
    unknown = {"files": of_files} | unknown_counts(31, 1)

    print_unknown({"files": {FEW: ACCOUNT, MANY: ACCOUNT}, "unknown": unknown})

    assert capsys.readouterr().out.splitlines() == [
        "31 plays of unknown tracks, 1 of unknown users: they count in hours",
        f"WARNING: {MANY}: 30 of 30 plays are of tracks that no song has: deliver the songs, or "
        "look at track_id_prefix",
    ]


@pytest.mark.parametrize("unknown", [None, {"files": {}} | unknown_counts(0, 0)])
def test_where_all_tracks_and_users_are_known_nothing_is_said_of_them(
    unknown: dict[str, object] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    print_unknown({"files": {FEW: ACCOUNT}, "unknown": unknown})

    assert capsys.readouterr().out == ""
