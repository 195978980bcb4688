"""Which module of the project imports which, and what of that its room does not allow."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

from tests.architecture.rooms import ROOMS, Room

ROOT = Path(__file__).resolve().parents[2]
# A package of its own below packages/: its modules have the names they have where it is installed.
PACKAGED = ("packages", "localaws", "src")
# tests/ mirrors the rooms and may import all of them; folders with a dot are tools'.
NO_ROOMS = frozenset({"tests", "build", "docs"})
OURS = frozenset("commands conf dags localaws maintenance packages spark_jobs tests".split())
# MWAA puts the DAG folder itself on the path.
SHORT_NAMES = {"steps": "dags.steps", "systems": "dags.systems"}
FOLDER_ROOMS = (
    "dags.steps",
    "dags.metadata",
    "dags.systems",
    "dags.protocol",
    "spark_jobs.jobs",
    "spark_jobs.transforms",
    "commands.airflow_run",
    "commands.benchmark",
    "commands.folder_run",
    "commands.sample_data",
    "commands.spark",
    "commands.stack",
)
# Each file of these is a room of its own, where it lies in no folder below.
ROOMS_BY_FILE = ("commands", "spark_jobs")


def source_files(root: Path) -> list[PurePosixPath]:
    found = (
        PurePosixPath(path.relative_to(root).as_posix()) for path in root.glob("[!.]*/**/*.py")
    )
    return sorted(path for path in found if path.parts[0] not in NO_ROOMS)


def folder_of(file: PurePosixPath) -> tuple[str, ...]:
    """Return the packages that the file's module lies in, from the outermost."""
    folder = file.parts[:-1]
    return folder[len(PACKAGED) :] if folder[: len(PACKAGED)] == PACKAGED else folder


def room_of(file: PurePosixPath) -> str:
    """Return the name of the room the file lies in, whether ROOMS knows it or not."""
    module = [*folder_of(file), file.stem]
    if module[-1] == "__init__":
        del module[-1]
    if module[0] == "packages":
        return ".".join(module[:3])
    if ".".join(module[:2]) in FOLDER_ROOMS or module[0] in ROOMS_BY_FILE:
        return ".".join(module[:2])
    if module[0] == "dags" and len(file.parts) > 2:
        return ".".join(module[:2])
    return module[0]


def imported_modules(root: Path, file: PurePosixPath) -> Iterator[str]:
    """Yield the modules a file imports when it runs, anywhere in it, by their full names."""
    tree = ast.parse((root / file).read_text("utf-8"))
    yield from modules_of(root, file, set(ast.walk(tree)) - typing_nodes(tree))


def typing_modules(root: Path, file: PurePosixPath) -> Iterator[str]:
    """Yield the modules a file imports for mypy alone."""
    yield from modules_of(root, file, typing_nodes(ast.parse((root / file).read_text("utf-8"))))


def typing_nodes(tree: ast.Module) -> set[ast.AST]:
    """Find what stands below `if TYPE_CHECKING:`; its `else` runs."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for line in node.body
        for inner in ast.walk(line)
    }


def modules_of(root: Path, file: PurePosixPath, nodes: set[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (full_name(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            folder = folder_of(file)
            package = folder[: len(folder) + 1 - node.level] if node.level else ()
            base = full_name(".".join([*package, *filter(None, [node.module])]))
            yield from (member_or_module(root, base, alias.name) for alias in node.names)


def full_name(module: str) -> str:
    top, _, rest = module.partition(".")
    return ".".join(filter(None, [SHORT_NAMES.get(top, top), rest]))


def member_or_module(root: Path, base: str, name: str) -> str:
    """Tell `from package import module` from `from module import function`."""
    inside = root.joinpath(*base.split("."), name)
    is_module = inside.with_suffix(".py").is_file() or inside.is_dir()
    return f"{base}.{name}" if is_module else base


def is_below(module: str, prefixes: tuple[str, ...] | frozenset[str]) -> bool:
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)


def is_allowed(room: Room, module: str) -> bool:
    if module.partition(".")[0] in OURS:
        return is_below(module, room.ours)
    return room.libraries is None or is_below(module, room.libraries)


def broken_rules(root: Path) -> list[str]:
    broken = []
    for file in source_files(root):
        name = room_of(file)
        if name not in ROOMS:
            broken.append(f"{file}: the table names no room {name}")
            continue
        room = ROOMS[name]
        refused = {m for m in imported_modules(root, file) if not is_allowed(room, m)}
        refused |= {
            module
            for module in typing_modules(root, file)
            if not (is_allowed(room, module) or is_below(module, room.types))
        }
        broken += [f"{file}: {name} may not import {module}" for module in sorted(refused)]
    return broken


def find_circle(root: Path) -> list[str]:
    """Name the rooms of a circle of imports, none where each floor imports lower ones alone."""
    arrows: dict[str, set[str]] = {}
    for file in source_files(root):
        modules = (PurePosixPath(*m.split(".")) for m in imported_modules(root, file))
        targets = {room_of(module) for module in modules if module.parts[0] in OURS}
        arrows.setdefault(room_of(file), set()).update(targets - {room_of(file)})
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []
