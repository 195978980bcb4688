"""Native execution: which machine can, in which memory, and what a failure says."""

import dataclasses
from pathlib import Path

import pytest

from commands.console import CommandError
from commands.spark import jars, native
from conf import accelerators

V3 = "flags\t\t: fpu avx avx2 bmi1 bmi2 fma\n"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that can: its file of what the CPU can do."""
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text(V3)
    monkeypatch.setattr(native, "CPU_INFO", cpu_info)
    be(monkeypatch, "Linux", "x86_64")
    monkeypatch.setattr(jars, "NATIVE", dataclasses.replace(jars.NATIVE, folder=tmp_path / "jars"))
    monkeypatch.setattr(jars, "ensure", lambda *_: None)
    return cpu_info


def be(
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    cpu: str,
    libc: tuple[str, str] = ("glibc", "2.36"),
) -> None:
    monkeypatch.setattr(native.platform, "system", lambda: system)
    monkeypatch.setattr(native.platform, "machine", lambda: cpu)
    monkeypatch.setattr(native.platform, "libc_ver", lambda: libc)


def test_heap_and_off_heap_share_the_memory_of_the_heap_alone(tmp_path: Path) -> None:
    given = {"spark.driver.memory": "4g", "spark.driver.extraClassPath": "/jdbc/*", "a": "b"}

    jar = tmp_path / "jars" / "comet" / accelerators.COMET_JAR
    assert native.accelerate(given) == accelerators.SETTINGS | {
        "spark.driver.memory": "2048m",
        "spark.memory.offHeap.size": "2048m",
        "spark.driver.extraClassPath": f"/jdbc/*:{jar}",
        "a": "b",
    }
    assert given["spark.driver.memory"] == "4g"


def test_without_another_class_path_there_is_comets_alone(tmp_path: Path) -> None:
    settings = native.accelerate({"spark.driver.memory": "1g"})

    jar = tmp_path / "jars" / "comet" / accelerators.COMET_JAR
    assert settings["spark.driver.extraClassPath"] == str(jar)
    assert settings["spark.driver.memory"] == "512m"


@pytest.mark.parametrize(
    ("system", "cpu", "libc", "complaint"),
    [
        ("Darwin", "arm64", ("", ""), "Comet runs on Linux alone, x86_64 or arm64; Darwin arm64"),
        ("Linux", "riscv64", ("glibc", "2.40"), "x86_64 or arm64; Linux riscv64"),
        ("Linux", "x86_64", ("glibc", "2.17"), "Comet needs glibc 2.30 or newer, got glibc 2.17"),
        ("Linux", "x86_64", ("", ""), "Comet needs glibc 2.30 or newer, got another library"),
    ],
)
def test_a_machine_without_its_native_code_is_told_so_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch, system: str, cpu: str, libc: tuple[str, str], complaint: str
) -> None:
    be(monkeypatch, system, cpu, libc)
    monkeypatch.setattr(jars, "ensure", lambda *_: pytest.fail("fetched"))

    with pytest.raises(CommandError) as failure:
        native.accelerate({"spark.driver.memory": "4g"})

    assert complaint in str(failure.value)
    assert str(failure.value).endswith(": call it without NATIVE=1, the tables are the same")
    assert "\n" not in str(failure.value)


def test_an_old_cpu_is_told_what_it_lacks(machine: Path) -> None:
    machine.write_text("flags : fpu avx fma\n")

    with pytest.raises(CommandError, match="x86-64-v3, this one lacks avx2, bmi2: call it without"):
        native.check_machine()


def test_arm64_is_not_asked_for_what_only_the_other_has(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.unlink()
    be(monkeypatch, "Linux", "aarch64")

    native.check_machine()


def test_another_machine_may_fetch_it_for_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(monkeypatch, "Darwin", "arm64")

    assert native.fetch_jar() == tmp_path / "jars" / "comet" / accelerators.COMET_JAR


def test_a_download_that_fails_names_comet_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'Server access error'\nexit 1\n")
    java.chmod(0o755)
    monkeypatch.setattr(jars, "java_home", lambda: tmp_path)

    with pytest.raises(CommandError, match=r"Maven Central and call it again \(Ivy: Server access"):
        jars.retrieve(tmp_path / "fetched", jars.NATIVE)
