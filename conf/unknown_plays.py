"""What is told of plays whose track no song has, or whose listener is no user."""

from collections.abc import Mapping
from typing import Any

TRACKS = "plays_of_unknown_tracks"
USERS = "plays_of_unknown_users"
# What they are, and what to look at.
WORDS = {
    TRACKS: "of tracks that no song has: deliver the songs, or look at track_id_prefix",
    USERS: "of users that no users file has: deliver the users",
}


def describe_unknown(
    files: Mapping[str, Mapping[str, Any]], unknown: Mapping[str, Any] | None, max_share: float
) -> list[str]:
    """Write a line for each file and kind that is more than a share of the file's valid plays.

    Args:
        files: The accounts of the files that were read, by key.
        unknown: As transform_kpis wrote it; None where it did not run.
    """
    lines = []
    for key, counts in sorted((unknown or {}).get("files", {}).items()):
        plays = files[key]["rows_accepted"] + files[key]["rows_duplicate"]
        for kind, words in WORDS.items():
            if counts[kind] > max_share * plays:
                lines.append(f"{key}: {counts[kind]:,} of {plays:,} plays are {words}")
    return lines
