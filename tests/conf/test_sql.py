"""What is sent of the SQL files: the statement, without a word of its comments."""

from importlib import resources

import pytest

from conf.sql import read_statement, strip_comments

FILES = [
    (f"conf.sql.{folder}", file.name.removesuffix(".sql"))
    for folder in ("postgres", "redshift")
    for file in sorted(resources.files(f"conf.sql.{folder}").iterdir(), key=lambda file: file.name)
    if file.name.endswith(".sql")
]


def test_no_comment_of_any_file_is_sent() -> None:
    sent = {name: read_statement(*name) for name in FILES}

    assert len(sent) > 60
    assert [name for name, sql in sent.items() if "--" in sql or ";" in sql or not sql] == []


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("-- It's the first; of two.\nSELECT 1\n", "SELECT 1"),
        ("SELECT 1 -- it's one\nFROM t\n\n-- ; end", "SELECT 1\nFROM t"),
        ("SELECT '-- no; comment', 'it''s' -- one\n", "SELECT '-- no; comment', 'it''s'"),
        ('SELECT "a--b" FROM t', 'SELECT "a--b" FROM t'),
    ],
)
def test_two_hyphens_begin_a_comment_where_they_are_not_quoted(sql: str, code: str) -> None:
    assert strip_comments(sql) == code
