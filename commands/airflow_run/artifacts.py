"""What the Spark jobs need in the bucket: code, JDBC driver, and the database's certificates."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from commands.checkout import ROOT
from commands.spark import certificates, jars, native
from conf import accelerators, places
from conf.settings import Settings
from dags.protocol.job_arguments import JOBS
from dags.systems.bucket import Bucket

PACKAGE = "spark_jobs"
# What jobs and workers share, packed with the jobs.
SHARED = ("conf/__init__.py", "conf/explanations.py", "conf/spark_sizes.py")
# Equal files make equal bytes: the least instant that a zip can hold, and rights of no account.
ZIP_INSTANT = (1980, 1, 1, 0, 0, 0)
READABLE = 0o644 << 16


def put_artifacts(bucket: Bucket, settings: Settings) -> list[str]:
    """Put what differs from what lies there, and give its keys."""
    changed = []
    for key, content in collect_artifacts(settings).items():
        found = bucket.head(key)
        # The ETag of an object that was put by one call.
        if found is None or found.etag != hashlib.md5(content, usedforsecurity=False).hexdigest():
            bucket.put(key, content)
            changed.append(key)
    return changed


def collect_artifacts(settings: Settings) -> dict[str, bytes]:
    """Give the artifacts by their keys.

    Raises:
        CommandError: The jar or the certificates are missing, or others than those known here.
    """
    prefix = settings.artifacts_prefix
    jobs = ROOT / PACKAGE / "jobs"
    artifacts = {places.job_key(prefix, job): (jobs / f"{job}.py").read_bytes() for job in JOBS}
    artifacts[places.package_key(prefix)] = build_package(ROOT)
    jar = jars.jars_dir("jdbc") / settings.jdbc_jar
    artifacts[places.jar_key(prefix, settings.jdbc_jar)] = jar.read_bytes()
    if settings.spark_accelerator == accelerators.COMET:
        comet = native.fetch_jar()
        artifacts[places.jar_key(prefix, comet.name)] = comet.read_bytes()
    if name := settings.certificate:
        artifacts[places.certificates_key(prefix)] = pack({name: certificates.read(name)})
    return artifacts


def build_package(root: Path) -> bytes:
    """Pack the jobs' Python files as `--py-files` takes them; equal files, equal bytes."""
    paths = [*(root / PACKAGE).rglob("*.py"), *(root / name for name in SHARED)]
    return pack({path.relative_to(root).as_posix(): path.read_bytes() for path in paths})


def pack(contents: Mapping[str, bytes]) -> bytes:
    """Pack files by their names; equal files make equal bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, ZIP_INSTANT)
            entry.external_attr = READABLE
            package.writestr(entry, contents[name])
    return packed.getvalue()
