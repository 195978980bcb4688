"""S3's server: killed or moved it keeps its objects, ended it leaves nothing."""

import contextlib
import os
import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from localaws.errors import LocalAwsError
from localaws.seaweedfs import SeaweedFs, SeaweedPorts

BUCKET = "a-bucket"
SURELY_WRITTEN = 10
TEMPORARY = Path("/tmp")


@pytest.fixture
def server(tmp_path: Path, a_seaweedfs: Callable[[Path], SeaweedFs]) -> Iterator[SeaweedFs]:
    server = a_seaweedfs(tmp_path / "a state's folder")
    yield server
    if server.daemon.pid is not None:
        os.kill(server.daemon.pid, signal.SIGKILL)
    server.stop()


def the_pid(server: SeaweedFs) -> int:
    pid = server.daemon.pid
    assert pid is not None
    return pid


def sockets_of(server: SeaweedFs) -> list[str]:
    numbers = {str(number) for port in server.ports for number in (port, port + 10_000)}
    found = (path.name for path in TEMPORARY.glob("seaweedfs-*.sock"))
    return sorted(name for name in found if name.split("-")[-1].removesuffix(".sock") in numbers)


def keys_in(client: Any) -> set[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return {item["Key"] for page in pages for item in page.get("Contents", [])}


def test_every_acknowledged_object_outlives_kill_9(
    server: SeaweedFs, connect: Callable[..., Any]
) -> None:
    server.start()
    acknowledged = write_until_killed(server, connect("s3", server.endpoint))
    server.start()

    client = connect("s3", server.endpoint)
    assert len(acknowledged) >= SURELY_WRITTEN
    assert set(acknowledged) <= keys_in(client)
    for key, body in acknowledged.items():
        assert client.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body


def write_until_killed(server: SeaweedFs, client: Any) -> dict[str, bytes]:
    """Put objects until the server is gone; give those it acknowledged."""
    killer = threading.Timer(0.05, os.kill, (the_pid(server), signal.SIGKILL))
    acknowledged: dict[str, bytes] = {}
    with contextlib.suppress(BotoCoreError, ClientError):
        while True:
            number = len(acknowledged)
            key, body = str(number), f"{number} ".encode() * 500
            client.put_object(Bucket=BUCKET, Key=key, Body=body)
            acknowledged[key] = body
            if len(acknowledged) == SURELY_WRITTEN:
                killer.start()
    killer.join()
    return acknowledged


def test_term_ends_it_within_5_seconds_connections_open_or_not(
    server: SeaweedFs, connect: Callable[..., Any]
) -> None:
    server.start()
    client = connect("s3", server.endpoint)
    client.put_object(Bucket=BUCKET, Key="a", Body=b"a")
    process = psutil.Process(the_pid(server))
    begun = time.monotonic()

    process.terminate()

    assert process.wait(5.0) is not None
    assert time.monotonic() - begun < 5.0


def test_it_leaves_no_socket_behind_even_after_kill_9(server: SeaweedFs) -> None:
    server.start()
    while_up = sockets_of(server)
    process = psutil.Process(the_pid(server))
    process.kill()
    process.wait(5.0)
    after_kill = sockets_of(server)

    server.stop()

    assert len(while_up) == 7
    assert after_kill != []
    assert sockets_of(server) == []


def test_a_running_server_stays_where_nothing_changed(s3_server: SeaweedFs) -> None:
    before = the_pid(s3_server)

    s3_server.start()

    assert the_pid(s3_server) == before


def test_on_other_ports_and_with_other_keys_it_holds_the_same_objects(
    server: SeaweedFs, a_seaweedfs: Callable[[Path], SeaweedFs], connect: Callable[..., Any]
) -> None:
    server.start()
    first = the_pid(server)
    connect("s3", server.endpoint).put_object(Bucket=BUCKET, Key="kept", Body=b"kept")
    moved = replace(a_seaweedfs(server.state), secret_access_key="another-secret")

    moved.start()

    client = connect("s3", moved.endpoint, secret_access_key="another-secret")
    client.put_object(Bucket=BUCKET, Key="new", Body=b"new")
    assert the_pid(moved) != first
    assert client.get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"kept"
    assert keys_in(client) == {"kept", "new"}
    assert sockets_of(server) == []
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        connect("s3", moved.endpoint).list_buckets()


def test_it_sends_no_telemetry_and_opens_no_page(s3_server: SeaweedFs) -> None:
    words = psutil.Process(the_pid(s3_server)).cmdline()

    assert {"-master.telemetry=false", "-webdav=false", "-admin.ui=false"} <= set(words)
    assert {"-ip=127.0.0.1", "-ip.bind=127.0.0.1"} <= set(words)
    assert "GOMEMLIMIT" not in psutil.Process(the_pid(s3_server)).environ()


def test_its_keys_are_closed_to_others_and_in_no_argument(s3_server: SeaweedFs) -> None:
    words = " ".join(psutil.Process(the_pid(s3_server)).cmdline())

    assert stat.S_IMODE((s3_server.state / "s3.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(s3_server.state.stat().st_mode) == 0o700
    assert s3_server.secret_access_key not in words + repr(s3_server)


@pytest.mark.rule(
    "A bucket's name has 3 to 63 of a-z, 0-9, hyphen and dot",
    page="AmazonS3/latest/userguide/bucketnamingrules.html",
    group="s3",
)
@pytest.mark.parametrize("name", ["ab", "A-bucket", "a_bucket", "-bucket", "a" * 64, "s3://bucket"])
def test_a_name_that_no_bucket_can_have_is_refused(tmp_path: Path, name: str) -> None:
    ports = SeaweedPorts(1, 2, 3, 4, 5)

    with pytest.raises(LocalAwsError, match="is no bucket name: 3 to 63 of"):
        SeaweedFs(tmp_path, ports, name, "local", "secret")
    assert SeaweedFs(tmp_path, ports, "a" * 63, "local", "secret").bucket == "a" * 63
