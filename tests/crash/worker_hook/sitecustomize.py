"""Python reads this first in Airflow's processes: it ends the worker by SIGKILL at one write.

CRASH_WRITES names the file that takes the kind of each write, CRASH_AT says which one kills, by
its number or its kind: "17 before", "emr-serverless StartJobRun validate_data after".
"""

import contextlib
import fcntl
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Killer:
    """Notes all writes of all processes in one file, and ends the group of one of them."""

    log: Path
    kill: str

    @contextlib.contextmanager
    def writing(self, kind: str) -> Iterator[None]:
        with self.log.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            number = len(file.readlines()) + 1
            file.write(f"{kind}\n")
        self._meet(number, kind, "before")
        yield
        self._meet(number, kind, "after")

    def _meet(self, number: int, kind: str, moment: str) -> None:
        if self.kill in (f"{number} {moment}", f"{kind} {moment}"):
            os.killpg(os.getpgrp(), signal.SIGKILL)


def watch_boto3(killer: Killer) -> None:
    """See every request of a client in this process."""
    from botocore.client import BaseClient

    from tests.crash.writes import kind_of

    call = BaseClient._make_api_call

    def watched(self: Any, operation_name: str, api_params: Any) -> Any:
        kind = kind_of(self.meta.service_model.service_name, operation_name, api_params)
        with killer.writing(kind) if kind else contextlib.nullcontext():
            return call(self, operation_name, api_params)

    BaseClient._make_api_call = watched


def watch_psycopg2(killer: Killer) -> None:
    """See every commit in this process."""
    import psycopg2
    import psycopg2.extensions

    from tests.crash.writes import RDS_COMMIT

    class WatchedConnection(psycopg2.extensions.connection):
        def commit(self) -> None:
            with killer.writing(RDS_COMMIT):
                super().commit()

    connect = psycopg2.connect

    def watched(*args: Any, **words: Any) -> Any:
        return connect(*args, **{"connection_factory": WatchedConnection, **words})

    psycopg2.connect = watched


if "CRASH_WRITES" in os.environ:
    the_killer = Killer(Path(os.environ["CRASH_WRITES"]), os.environ.get("CRASH_AT", ""))
    watch_boto3(the_killer)
    watch_psycopg2(the_killer)
