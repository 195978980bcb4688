"""Spark on this machine with Apache DataFusion Comet, fetched when asked for, in equal memory."""

import os
import platform
from collections.abc import Mapping
from pathlib import Path

from commands.console import CommandError
from commands.spark import jars
from conf import accelerators

CPU_INFO = Path("/proc/cpuinfo")
# What Comet was built for on x86-64, level v3. Of arm64 it is not written which CPUs it needs.
CPU_FLAGS = frozenset({"avx2", "bmi2", "fma"})
LEAST_GLIBC = (2, 30)
WITHOUT = "call it without NATIVE=1, the tables are the same"
CLASS_PATH = "spark.driver.extraClassPath"
MEMORY = "spark.driver.memory"


def accelerate(settings: Mapping[str, str]) -> dict[str, str]:
    """Give a job's Spark settings with Comet: its jar is fetched, the heap gives up half.

    Raises:
        CommandError: This machine cannot run it, or it cannot be fetched.
    """
    jar = fetch()
    # Last on the class path: what stands before it is as without it.
    before = filter(None, [settings.get(CLASS_PATH)])
    heap, off_heap = accelerators.split_memory(settings[MEMORY])
    return {
        **settings,
        **accelerators.SETTINGS,
        CLASS_PATH: os.pathsep.join([*before, str(jar)]),
        MEMORY: heap,
        "spark.memory.offHeap.size": off_heap,
    }


def fetch() -> Path:
    """Fetch Comet for this machine, once, and give its jar; the hash is checked each time.

    Raises:
        CommandError: This machine cannot run it, or it cannot be fetched.
    """
    check_machine()
    return fetch_jar()


def fetch_jar() -> Path:
    """Fetch Comet for other machines: its one jar holds the native code of all."""
    jars.ensure(jars.NATIVE, jars.HASHES)
    return jars.NATIVE.folder / accelerators.COMET / accelerators.COMET_JAR


def check_machine() -> None:
    """Refuse a machine that Comet has no native code for.

    Raises:
        CommandError: In one line, what it lacks and what to do.
    """
    system, cpu = platform.system(), platform.machine()
    if system != "Linux" or cpu not in ("x86_64", "aarch64"):
        raise CommandError(f"Comet runs on Linux alone, x86_64 or arm64; {system} {cpu}: {WITHOUT}")
    name, version = platform.libc_ver()
    if name != "glibc" or tuple(map(int, version.split("."))) < LEAST_GLIBC:
        least = ".".join(map(str, LEAST_GLIBC))
        found = f"{name} {version}".strip() or "another library"
        raise CommandError(f"Comet needs glibc {least} or newer, got {found}: {WITHOUT}")
    if cpu == "x86_64" and (missing := CPU_FLAGS - cpu_flags()):
        lacking = ", ".join(sorted(missing))
        raise CommandError(f"Comet needs a CPU of x86-64-v3, this one lacks {lacking}: {WITHOUT}")


def cpu_flags() -> set[str]:
    """List what the CPU can do, as the kernel names it."""
    lines = CPU_INFO.read_text().splitlines() if CPU_INFO.exists() else []
    flags = next((line for line in lines if line.startswith("flags")), "")
    return set(flags.partition(":")[2].split())
