"""Fetch the jars that pyspark's wheel lacks, and check them against their known hashes."""

import argparse
import hashlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from commands.checkout import CACHE, ROOT
from commands.console import CommandError, say, verb
from commands.spark.java import java_home, last_line

IVY_FILE = ROOT / "conf" / "ivy.xml"
HASHES = ROOT / "conf" / "jars.sha256"


@dataclass(frozen=True)
class Group:
    """Jars that are fetched together: the folder, a folder in it per purpose, and how to say it."""

    folder: Path
    purposes: tuple[str, ...]
    title: str
    call: str


SETUP = Group(
    CACHE / "jars",
    ("jdbc", "s3a"),
    "the jars for JDBC and S3A (14 MB, a minute at most)",
    "run make setup again",
)
# In a folder of its own: only who asks for it has it.
NATIVE = Group(
    CACHE / "jars-native",
    ("comet",),
    "Apache DataFusion Comet (99 MB, some minutes at most)",
    "call it again",
)


def jars_dir(purpose: Literal["jdbc", "s3a"]) -> Path:
    """Return the folder of a purpose's jars; its class path is `<folder>/*`.

    Raises:
        CommandError: the jars are not there yet.
    """
    folder = SETUP.folder / purpose
    if not folder.is_dir():
        raise CommandError(f"the {purpose} jars are not there: run make setup")
    return folder


def ensure(group: Group, hashes: Path) -> None:
    """Put exactly the listed jars into a group's folder; with all of them there, ask nobody.

    A run that is cut leaves the old folder or none, never a half one.

    Raises:
        CommandError: the download failed, or what came is not what `hashes` lists.
    """
    jars = group.folder
    expected = {
        name: digest
        for name, digest in read_hashes(hashes).items()
        if name.split("/")[0] in group.purposes
    }
    if jars.is_dir() and not differences(jars, expected):
        return
    say(f"Fetching {group.title} ...")
    jars.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="jars-", dir=jars.parent) as temporary:
        fetched = Path(temporary) / "fetched"
        retrieve(fetched, group)
        if found := differences(fetched, expected):
            raise CommandError(
                f"the fetched jars are refused, {'; '.join(found)}. Where conf/ivy.xml was changed "
                "on purpose: .venv/bin/python -m commands.spark.jars --update-hashes"
            )
        if jars.is_dir():
            jars.rename(Path(temporary) / "replaced")
        fetched.rename(jars)


def retrieve(target: Path, group: Group) -> None:
    """Resolve a group of conf/ivy.xml by the Ivy inside pyspark's wheel, one folder per purpose.

    Ivy's own cache lies beside the target and goes with it: no jar is kept twice.
    """
    pattern = target / "[conf]" / "[artifact]-[revision].[ext]"
    command = [str(java_home() / "bin" / "java"), "-jar", str(ivy_jar()), "-ivy", str(IVY_FILE)]
    command += ["-cache", str(target.parent / "ivy"), "-confs", *group.purposes]
    options = ["-retrieve", str(pattern), "-types", "jar", "-warn"]
    outcome = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise CommandError(
            "the jars of conf/ivy.xml cannot be downloaded: check the connection to Maven Central "
            f"and {group.call} (Ivy: {_complaint(outcome.stdout + outcome.stderr)})"
        )


def ivy_jar() -> Path:
    """Return pyspark's Ivy, without importing pyspark."""
    spec = find_spec("pyspark")
    found = sorted(Path(spec.origin).parent.glob("jars/ivy-*.jar")) if spec and spec.origin else []
    if not found:
        raise CommandError(
            "pyspark with its jars is not installed: remove .venv and run make setup"
        )
    return found[-1]


def read_hashes(path: Path) -> dict[str, str]:
    """Read a file in the form of sha256sum into {purpose/jar: SHA-256}."""
    lines = [line.split() for line in path.read_text("utf-8").splitlines()]
    return {name: digest for digest, name in lines}


def differences(jars: Path, expected: dict[str, str]) -> list[str]:
    """Say of each jar that is missing, changed or not listed what was expected and found."""
    actual = hash_jars(jars)
    missing = [f"{name} is missing" for name in sorted(expected.keys() - actual.keys())]
    unlisted = [
        f"{name} is not listed in conf/jars.sha256"
        for name in sorted(actual.keys() - expected.keys())
    ]
    changed = [
        f"{name} has SHA-256 {actual[name]}, conf/jars.sha256 says {expected[name]}"
        for name in sorted(actual.keys() & expected.keys())
        if actual[name] != expected[name]
    ]
    return missing + unlisted + changed


def hash_jars(jars: Path) -> dict[str, str]:
    """Return {path below `jars`: SHA-256} of every file there."""
    files = sorted(path for path in jars.rglob("*") if path.is_file())
    return {
        path.relative_to(jars).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def update_hashes(hashes: Path) -> None:
    """Write the hashes of what conf/ivy.xml resolves to now."""
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="jars-", dir=CACHE) as temporary:
        fetched = Path(temporary) / "fetched"
        for group in (SETUP, NATIVE):
            retrieve(fetched, group)
        lines = [f"{digest}  {name}\n" for name, digest in hash_jars(fetched).items()]
    hashes.write_text("".join(lines), "utf-8")


def _complaint(log: str) -> str:
    """Return Ivy's first line on what it did not find, else its last line."""
    telling = ("UNRESOLVED", "FAILED", "Server access error", "not found")
    lines = [line.strip() for line in log.splitlines()]
    return next((line for line in lines if any(word in line for word in telling)), last_line(log))


@verb()
def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m commands.spark.jars", description=__doc__)
    verbs = parser.add_mutually_exclusive_group(required=True)
    verbs.add_argument("--ensure", action="store_true", help="fetch what is missing")
    verbs.add_argument("--update-hashes", action="store_true", help="after a change of ivy.xml")
    args = parser.parse_args(argv)
    if args.update_hashes:
        update_hashes(HASHES)
    else:
        ensure(SETUP, HASHES)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
