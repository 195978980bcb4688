"""PostgreSQL keeps every acknowledged row, however often it is killed while it writes."""

import contextlib
import os
import shutil
import signal
import threading
from pathlib import Path

import psycopg2
import pytest

from localaws.postgres import PostgresServer

SURELY_WRITTEN = 10


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_every_acknowledged_row_outlives_kill_9(tmp_path: Path, kills: int) -> None:
    server = PostgresServer(tmp_path / "state")
    acknowledged: list[tuple[int, int]] = []
    with server.running():
        with contextlib.closing(psycopg2.connect(**server.dsn("postgres"))) as connection:
            connection.autocommit = True
            connection.cursor().execute("CREATE TABLE plays (life INTEGER, number INTEGER)")

        for life in range(kills):
            written = write_until_killed(server, life)
            acknowledged += [(life, number) for number in range(written)]
            server.start()

        with contextlib.closing(psycopg2.connect(**server.dsn("postgres"))) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT life, number FROM plays")
            found = cursor.fetchall()
    shutil.rmtree(server.state)

    assert len(acknowledged) >= kills * SURELY_WRITTEN
    assert set(acknowledged) <= set(found)
    assert len(found) == len(set(found)) <= len(acknowledged) + kills


def write_until_killed(server: PostgresServer, life: int) -> int:
    """Insert rows, each its own transaction, until the server is gone; give how many it took."""
    pid = int((server.data / "postmaster.pid").read_text().splitlines()[0])
    written = 0
    with contextlib.closing(psycopg2.connect(**server.dsn("postgres"))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        killer = threading.Timer(0.05 + 0.005 * life, os.kill, (pid, signal.SIGKILL))
        with contextlib.suppress(psycopg2.OperationalError, psycopg2.InterfaceError):
            # Without its postmaster a backend ends as soon as it waits; its rows count too.
            while not killer.finished.is_set() or written % 1000:
                cursor.execute("INSERT INTO plays VALUES (%s, %s)", (life, written))
                written += 1
                if written == SURELY_WRITTEN:
                    killer.start()
        killer.join()
    return written
