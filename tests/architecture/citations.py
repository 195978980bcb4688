"""What pages and code point to: links, names of pages, paths. All of it lies in the project."""

import os.path
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

LINK = re.compile(r"\]\(([^()\s]+)\)")
PAGE = re.compile(r"(?<![\w./:-])[\w./-]*\w\.md\b")
WEB = re.compile(r"https?://\S+")
QUOTED_PATH = re.compile(r"`(\.?\w[\w.-]*/[\w./*-]*)`")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
UPWARDS = re.compile(r"(?<![\w./])(?:\.\./)+[\w-][\w./-]*")
# Written so that this file does not hold what it looks for.
ELSEWHERE = re.compile(r"(?<![\w.}])(?:/hom[e]/|/User[s]/|/roo[t]/|~[/])\w|\bROOT\.paren[t]")
FROM_THE_FILE = re.compile(r"__file__\)(?:\.resolve\(\))?(?:\.parents\[(\d+)\]|((?:\.parent\b)+))")
MADE = (".cache", ".local", ".venv")  # by make: there on one machine, not on another
SECTION_SIGN = "\N{SECTION SIGN}"


def find_broken(root: Path, paths: Iterable[Path]) -> Iterator[str]:
    """List what points to nothing, or out of the project, by file and line."""
    for path in paths:
        name = path.relative_to(root)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            for complaint in _find_in_line(root, PurePosixPath(name), line):
                yield f"{name.as_posix()}:{number}: {complaint}"


def _find_in_line(root: Path, name: PurePosixPath, line: str) -> Iterator[str]:
    if SECTION_SIGN in line:
        yield "names a section by its number: name the page and its heading"
    yield from (f"{found} is on one machine alone" for found in ELSEWHERE.findall(line))
    yield from _missing_pages(root, name, line)
    if name.suffix == ".md":
        yield from _broken_links(root, name, line)
        yield from _missing_paths(root, line)
    if name.suffix == ".py":
        yield from _climbs_of_code(name, line)
    else:
        yield from _climbs_of_text(name, line)


def _missing_pages(root: Path, name: PurePosixPath, line: str) -> Iterator[str]:
    for page in PAGE.findall(WEB.sub("", line)):
        if not any((root / base / page).is_file() for base in (name.parent, "", "docs")):
            yield f"there is no page {page}"


def _broken_links(root: Path, name: PurePosixPath, line: str) -> Iterator[str]:
    for target in LINK.findall(WEB.sub("", line)):
        page, _, anchor = target.partition("#")
        path = root / name.parent / page if page else root / name
        if not path.exists():
            yield f"there is no {page}"
        elif anchor and anchor not in anchors_of(path.read_text("utf-8")):
            yield f"{page or name.name} has no heading for #{anchor}"


def _missing_paths(root: Path, line: str) -> Iterator[str]:
    """Find the paths in backticks that begin in a folder of the project and lead nowhere."""
    for path in QUOTED_PATH.findall(line):
        folder, _, rest = path.partition("/")
        if folder in MADE:
            continue
        if rest and (root / folder).is_dir() and not any((root / folder).glob(rest.rstrip("/"))):
            yield f"there is no {path}"


def _climbs_of_code(name: PurePosixPath, line: str) -> Iterator[str]:
    for index, chain in FROM_THE_FILE.findall(line):
        climbed = int(index) + 1 if index else chain.count(".parent")
        if climbed > len(name.parts):
            yield "leads out of the project"


def _climbs_of_text(name: PurePosixPath, line: str) -> Iterator[str]:
    for path in UPWARDS.findall(line):
        if os.path.normpath(name.parent / path).startswith(".."):
            yield f"{path} leads out of the project"


def anchors_of(text: str) -> set[str]:
    """Name a page's headings as GitHub does."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text))
    return {heading.strip().replace(" ", "-") for heading in plain}
