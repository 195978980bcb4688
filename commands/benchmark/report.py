"""The tables of `make bench`, as Markdown: what was measured, and each as a ratio."""

import os
import platform
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from commands.benchmark.measured import Measurement
from commands.benchmark.record import CALLS
from commands.benchmark.rounds import Name, Run, Spread, ratio, spread
from commands.benchmark.spark import SparkRun
from commands.checkout import ROOT
from commands.spark.java import java_home
from commands.spark.submit import read_local_settings

LIBRARIES = ("pyspark", "duckdb", "polars", "pandas", "pyarrow")
MEASURES: dict[str, Callable[[Measurement], float]] = {
    "wall": lambda taken: taken.wall_seconds,
    "CPU": lambda taken: taken.cpu_seconds,
}
TAKEN = ("wall s", "CPU s", "peak GB", "cores of others")
OF_SPARK = ("starts s", "shuffled MB", "spilled MB")


def print_machine(rounds: int, against: Path | None) -> None:
    """Print when, where and with what is measured."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    release = (java_home() / "release").read_text() if (java_home() / "release").exists() else ""
    java = [line.split('"')[1] for line in release.splitlines() if line.startswith("JAVA_VERSION=")]
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {count_cores()} cores, {platform.platform()}")
    print(f"Python {platform.python_version()}, Java {' '.join(java) or 'unknown'}, {libraries}")
    print(
        f"heap {read_local_settings()['spark.driver.memory']}, rounds {rounds}, "
        f"load {', '.join(f'{load:.1f}' for load in os.getloadavg())}"
    )
    print(f"this checkout: {describe_checkout(ROOT)}")
    if against is not None:
        print(f"against: {describe_checkout(against)}")


def count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def describe_checkout(folder: Path) -> str:
    """Name a checkout's commit, and say whether its files differ from it."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown: there is no git"
    return done.stdout.strip() or "no commit"


def print_peers(title: str, runs: Mapping[str, Sequence[Run]]) -> None:
    """Print what each engine took, the jobs also one by one, and the ratios to all others."""
    print(f"\n{title}\n")
    rows = []
    for engine, taken in runs.items():
        rows.append((engine, *figures([run.total for run in taken]), *spark_figures(taken)))
        for part in taken[0].parts if len(taken[0].parts) > 1 else ():
            parts = [run.parts[part] for run in taken]
            rows.append((f"{engine}: {part}", *figures(parts), *[""] * len(OF_SPARK)))
    print_table(("engine", *TAKEN, *OF_SPARK), rows)
    print()
    print_ratios(runs)


def print_ratios(runs: Mapping[str, Sequence[Run]]) -> None:
    """Print how many times what each other engine took the jobs take."""
    rows = [
        (f"{engine}, {measure}", *(show(ratio(taken, runs[base], of)) for base in runs))
        for engine, taken in runs.items()
        if isinstance(taken[0], SparkRun)
        for measure, of in MEASURES.items()
    ]
    print_table(("times what it takes", *runs), rows)


def print_cases(
    title: str, runs: Mapping[Name, Sequence[SparkRun]], bases: Mapping[str, str]
) -> None:
    """Print what each case took, and as a ratio to the case that `bases` names for it.

    With several engines also as a ratio to the first of them.
    """
    print(f"\n{title}\n")
    engines = list(dict.fromkeys(engine for _, engine in runs))
    kinds = ("all", *CALLS) if any(run.calls for taken in runs.values() for run in taken) else ()
    header = ["case", *(["engine"] if engines[1:] else []), *TAKEN, *OF_SPARK]
    header += ["to", *MEASURES, *([f"/ {engines[0]}"] if engines[1:] else [])]
    header += [f"S3 calls, {kind}" if kind == "all" else kind for kind in kinds]
    rows = []
    for (case, engine), taken in runs.items():
        row = [case, *([engine] if engines[1:] else [])]
        row += [*figures([run.total for run in taken]), *spark_figures(taken)]
        base = runs.get((bases.get(case, ""), engine))
        row.append(bases.get(case, ""))
        row += [show(ratio(taken, base, of)) if base else "" for of in MEASURES.values()]
        if engines[1:]:
            row.append(show(ratio(taken, runs[case, engines[0]], MEASURES["wall"])))
        row += [f"{max(run.calls[kind] for run in taken):,}" for kind in kinds]
        rows.append(row)
    print_table(header, rows)


def figures(taken: Sequence[Measurement]) -> tuple[str, ...]:
    """Show wall and CPU as median and spread, the greatest memory, and others' work meanwhile."""
    return (
        *(show(spread(map(of, taken)), 1) for of in MEASURES.values()),
        f"{max(run.peak_bytes for run in taken) / 1e9:.1f}",
        show(spread(run.others_cores for run in taken)),
    )


def spark_figures(taken: Sequence[Run]) -> tuple[str, ...]:
    runs = [run for run in taken if isinstance(run, SparkRun)]
    if not runs:
        return ("",) * len(OF_SPARK)
    return (
        f"{spread(run.start_seconds for run in runs).median:.1f}",
        f"{max(run.shuffled_bytes for run in runs) / 1e6:,.0f}",
        f"{max(run.spilled_bytes for run in runs) / 1e6:,.0f}",
    )


def show(values: Spread, digits: int = 2) -> str:
    """Show a median with its spread; one round has none."""
    median, least, most = (
        f"{value:.{digits}f}" for value in (values.median, values.least, values.most)
    )
    return median if least == most else f"{median} ({least}–{most})"


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table of Markdown that reads as well unrendered."""
    lines = [tuple(header), *map(tuple, rows)]
    widths = [max(3, *(len(line[at]) for line in lines)) for at in range(len(header))]
    lines.insert(1, tuple("-" * width for width in widths))
    for line in lines:
        cells = [text.ljust(width) for text, width in zip(line, widths, strict=True)]
        print(f"| {' | '.join(cells)} |")
