"""What the systems hold, as the model sees them: S3, the ledger, the warehouse, and the time."""

from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any

LEASE = 25
HOURS = range(3)

Play = tuple[int, int]  # its hour and its id
Effects = Generator[str, None, Any]  # one effect on a system per yield, told in words


class Guard(StrEnum):
    """The guards of docs/promise.md, by the names that they have there."""

    FRESH_CLAIM = "a fresh claim for every life of a run"
    OWN_FOLDER = "a folder for every attempt"
    COMMIT_NUMBER = "the commit number"
    REDO = "redo"
    COMMIT_NAMES = "names by commit"
    LEDGER_CONDITION = "the condition on the ledger"
    ETAGS_AGAIN = "ETags looked at again"
    READERS_RULE = "the reader's rule"


@dataclass(frozen=True)
class Delivery:
    """A file of data/streams; its version is its ETag."""

    version: int
    plays: frozenset[Play]
    is_to_be_refused: bool


@dataclass
class Item:
    """A file's entry in the ledger."""

    status: str
    run_id: str
    claim_id: str
    lease_end: int
    version: int


@dataclass(frozen=True)
class Claim:
    """`claim.json`: the published commit that this life builds on, and its files' versions."""

    commit: int
    files: dict[str, int]


@dataclass(frozen=True)
class Outcome:
    """What one attempt of the jobs computed."""

    rows: list[Play]
    seen: set[Play]
    touched_hours: set[int]
    hours: Counter[int]
    totals: Counter[int]
    accepted: dict[str, int]
    refused: dict[str, bool]
    lake: set[Play]


@dataclass(frozen=True)
class Plan:
    """What becomes true if this commits."""

    key: tuple[str, int, int]
    run_id: str
    claim_id: str
    commit: int
    is_rebuild: bool
    rows: list[Play]
    files: dict[str, tuple[int, bool]]
    outcome: Outcome

    def objects(self) -> Iterable[tuple[int, tuple[Play, ...]]]:
        """Split the new plays into two objects of the lake."""
        return [(part, tuple(self.rows[part::2])) for part in (0, 1)]


class World:
    """All systems, a clock that only counts, and what is needed to judge the end."""

    def __init__(self, rng: Random, without: Guard | None = None) -> None:
        self.rng, self.without, self.now, self.claims_made = rng, without, 0, 0
        self.log: list[str] = []
        self.zombies: list[Effects] = []
        # S3
        self.data: dict[str, Delivery] = {}
        self.claims: dict[str, Claim] = {}
        self.staging: dict[tuple[str, int], list[Play]] = {}
        self.plans: dict[Any, Plan] = {}
        self.lake: dict[tuple[int | str, int], tuple[Play, ...]] = {}
        self.compacted: dict[int, tuple[Play, ...]] = {}
        self.totals: dict[int, Counter[int]] = {0: Counter()}
        self.commits: dict[int, dict[str, int]] = {0: {}}
        # DynamoDB
        self.ledger: dict[str, Item] = {}
        # Redshift
        self.state: tuple[int, Any] = (0, None)
        self.streams: set[Play] = set()
        self.hours: dict[int, int] = {}
        self.genres: Counter[int] = Counter()
        # Of no system: plays that once stood in a file, and plays that once were accepted.
        self.delivered: set[Play] = set()
        self.accepted: set[Play] = set()

    def has(self, guard: Guard) -> bool:
        return self.without is not guard

    def deliver(self, file: str) -> None:
        """Put a file, or another version of it."""
        version = self.data[file].version + 1 if file in self.data else 1
        plays = frozenset(
            (self.rng.randrange(len(HOURS)), self.rng.randrange(40))
            for _ in range(self.rng.randint(1, 4))
        )
        self.data[file] = Delivery(version, plays, self.rng.random() < 0.1)
        self.delivered |= plays
        self.log.append(f"deliver {file} v{version} {sorted(plays)}")

    def candidates(self, run_id: str) -> list[str]:
        """List the files that a run may claim."""
        return [file for file in sorted(self.data) if self._is_free(file, run_id)]

    def _is_free(self, file: str, run_id: str) -> bool:
        item = self.ledger.get(file)
        if item is None or item.status == "FAILED" or item.version != self.data[file].version:
            return True
        return item.status == "CLAIMED" and (item.lease_end < self.now or item.run_id == run_id)

    def read_lake(self) -> list[Play]:
        """Read the greatest compacted object and what is numbered above it."""
        newest = max(self.compacted, default=0)
        above = newest if self.has(Guard.READERS_RULE) else 0
        plays = list(self.compacted.get(newest, ()))
        for (commit, _), content in self.lake.items():
            if not isinstance(commit, int) or commit > above:
                plays += content
        return plays
