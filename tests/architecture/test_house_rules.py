"""The rules of CONTRIBUTING.md that can be read from the files."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture import citations

ROOT = Path(__file__).resolve().parents[2]
MAX_FILE_LINES = 250
MAX_FUNCTION_LINES = 40
TEXT_SUFFIXES = frozenset(
    {".cfg", ".conf", ".in", ".ini", ".json", ".lock", ".md", ".py", ".sh", ".sha256"}
)
TEXT_SUFFIXES |= frozenset({".sql", ".toml", ".txt", ".xml", ".yaml", ".yml"})
TEXT_NAMES = frozenset({"Makefile", "LICENSE", ".gitignore", "run"})
NOT_OURS = frozenset({".git", ".venv", ".cache", ".local", "build", "dist", "__pycache__"})
NAMELESS_ROOMS = frozenset({"utils", "util", "common", "misc", "helpers"})
# Written so that this file does not hold what it looks for.
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X])\b")
REGISTRY_HOST = re.compile(
    r"\b(pypi\.org|pythonhosted\.org|maven\.org|maven\.apache\.org|npmjs\.(org|com)|debian\.org)\b"
    r"|https?://[^\s/\"]*(pypi|pythonhosted|maven|npmjs|debian)",
    re.IGNORECASE,
)
UDFS = frozenset({"udf", "udtf", "pandas_udf", "arrow_udf", "mapInPandas", "mapInArrow"})
UDFS |= frozenset({"applyInPandas", "applyInArrow", "UserDefinedFunction", "rdd"})
CLOCKS = frozenset({"now", "today", "utcnow", "current_timestamp", "current_date"})
VAGUE_WORDS = frozenset({"works", "correct", "correctly", "should"})

Finding = Iterator[str]


def text_files(root: Path) -> Iterator[Path]:
    for path in sorted(root.iterdir()):
        if path.is_dir() and path.name not in NOT_OURS and not path.name.endswith("_cache"):
            yield from text_files(path)
        elif path.is_file() and (path.suffix in TEXT_SUFFIXES or path.name in TEXT_NAMES):
            yield path


def parsed(root: Path, below: str = ".") -> Iterator[tuple[str, str, ast.Module]]:
    for path in text_files(root / below) if (root / below).is_dir() else ():
        if path.suffix == ".py":
            text = path.read_text("utf-8")
            yield path.relative_to(root).as_posix(), text, ast.parse(text)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def long_files(root: Path) -> Finding:
    for name, text, _ in parsed(root):
        lines = len(text.splitlines())
        if lines > MAX_FILE_LINES:
            yield f"{name} has {lines} lines, {MAX_FILE_LINES} are allowed"


def long_functions(root: Path) -> Finding:
    for name, _, tree in parsed(root):
        for function in functions(tree):
            lines = (function.end_lineno or 0) - function.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{name}: {function.name} has {lines} lines, {MAX_FUNCTION_LINES} are allowed"


def nameless_rooms(root: Path) -> Finding:
    for name, _, _ in parsed(root):
        if NAMELESS_ROOMS & set(name.removesuffix(".py").split("/")):
            yield f"{name}: name the responsibility"


def unfinished_work(root: Path) -> Finding:
    yield from lines_with(root, UNFINISHED, "work left open")


def registry_hosts(root: Path) -> Finding:
    yield from lines_with(root, REGISTRY_HOST, "names a registry's host")


def lines_with(root: Path, pattern: re.Pattern[str], complaint: str) -> Finding:
    for path in text_files(root):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if pattern.search(line):
                yield f"{path.relative_to(root).as_posix()}:{number}: {complaint}"


def names_used(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, alias.name) for alias in node.names)


def udfs_and_clocks_in_transforms(root: Path) -> Finding:
    for name, _, tree in parsed(root, "spark_jobs/transforms"):
        for number, used in names_used(tree):
            if used in UDFS | CLOCKS:
                yield f"{name}:{number}: {used} has no place in a transformation"


def joins_without_a_side(root: Path) -> Finding:
    for name, _, tree in parsed(root, "spark_jobs"):
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            on_text = isinstance(node.func.value, ast.Constant | ast.JoinedStr)
            on_path = isinstance(node.func.value, ast.Name) and "path" in node.func.value.id
            written = {keyword.arg for keyword in node.keywords}
            if node.func.attr == "join" and not (on_text or on_path or "how" in written):
                yield f"{name}:{node.lineno}: join without how="


def vague_test_names(root: Path) -> Finding:
    for name, _, tree in (*parsed(root, "tests"), *parsed(root, "packages")):
        for function in functions(tree):
            if function.name.startswith("test_") and VAGUE_WORDS & set(function.name.split("_")):
                yield f"{name}: {function.name} does not say what happens"


def sql_out_of_form(root: Path) -> Finding:
    for path in text_files(root / "conf") if (root / "conf").is_dir() else ():
        if path.suffix != ".sql":
            continue
        name = path.relative_to(root).as_posix()
        lines = path.read_text("utf-8").splitlines()
        if not lines or not lines[0].startswith("-- "):
            yield f"{name}: no header"
        code = "\n".join(line.partition("--")[0] for line in lines)
        if re.search(r"\bselect\s+\*", code, re.IGNORECASE):
            yield f"{name}: SELECT *"


def undocumented_verbs(root: Path) -> Finding:
    makefile = (root / "Makefile").read_text("utf-8")
    phony = set(" ".join(re.findall(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)).split())
    verbs = re.findall(r"^([a-z][a-z-]*):(?!=)(.*)$", makefile, re.MULTILINE)
    yield from (f"{verb} has no ## comment" for verb, rest in verbs if "## " not in rest)
    yield from (f"{verb} is not .PHONY" for verb, _ in verbs if verb not in phony)
    yield from (f"{verb} is .PHONY and no verb" for verb in phony - {verb for verb, _ in verbs})


def broken_citations(root: Path) -> Finding:
    yield from citations.find_broken(root, text_files(root))


PLANTED = [
    (long_files, "dags/a.py", "x = 1\n" * 251),
    (long_functions, "dags/a.py", "def f():\n" + "    x = 1\n" * 40),
    (nameless_rooms, "dags/utils/a.py", ""),
    (unfinished_work, "conf/base.yaml", "a: 1  # TO" + "DO later"),
    (registry_hosts, "README.md", "from repo1.maven" + ".org/x"),
    (registry_hosts, "requirements.lock", "--index-url https://" + "my.pypi.mirror/simple"),
    (udfs_and_clocks_in_transforms, "spark_jobs/transforms/a.py", "x = F.udf(len)"),
    (udfs_and_clocks_in_transforms, "spark_jobs/transforms/a.py", "x = F.current_date()"),
    (joins_without_a_side, "spark_jobs/transforms/a.py", "x = plays.join(songs, 'track_id')"),
    (vague_test_names, "tests/test_a.py", "def test_it_works(): ..."),
    (sql_out_of_form, "conf/sql/a.sql", "DELETE FROM plays"),
    (sql_out_of_form, "conf/sql/a.sql", "-- All plays.\nSELECT *\nFROM plays"),
    (broken_citations, "dags/a.py", "# DESIGN" + ".md says why"),
    (broken_citations, "dags/a.py", "# the design, \N{SECTION SIGN} 4"),
    (broken_citations, "dags/a.py", "ROOT = Path(__file__).resolve()" + ".parents[2]"),
    (broken_citations, "dags/a.py", "LAB = ROOT" + ".parent / 'lab'"),
    (broken_citations, "dags/a.py", "LAB = '/home" + "/ann/lab'"),
    (broken_citations, "docs/flow.md", "[the flow](flow.html)"),
    (broken_citations, "docs/flow.md", "# A page\n[above](#a-pag)"),
    (broken_citations, "docs/flow.md", "look in `docs/b/*.py`"),
    (broken_citations, "docs/flow.md", "make bench AGAINST=../../older"),
    (undocumented_verbs, "Makefile", ".PHONY: run\nrun: setup\n\techo\n"),
    (undocumented_verbs, "Makefile", "run: ## Run\n\techo\n"),
    (undocumented_verbs, "Makefile", ".PHONY: run gone\nrun: ## Run\n\techo\n"),
]
RULES = sorted({rule for rule, _, _ in PLANTED}, key=lambda rule: rule.__name__)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule: Callable[[Path], Finding]) -> None:
    assert list(rule(ROOT)) == []


@pytest.mark.parametrize(("rule", "file", "text"), PLANTED)
def test_a_planted_breach_is_found(
    tmp_path: Path, rule: Callable[[Path], Finding], file: str, text: str
) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)

    assert len(list(rule(tmp_path))) == 1


def test_the_rules_see_the_projects_files() -> None:
    seen = {path.relative_to(ROOT).as_posix() for path in text_files(ROOT)}

    assert {"Makefile", "requirements.lock", "conf/ivy.xml", ".ci/run"} <= seen
    assert len(list(parsed(ROOT))) > 5
