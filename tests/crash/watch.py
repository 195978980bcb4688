"""Numbers the requests of a world's worker, and lets it die before or after one of its writes."""

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import psycopg2.extensions

from dags.systems import metadata
from tests.crash.writes import RDS_COMMIT, kind_of
from tests.pipeline_world import World

# How often they are sent is a matter of time, not of what is done.
POLLS = {"DescribeStatement"}


class DeathError(BaseException):
    """The worker is gone: as after SIGKILL, no handler of errors may go on."""


class Kill(NamedTuple):
    """Where a worker dies: at its n-th write, "before" it is sent or "after" it is answered."""

    write: int
    moment: str


class Watch:
    """Sees every request that a world's systems get; what it counts begins at `begin`.

    Attributes:
        writes: the kind of each write so far.
        requests: how many requests there were, reads included, polls left out.
    """

    def __init__(self, world: World) -> None:
        self.writes: list[str] = []
        self.requests, self.is_dead, self.is_on = 0, False, False
        self._kill: Kill | None = None
        self._later: list[Kill | None] = []
        self._strike: tuple[int, Callable[[], None]] | None = None
        self._lock = threading.RLock()
        pipeline = world.pipeline
        for system in (pipeline.bucket, pipeline.ledger, pipeline.warehouse):
            system.client.meta.events.register("provide-client-params", self._before_call)
            system.client.meta.events.register("after-call", self._after_call)
        world.pipeline = dataclasses.replace(pipeline, open_metadata=self._opener(world))
        world.jobs.pipeline = world.pipeline

    def begin(self, kills: Sequence[Kill] = ()) -> None:
        """Count from one again; the worker dies at the first of these points, its heirs next."""
        self.writes, self.requests = [], 0
        self.is_dead, self.is_on = False, True
        self._kill, *self._later = (*kills, None)

    def strike_at(self, request: int, strike: Callable[[], None]) -> None:
        """Have something done right before the n-th request is sent."""
        self._strike = (request, strike)

    def revive(self) -> None:
        """Let the next worker live, until its own point; each counts from one."""
        self.begin([kill for kill in self._later if kill])

    def end(self) -> None:
        """Count nothing more, kill nobody more."""
        self.is_dead = self.is_on = False
        self._kill, self._later, self._strike = None, [], None

    def _before(self, kind: str | None) -> int:
        """Note a request and give its number among the writes, 0 for a read."""
        with self._lock:
            self._die_if_dead()
            if not self.is_on:
                return 0
            self.requests += 1
            if self._strike and self._strike[0] == self.requests:
                self._strike[1]()
            if kind is None:
                return 0
            self.writes.append(kind)
            self._meet(Kill(len(self.writes), "before"))
            return len(self.writes)

    def _after(self, write: int) -> None:
        with self._lock:
            self._die_if_dead()
            self._meet(Kill(write, "after"))

    def _meet(self, point: Kill) -> None:
        self.is_dead = self.is_dead or point == self._kill
        self._die_if_dead()

    def _die_if_dead(self) -> None:
        if self.is_dead:
            raise DeathError(f"killed at {self._kill}")

    def _before_call(self, params: Any, model: Any, context: Any, **_: Any) -> None:
        service = model.service_model.service_name
        if model.name not in POLLS:
            context["write"] = self._before(kind_of(service, model.name, params))

    def _after_call(self, context: Any, **_: Any) -> None:
        self._after(context.get("write", 0))

    def _opener(self, world: World) -> Callable[[], Any]:
        watch = self

        class WatchedConnection(psycopg2.extensions.connection):
            def commit(self) -> None:
                write = watch._before(RDS_COMMIT)
                super().commit()
                watch._after(write)

        @contextlib.contextmanager
        def open_metadata() -> Iterator[Any]:
            dsn = world.stack.postgres.dsn(world.settings.metadata_database)
            opened = metadata.connect({**dsn, "connection_factory": WatchedConnection})
            with contextlib.closing(opened) as connection:
                yield connection

        return open_metadata
