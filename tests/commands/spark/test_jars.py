import dataclasses
import hashlib
from collections import Counter
from pathlib import Path

import pytest

from commands.console import CommandError
from commands.spark import jars
from conf import accelerators

JARS = {"jdbc/driver-1.jar": b"driver", "s3a/files-2.jar": b"files", "s3a/sdk-3.jar": b"sdk"}


def write_jars(folder: Path, contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@pytest.fixture
def hashes(tmp_path: Path) -> Path:
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in JARS.items()]
    path = tmp_path / "jars.sha256"
    path.write_text("".join(lines))
    return path


@pytest.fixture
def group(tmp_path: Path) -> jars.Group:
    return jars.Group(tmp_path / "cache" / "jars", ("jdbc", "s3a"), "some jars", "do it again")


@pytest.fixture
def folder(group: jars.Group) -> Path:
    return group.folder


def let_ivy_bring(monkeypatch: pytest.MonkeyPatch, contents: dict[str, bytes]) -> None:
    monkeypatch.setattr(jars, "retrieve", lambda target, group: write_jars(target, contents))


def forbid_ivy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "retrieve", lambda *_: pytest.fail("asked the network"))


def names(folder: Path) -> set[str]:
    return set(jars.hash_jars(folder))


def let_ivy_be(monkeypatch: pytest.MonkeyPatch, home: Path, script: str) -> None:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(jars, "java_home", lambda: home)


def test_the_listed_jars_are_put_in_their_folders(
    group: jars.Group,
    folder: Path,
    hashes: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    let_ivy_bring(monkeypatch, JARS)

    jars.ensure(group, hashes)

    assert names(folder) == set(JARS)
    assert [path.name for path in folder.parent.iterdir()] == ["jars"]
    assert capsys.readouterr().out == ""


def test_a_second_run_asks_nobody_and_says_nothing(
    group: jars.Group,
    folder: Path,
    hashes: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_jars(folder, JARS)
    forbid_ivy(monkeypatch)

    jars.ensure(group, hashes)

    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("brought", "complaint"),
    [
        (
            JARS | {"s3a/sdk-3.jar": b"other"},
            "s3a/sdk-3.jar has SHA-256 d9298a10d1b0735837",
        ),
        (JARS | {"s3a/new-1.jar": b"new"}, "s3a/new-1.jar is not listed in conf/jars.sha256"),
        ({"jdbc/driver-1.jar": b"driver"}, "s3a/files-2.jar is missing; s3a/sdk-3.jar is missing"),
    ],
)
def test_what_is_not_as_listed_is_refused_and_not_kept(
    group: jars.Group,
    folder: Path,
    hashes: Path,
    monkeypatch: pytest.MonkeyPatch,
    brought: dict[str, bytes],
    complaint: str,
) -> None:
    let_ivy_bring(monkeypatch, brought)

    with pytest.raises(CommandError) as failure:
        jars.ensure(group, hashes)

    assert complaint in str(failure.value)
    assert "\n" not in str(failure.value)
    assert list(folder.parent.iterdir()) == []


@pytest.mark.parametrize("damage", [{"s3a/old-0.jar": b"old"}, {"s3a/sdk-3.jar": b"changed"}])
def test_a_leftover_or_changed_jar_has_the_folder_made_anew(
    group: jars.Group,
    folder: Path,
    hashes: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: dict[str, bytes],
) -> None:
    write_jars(folder, JARS | damage)
    let_ivy_bring(monkeypatch, JARS)

    jars.ensure(group, hashes)

    assert jars.differences(folder, jars.read_hashes(hashes)) == []


def test_a_failed_download_says_in_one_line_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_ivy_be(monkeypatch, tmp_path, "echo resolving; echo 'UNRESOLVED: org#a;1'; exit 1")

    with pytest.raises(CommandError) as failure:
        jars.retrieve(tmp_path / "target", jars.SETUP)

    assert str(failure.value) == (
        "the jars of conf/ivy.xml cannot be downloaded: check the connection to Maven Central "
        "and run make setup again (Ivy: UNRESOLVED: org#a;1)"
    )


def test_ivy_is_told_one_folder_per_purpose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_ivy_be(monkeypatch, tmp_path / "jdk", f'printf "%s\\n" "$@" > "{tmp_path}/arguments"')

    jars.retrieve(tmp_path / "a target", jars.SETUP)

    arguments = (tmp_path / "arguments").read_text().splitlines()
    pattern = f"{tmp_path}/a target/[conf]/[artifact]-[revision].[ext]"
    assert arguments[arguments.index("-retrieve") + 1] == pattern
    assert Path(arguments[arguments.index("-jar") + 1]).is_file()
    place = arguments.index("-confs")
    assert arguments[place + 1 : place + 3] == ["jdbc", "s3a"]


def test_a_purpose_without_jars_names_the_verb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = dataclasses.replace(jars.SETUP, folder=tmp_path)
    monkeypatch.setattr(jars, "SETUP", setup)

    with pytest.raises(CommandError, match="the s3a jars are not there: run make setup"):
        jars.jars_dir("s3a")


def test_the_hashes_are_written_anew_on_demand(
    tmp_path: Path, hashes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars, "CACHE", tmp_path / "cache")
    let_ivy_bring(monkeypatch, {"jdbc/driver-2.jar": b"sdk"})

    jars.update_hashes(hashes)

    digest = hashlib.sha256(b"sdk").hexdigest()
    assert hashes.read_text() == f"{digest}  jdbc/driver-2.jar\n"


def test_a_group_knows_nothing_of_another_groups_jars(
    group: jars.Group, folder: Path, hashes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hashes.open("a") as file:
        file.write(f"{hashlib.sha256(b'big').hexdigest()}  comet/comet-1.jar\n")
    write_jars(folder, JARS)
    forbid_ivy(monkeypatch)

    jars.ensure(group, hashes)

    assert names(folder) == set(JARS)
    assert jars.NATIVE.folder != jars.SETUP.folder
    assert not set(jars.NATIVE.purposes) & set(jars.SETUP.purposes)


def test_the_projects_own_list_has_all_purposes() -> None:
    listed = jars.read_hashes(jars.HASHES)

    assert Counter(name.split("/")[0] for name in listed) == {"jdbc": 1, "s3a": 36, "comet": 1}
    assert f"comet/{accelerators.COMET_JAR}" in listed
