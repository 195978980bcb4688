"""By which rules a file is judged, as a short text: a refusal counts as long as it is the same."""

# Raise it with every change of what is accepted, rejected or refused: files that older rules
# refused are read again then. `tests/conf/test_rules.py` tells whoever forgets it.
RULES_VERSION = 2


def judged_by(max_rejected_share: float, min_rejected_rows: int, track_id_prefix: str) -> str:
    """Name the rules, the share of rejected rows from which on a file is refused, the prefix."""
    prefix = f", prefix {track_id_prefix}" if track_id_prefix else ""
    share = f"share {max_rejected_share:g} of {min_rejected_rows} rows"
    return f"rules {RULES_VERSION}, {share}{prefix}"
