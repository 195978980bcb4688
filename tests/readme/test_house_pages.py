"""The glossary keeps its bounds, and the architecture page names every room."""

import re
from pathlib import Path

from tests.architecture.rooms import ROOMS

ROOT = Path(__file__).resolve().parents[2]
MAX_WORDS = 25


def test_the_glossary_is_short_and_in_order() -> None:
    page = (ROOT / "docs" / "glossary.md").read_text()
    rows = re.findall(r"^\| (?!word |---)`?([\w -]+?)`? \| (.+) \|$", page, flags=re.MULTILINE)
    words = [word for word, _ in rows]

    assert 0 < len(words) <= MAX_WORDS
    assert words == sorted(set(words))
    assert [word for word, meaning in rows if len(meaning.split()) > MAX_WORDS] == []


def test_the_architecture_page_has_a_row_for_each_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| `([\w/]+)/` \|", page, flags=re.MULTILINE)
    # The rooms below commands/ stand in its row.
    folders = [room.replace(".", "/") for room in ROOMS if not room.startswith("commands.")]

    assert sorted({*rows} - {"packages/localaws", "tests"}) == sorted(
        folder
        for folder in folders
        if (ROOT / folder).is_dir() and not folder.startswith("packages/")
    )
