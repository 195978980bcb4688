"""Archives of a job run lie unpacked in the folder that it works in, under their names."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localaws.emr_serverless.archives import ArchiveError, archives_of, unpack

from .emr_service import Service

PAGE = "emr/latest/EMR-Serverless-UserGuide/using-python-libraries.html"


def a_zip(name: str, text: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, text)
    return packed.getvalue()


def a_tar(mode: Any, name: str, text: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return packed.getvalue()


def request(parameters: str = "") -> dict[str, Any]:
    return {"jobDriver": {"sparkSubmit": {"sparkSubmitParameters": parameters}}}


@pytest.mark.rule(
    "spark.archives=…#name lies unpacked as ./name where driver and executors work",
    page=PAGE,
    group="emr",
)
def test_a_job_run_finds_its_archive_by_the_name_after_the_hash(service: Service, s3: Any) -> None:
    s3.put_object(Bucket="code", Key="artifacts/ca.zip", Body=a_zip("ca.pem", b"a root"))
    application = service.create()
    archives = "--conf spark.archives=s3://code/artifacts/ca.zip#certificates"

    run_id = service.start(application, "cat=./certificates/ca.pem", parameters=archives)

    assert service.wait(application, run_id)["state"] == "SUCCESS"
    assert "file: a root" in service.driver_output(run_id)


@pytest.mark.parametrize(
    ("key", "content"), [("none.zip", None), ("broken.zip", b"no zip"), ("broken.tgz", b"no tar")]
)
def test_a_job_run_whose_archive_cannot_be_had_fails_and_says_which(
    service: Service, s3: Any, key: str, content: bytes | None
) -> None:
    if content is not None:
        s3.put_object(Bucket="code", Key=key, Body=content)
    application = service.create()

    run_id = service.start(application, parameters=f"--archives s3://code/{key}#a")

    run = service.wait(application, run_id)
    assert run["state"] == "FAILED"
    assert f"archive s3://code/{key} cannot be unpacked: " in run["stateDetails"]


def test_an_option_goes_before_the_property_and_a_name_is_the_files_own_where_none_is_given() -> (
    None
):
    properties = {"spark.archives": "s3://b/a.zip#one,s3://b/c.tgz"}

    assert archives_of(request(), {}) == {}
    assert archives_of(request(), properties) == {"one": "s3://b/a.zip", "c.tgz": "s3://b/c.tgz"}
    assert archives_of(request("--archives s3://b/d.jar#two"), properties) == {
        "two": "s3://b/d.jar"
    }


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/b", ".."])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ArchiveError, match="is no name of a folder"):
        archives_of(request(), {"spark.archives": f"s3://b/a.zip#{name}"})


@pytest.mark.parametrize(
    ("key", "pack"),
    [
        ("a.zip", a_zip),
        ("a.jar", a_zip),
        ("a.tar", lambda *file: a_tar("w", *file)),
        ("a.tar.gz", lambda *file: a_tar("w:gz", *file)),
        ("a.tgz", lambda *file: a_tar("w:gz", *file)),
    ],
)
def test_an_archive_is_unpacked_by_its_ending(
    tmp_path: Path, key: str, pack: Callable[..., bytes]
) -> None:
    unpack(pack("old.txt", b"old"), key, tmp_path / "a")
    unpack(pack("folder/new.txt", b"new"), key, tmp_path / "a")

    found = [path for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert [(path.name, path.read_bytes()) for path in found] == [("new.txt", b"new")]


def test_what_is_no_archive_is_copied(tmp_path: Path) -> None:
    unpack(b"text", "a.txt", tmp_path / "a")

    assert (tmp_path / "a").read_bytes() == b"text"
