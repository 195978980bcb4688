"""spark.archives: fetched from S3 and unpacked where driver and executors work, as `#name` says."""

import io
import shutil
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localaws.emr_serverless.configuration import parameters_of
from localaws.emr_serverless.logs import connect
from localaws.endpoint.config import EndpointConfig

ZIPS = (".zip", ".jar")
TARS = (".tar.gz", ".tgz", ".tar")


class ArchiveError(Exception):
    """An archive cannot be had; the message names it."""


def archives_of(request: Mapping[str, Any], properties: Mapping[str, str]) -> dict[str, str]:
    """Give the archives' URIs by the names of their folders; --archives goes before the property.

    Raises:
        ArchiveError: A folder's name is none.
    """
    options = parameters_of(request).options
    given = options[options.index("--archives") + 1] if "--archives" in options else ""
    found = {}
    for part in (given or properties.get("spark.archives", "")).split(","):
        uri, _, name = part.partition("#")
        name = name or uri.rpartition("/")[2]
        if uri and (name == ".." or Path(name).parts != (name,)):
            raise ArchiveError(f"archive {uri}: {name!r} is no name of a folder")
        if uri:
            found[name] = uri
    return found


def unpack_all(config: EndpointConfig, archives: Mapping[str, str], folder: Path) -> None:
    """Fetch archives and unpack them below the working folder, each into its own.

    Raises:
        ArchiveError: One is not there, or not what its ending says.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    for name, uri in archives.items():
        bucket, _, key = uri.partition("://")[2].partition("/")
        try:
            client = connect(config, "s3", config.s3_endpoint)
            content = client.get_object(Bucket=bucket, Key=key)["Body"].read()
            unpack(content, key, folder / name)
        except (BotoCoreError, ClientError, zipfile.BadZipFile, tarfile.TarError, OSError) as error:
            raise ArchiveError(f"archive {uri} cannot be unpacked: {error}") from error


def unpack(content: bytes, key: str, target: Path) -> None:
    """Unpack by the ending of the key; what has another one is only copied, as Spark does."""
    shutil.rmtree(target, ignore_errors=True)
    if key.endswith(ZIPS):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(target)
    elif key.endswith(TARS):
        with tarfile.open(fileobj=io.BytesIO(content)) as packed:
            packed.extractall(target, filter="tar")
    else:
        target.write_bytes(content)
