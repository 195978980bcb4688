"""RDS's certificates are those of a pinned hash, and lie where worker and job look for them."""

import hashlib
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from commands.airflow_run.artifacts import collect_artifacts
from commands.console import CommandError
from commands.spark import certificates
from commands.spark.certificates import (
    BUNDLE,
    FOLDER,
    HASHES,
    PACKAGE,
    ROOT,
    build_pem,
    ensure,
    main,
    read,
)
from commands.spark.jars import read_hashes
from conf import places
from conf.settings import load_settings
from localaws.errors import LocalAwsError
from localaws.npm import NpmProgram
from packages.localaws.tests.servers import PROGRAMS

PEM = b"-----BEGIN CERTIFICATE-----\nMIIE+/ab=\n-----END CERTIFICATE-----\n"
SCRIPT = """exports.defaults = [
    '-----BEGIN CERTIFICATE-----\\n' +
        'MIIE+/ab=\\n' +
        '-----END CERTIFICATE-----\\n',
];
"""
SETTINGS = replace(
    load_settings("local"),
    metadata_ssl_mode="verify-full",
    metadata_ssl_root_cert=f"/usr/local/airflow/dags/conf/aws/{BUNDLE}",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the place of the certificates, empty; the listed hash is PEM's."""
    hashes = tmp_path / "certificates.sha256"
    hashes.write_text(f"{hashlib.sha256(PEM).hexdigest()}  {BUNDLE}\n")
    monkeypatch.setattr(certificates, "FOLDER", tmp_path)
    monkeypatch.setattr(certificates, "HASHES", hashes)
    return tmp_path


def let_npm_bring(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    path = folder / "defaults.js"
    path.write_text(script)
    monkeypatch.setattr(NpmProgram, "fetch", lambda *_: path)


def forbid_npm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NpmProgram, "fetch", lambda *_: pytest.fail("asked the network"))


def test_the_certificates_of_the_package_are_put_where_they_are_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_npm_bring(monkeypatch, folder, SCRIPT)
    ensure()
    forbid_npm(monkeypatch)
    ensure()

    assert read(BUNDLE) == PEM


def test_a_package_of_other_certificates_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    let_npm_bring(monkeypatch, folder, SCRIPT.replace("MIIE", "MIIF"))

    assert main([]) == 2

    told = capsys.readouterr().err
    assert told.startswith(f"error: conf/aws/{BUNDLE} has SHA-256 ")
    assert told.count("\n") == 1
    assert not (folder / BUNDLE).exists()


def test_without_npm_the_verb_tells_it_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> Path:
        raise LocalAwsError("no npm here: install Node.js")

    monkeypatch.setattr(NpmProgram, "fetch", refuse)

    assert main([]) == 2
    assert capsys.readouterr().err == "error: no npm here: install Node.js\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read (No such file or directory): run make certificates"),
        (b"another", "run make certificates, or list the hash of the file that you trust"),
    ],
)
def test_an_environment_whose_tls_needs_certificates_is_not_deployed_without_them(
    folder: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (folder / BUNDLE).write_bytes(content)

    with pytest.raises(CommandError) as error:
        collect_artifacts(SETTINGS)

    assert str(error.value).startswith(f"conf/aws/{BUNDLE} ")
    assert str(error.value).endswith(message)
    assert "\n" not in str(error.value)


def test_the_jobs_get_an_archive_with_the_file_that_they_name(folder: Path) -> None:
    (folder / BUNDLE).write_bytes(PEM)

    archive = collect_artifacts(SETTINGS)[places.certificates_key("artifacts")]

    with zipfile.ZipFile(BytesIO(archive)) as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == {BUNDLE: PEM}
    assert archive == collect_artifacts(SETTINGS)["artifacts/certificates.zip"]


def test_a_worker_looks_where_conf_lies_below_the_dag_folder() -> None:
    """On MWAA `conf/` is copied into the DAG folder, the certificates in it."""
    base = (ROOT / "conf" / "base.yaml").read_text()

    relative = (FOLDER / BUNDLE).relative_to(ROOT)

    assert f"\nmetadata_ssl_root_cert: /usr/local/airflow/dags/{relative}\n" in base


@pytest.mark.slow
def test_the_pinned_package_holds_the_certificates_of_the_listed_hash() -> None:
    script = PACKAGE.fetch(PROGRAMS).read_text()

    pem = build_pem(script)

    assert hashlib.sha256(pem).hexdigest() == read_hashes(HASHES)[BUNDLE]
    assert pem.count(b"-----BEGIN CERTIFICATE-----\n") == 115
