"""SQL files, one statement each, read by importlib.resources."""

import re
from importlib import resources

MIGRATION = re.compile(r"([0-9]{4})_[a-z0-9_]+\.sql")
# A text or a quoted name, in which two hyphens begin no comment; else a comment.
QUOTED_OR_COMMENT = re.compile(r"""('[^']*'|"[^"]*")|--[^\n]*""")


def read_statement(folder: str, name: str) -> str:
    """Read a statement without its comments: some clients take a `;` or `'` in them for SQL."""
    text = resources.files(folder).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return strip_comments(text)


def list_migrations(folder: str) -> list[tuple[int, str]]:
    """List the migrations of a database's folder in order: number and file name."""
    names = sorted(file.name for file in resources.files(folder).iterdir())
    return [(int(found[1]), name) for name in names if (found := MIGRATION.fullmatch(name))]


def strip_comments(sql: str) -> str:
    """Take the comments from a statement, and the blank lines that they leave."""
    code = QUOTED_OR_COMMENT.sub(lambda found: found[1] or "", sql)
    return "\n".join(line.rstrip() for line in code.splitlines() if line.strip())
