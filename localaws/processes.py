"""Foreign programs: the account they run under, their locks, ports and private files."""

import contextlib
import fcntl
import functools
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from localaws.errors import LocalAwsError

NOBODY = 65534
LOCK_SECONDS = 120.0
POLL_SECONDS = 0.1
UNSHARE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")


@dataclass(frozen=True)
class Account:
    """Who runs a program that refuses root.

    `prefix` goes before the command; `owner` is the uid and gid that its files must have, None
    where they simply stay the caller's.
    """

    prefix: tuple[str, ...] = ()
    owner: int | None = None


@functools.cache
def can_unshare() -> bool:
    """Tell whether root may enter a user namespace here; some containers forbid it."""
    try:
        return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def ordinary_account() -> Account:
    """Give the account for a program that refuses root: the caller's own, where that is not root.

    In a user namespace root shows itself as nobody, yet files stay root's: no user is made and no
    parent folder opened. Where namespaces are missing, the program runs as nobody itself.
    """
    if os.geteuid() != 0:
        return Account()
    return Account(prefix=UNSHARE) if can_unshare() else Account(owner=NOBODY)


def run(command: Sequence[str], account: Account) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, out of reach of the terminal's Ctrl-C, with TZ UTC and locale C."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PG")}
    try:
        return subprocess.run(
            [*account.prefix, *command],
            env=kept | {"TZ": "UTC", "LC_ALL": "C"},
            cwd="/",  # the caller's folder may be closed to the account
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            start_new_session=True,
            extra_groups=None if account.owner is None else [],
            user=account.owner,
            group=account.owner,
        )
    except OSError as error:
        raise LocalAwsError(f"{command[0]} cannot be run: {error.strerror}") from error


def first_error(output: str) -> str:
    """Give the line of a program's output that tells most: the first error, else the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line in lines:
        if any(word in line for word in ("FATAL:", "error:", "PANIC:")):
            return line
    return lines[-1] if lines else "it said nothing"


def command_of(pid: int) -> str:
    """Give a process's command line, parted by spaces; empty where it is gone or a zombie."""
    if Path("/proc/self").exists():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return ""
        return os.fsdecode(b" ".join(words))
    listing = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(listing, capture_output=True, text=True, check=False).stdout


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file, waiting for who holds it; the kernel frees it when its holder dies."""
    with write_access(path):
        lock = path.open("a")
    with lock:
        deadline = time.monotonic() + LOCK_SECONDS
        while not try_lock(lock.fileno()):
            if time.monotonic() > deadline:
                raise LocalAwsError(f"another process holds {path}: wait for it or end it")
            time.sleep(POLL_SECONDS)
        yield


def try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def write_access(path: Path) -> Iterator[None]:
    """Translate a file system's refusal (permission, full disk, no folder) into one line."""
    try:
        yield
    except OSError as error:
        place = error.filename or path
        raise LocalAwsError(
            f"{place}: {error.strerror}: choose a state folder that this user owns, on a disk "
            "with room"
        ) from error


def make_private_folder(path: Path, account: Account) -> None:
    """Make a folder, with its parents, that only the account can open."""
    with write_access(path):
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        owner = account.owner if account.owner is not None else os.geteuid()
        if path.stat().st_uid != owner:
            os.chown(path, owner, owner)


def write_private_file(path: Path, text: str, account: Account) -> None:
    """Write a file whole or not at all, readable by the account only."""
    fresh = path.with_name(path.name + ".new")
    with write_access(path):
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if account.owner is not None:
            os.chown(fresh, account.owner, account.owner)
        fresh.replace(path)


def read_port(path: Path) -> int | None:
    """Give the port that a file holds, None where it is missing or holds something else."""
    try:
        text = path.read_text(errors="replace").strip()
    except OSError:
        return None
    is_port = text.isascii() and text.isdigit() and len(text) <= 5
    return int(text) if is_port and 0 < int(text) < 65536 else None


def port_is_free(port: int) -> bool:
    """Tell whether a server could listen on the port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Give a port of 127.0.0.1 that nobody listens on; somebody may take it before it is used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
