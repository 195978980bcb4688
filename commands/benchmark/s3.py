"""The jobs over the stand-in's S3, with their calls counted."""

import contextlib
import itertools
import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3

from commands.benchmark.record import read_calls
from commands.benchmark.spark import SparkEngine, SparkRun, Workload, run_spark, write_claim
from commands.spark import jars
from localaws import stack_state
from localaws.seaweedfs import SeaweedFs

BUCKET = "bench"
REGION = "eu-west-1"
UPLOADS_AT_ONCE = 8


@dataclass(frozen=True)
class Store:
    """A bucket that is up, and the numbers of the runs that were made in it."""

    server: SeaweedFs
    client: Any
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def uri(self, prefix: str) -> str:
        return f"s3a://{BUCKET}/{prefix}"

    def upload(self, folder: Path, prefix: str) -> str:
        """Put all files of a folder under a prefix, and give the prefix's URI."""
        # Nothing is read of an empty file, and SeaweedFS answers its PUT late.
        paths = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size]

        def put(path: Path) -> None:
            key = f"{prefix}/{path.relative_to(folder).as_posix()}"
            self.client.put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())

        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
            list(pool.map(put, paths))
        return self.uri(prefix)

    def download(self, prefix: str, folder: Path) -> None:
        """Get what lies under a prefix into a folder."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        for key in [found["Key"] for page in pages for found in page.get("Contents", [])]:
            path = folder / key.removeprefix(prefix).lstrip("/")
            if not key.endswith("/"):
                path.parent.mkdir(parents=True, exist_ok=True)
                self.client.download_file(BUCKET, key, str(path))

    def properties(self) -> dict[str, str]:
        """Give what lets Spark reach the bucket, and S3A tell its calls at the end."""
        s3a = {
            "endpoint": self.server.endpoint,
            "endpoint.region": REGION,
            "access.key": self.server.access_key_id,
            "secret.key": self.server.secret_access_key,
            "path.style.access": "true",
            "connection.ssl.enabled": "false",
            # The local file system is Hadoop's raw one here, on which S3A buffers nothing.
            "fast.upload.buffer": "bytebuffer",
        }
        return {
            "spark.driver.extraClassPath": f"{jars.jars_dir('s3a').absolute()}/*",
            "spark.hadoop.fs.iostatistics.logging.level": "error",
            **{f"spark.hadoop.fs.s3a.{name}": value for name, value in s3a.items()},
        }

    def run(self, engine: SparkEngine, workload: Workload, work: Path) -> SparkRun:
        """Run both jobs in a folder of the bucket; accounting and KPIs come back for comparison."""
        prefix = f"runs/{next(self.numbers)}"
        claim = write_claim(workload, work)
        self.client.upload_file(str(claim), BUCKET, f"{prefix}/claim.json")
        run = run_spark(engine, workload, work, self.uri(prefix), self.properties())
        for wanted in ("validated/accounting.json", "kpis"):
            self.download(f"{prefix}/{wanted}", work / wanted)
        calls = [read_calls((work / f"{job}.log").read_text()) for job in run.parts]
        return replace(run, calls=sum(calls, Counter()))


@contextlib.contextmanager
def running_store(state: Path) -> Iterator[Store]:
    """Run the stand-in's S3 alone, over a folder that is removed at the end."""
    shutil.rmtree(state, ignore_errors=True)
    chosen = stack_state.choose_ports(stack_state.new_state(REGION), {}, ())
    keys = (chosen.access_key_id, chosen.secret_access_key)
    server = SeaweedFs(state, chosen.seaweed_ports, BUCKET, *keys)
    server.start()
    try:
        client = boto3.client(
            "s3",
            endpoint_url=server.endpoint,
            region_name=REGION,
            aws_access_key_id=server.access_key_id,
            aws_secret_access_key=server.secret_access_key,
        )
        yield Store(server, client)
    finally:
        server.stop()
        shutil.rmtree(state, ignore_errors=True)
