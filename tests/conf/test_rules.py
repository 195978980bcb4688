"""Whoever changes the rules raises their version, so that refused files are judged again."""

import hashlib
from pathlib import Path

from conf.rules import RULES_VERSION, judged_by

ROOT = Path(__file__).resolve().parents[2]
MODULES = (
    "spark_jobs/csv_grammar.py",
    "spark_jobs/probe.py",
    "spark_jobs/transforms/line_rules.py",
    "spark_jobs/transforms/listen_time.py",
)
# The version, and the modules' text as it was when somebody last looked whether to raise it.
PINNED = (2, "a7c39f630d07290c")


def test_the_rules_have_the_version_that_their_text_was_pinned_with() -> None:
    text = b"".join((ROOT / module).read_bytes() for module in MODULES)
    found = (RULES_VERSION, hashlib.sha256(text).hexdigest()[:16])

    assert found == PINNED, (
        f"one of {', '.join(MODULES)} changed. If a file or row is now accepted, rejected or "
        "refused that was not before: raise RULES_VERSION in conf/rules.py by one, so that files "
        "which the older rules refused are read again. Then, in any case, set PINNED in this test "
        f"to the version and the digest of now: ({found[0]}, {found[1]!r})"
    )


def test_other_shares_and_other_row_counts_are_other_rules() -> None:
    texts = [
        judged_by(0.1, 20, ""), judged_by(0.25, 20, ""), judged_by(0.1, 0, ""),
        judged_by(0.1, 20, "spotify:track:"),
    ]  # fmt: skip

    assert texts == [
        f"rules {RULES_VERSION}, share 0.1 of 20 rows",
        f"rules {RULES_VERSION}, share 0.25 of 20 rows",
        f"rules {RULES_VERSION}, share 0.1 of 0 rows",
        f"rules {RULES_VERSION}, share 0.1 of 20 rows, prefix spotify:track:",
    ]
