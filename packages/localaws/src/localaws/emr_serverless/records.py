"""What is remembered of applications and job runs."""

import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

ENDED = frozenset({"SUCCESS", "FAILED", "CANCELLED"})
WAITING = frozenset({"SUBMITTED", "QUEUED", "PENDING"})
INHERITED = ("runtimeConfiguration", "monitoringConfiguration")


@dataclass
class Application:
    """An application; `settings` are the members of CreateApplication as updates left them."""

    id: str
    client_token: str
    fingerprint: str
    settings: dict[str, Any]
    tags: dict[str, str]
    state: str
    created_at: float
    updated_at: float
    idle_since: float
    state_details: str = ""

    @property
    def release(self) -> str:
        """Give the release label."""
        label: str = self.settings["releaseLabel"]
        return label

    def move(self, state: str, details: str = "") -> None:
        """Go to a state; an application is idle from the moment it has started."""
        self.state, self.state_details = state, details
        self.updated_at = self.idle_since = time.time()


@dataclass
class Attempt:
    """One try of a job run: its state and its process, both as last known."""

    number: int
    created_at: float
    updated_at: float
    state: str = "SUBMITTED"
    state_details: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    pid: int | None = None
    pid_started: float | None = None


@dataclass
class JobRun:
    """A job run; `request` are the members of StartJobRun, its state is the last attempt's.

    `inherited` are the settings of its application as they were when it was started.
    """

    id: str
    application_id: str
    client_token: str
    fingerprint: str
    request: dict[str, Any]
    release: str
    inherited: dict[str, Any]
    tags: dict[str, str]
    created_at: float
    attempts: list[Attempt] = field(default_factory=list)
    queued_since: float | None = None
    queued_seconds: float = 0.0

    @property
    def attempt(self) -> Attempt:
        """Give the attempt that counts."""
        return self.attempts[-1]

    @property
    def state(self) -> str:
        """Give the state of the attempt that counts."""
        return self.attempt.state

    @property
    def has_ended(self) -> bool:
        """Tell whether the run's state is its last one."""
        return self.state in ENDED

    @property
    def name(self) -> str | None:
        """Give the name, which need not be unique."""
        return self.request.get("name")

    @property
    def max_attempts(self) -> int:
        """Give how often it may be tried."""
        return int(self.request.get("retryPolicy", {}).get("maxAttempts", 1))

    @property
    def started_at(self) -> float | None:
        """Give when the first attempt began to run."""
        return self.attempts[0].started_at

    def move(self, state: str, details: str = "") -> None:
        """Go to a state, and keep the times that the API tells."""
        now = time.time()
        if self.queued_since is not None and state != "QUEUED":
            self.queued_seconds += now - self.queued_since
            self.queued_since = None
        if state == "QUEUED" and self.queued_since is None:
            self.queued_since = now
        if state == "RUNNING":
            self.attempt.started_at = now
        if state in ENDED:
            self.attempt.ended_at = now
        self.attempt.state, self.attempt.state_details = state, details
        self.attempt.updated_at = now

    def begin_attempt(self) -> None:
        """Add the next attempt."""
        now = time.time()
        self.attempts.append(Attempt(len(self.attempts) + 1, now, now))


def new_id() -> str:
    """Give an id such as the service's: 16 of `[0-9a-z]`."""
    return "00" + secrets.token_hex(7)


def fingerprint(request: dict[str, Any]) -> str:
    """Give what two requests with one client token must share."""
    counted = {name: value for name, value in request.items() if name != "clientToken"}
    return hashlib.sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()
