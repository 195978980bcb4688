"""Servers and drivers that die by SIGKILL at some instant, and come back."""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from commands.stack.bring_up import bring_up
from commands.stack.describe import ENVIRONMENT
from conf.settings import load_settings
from localaws.stack import Stack

SERVERS = ("s3", "postgres", "dynamodb", "endpoint")
LOOK_SECONDS = 0.1


@dataclass
class ServerKill:
    """The death of a server some seconds after it is called for.

    Attributes:
        at_once: whether it is brought back right away, or by `mend` only.
    """

    stack: Stack
    server: str
    delay: float
    at_once: bool
    _timer: threading.Timer | None = None

    def __call__(self) -> None:
        self._timer = threading.Timer(self.delay, self._kill)
        self._timer.start()

    def _kill(self) -> None:
        (pid,) = [line.pid for line in self.stack.status() if line.service == self.server]
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        if self.at_once:
            self._bring_back()

    def mend(self) -> None:
        """Bring back what is down."""
        if self._timer:
            self._timer.join()
            self._bring_back()

    def _bring_back(self) -> None:
        """Do as `make up`: what moto keeps in its memory is there again too."""
        bring_up(self.stack, load_settings(ENVIRONMENT))


@dataclass
class Lookout:
    """Does something once, as soon as it sees what it waits for; it ends with `stop`."""

    sees: Callable[[], bool]
    act: Callable[[], None]
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Lookout":
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            if self.sees():
                self.act()
                return


@dataclass
class DriverKill:
    """The death of the n-th Spark driver that shows up, some seconds after it did."""

    stack: Stack
    number: int
    delay: float
    seen: set[int] = field(default_factory=set)

    def sees(self) -> bool:
        self.seen |= {process.pid for process in self._drivers()}
        return len(self.seen) >= self.number

    def act(self) -> None:
        timer = threading.Timer(self.delay, self._kill)
        timer.start()

    def _kill(self) -> None:
        for process in self._drivers():
            process.kill()

    def _drivers(self) -> list[psutil.Process]:
        (pid,) = [line.pid for line in self.stack.status() if line.service == "endpoint"]
        found = []
        for process in psutil.process_iter(["pid", "name", "cmdline"]):
            words = process.info["cmdline"] or []
            is_driver = "org.apache.spark.deploy.SparkSubmit" in words
            if pid and is_driver and str(self.stack.config.state) in " ".join(words):
                found.append(process)
        return found
