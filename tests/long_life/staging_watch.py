"""Watches staging from day to day: what goes was old enough, and what is old enough goes."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.pipeline_world import World


@dataclass
class Folder:
    """A claim's folder: the commit that its claim wanted, or when a life without one wrote."""

    commit: int | None
    written: datetime


class StagingWatch:
    """Knows every folder that was ever seen.

    A claim's folder goes `staging_days` after the number that it wanted was published, by itself
    or by another; one without `claim.json` goes so long after its last write.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.folders: dict[str, Folder] = {}
        self.removed: set[str] = set()

    def look(self) -> None:
        """Note new folders; those that went since the last look were old enough."""
        present = set(self.world.bucket.list_level("staging/").folders)
        for name in present - self.folders.keys():
            self.folders[name] = self._describe(name)
        gone = self.folders.keys() - present - self.removed
        for name in gone:
            assert self._is_due(name), name
        self.removed |= gone
        assert not present & self.removed

    def assert_that_old_folders_are_gone(self) -> None:
        """Compare right after a cleaning: exactly the folders that are due have gone."""
        due = {name for name in self.folders if self._is_due(name)}
        assert self.removed == due

    def _is_due(self, name: str) -> bool:
        settled = self._settled_at(self.folders[name])
        days = timedelta(days=self.world.pipeline.settings.staging_days)
        return settled is not None and settled + days < self.world.pipeline.now()

    def _settled_at(self, folder: Folder) -> datetime | None:
        if folder.commit is None:
            return folder.written
        published = self.world.bucket.head(f"lake/commits/{folder.commit:010d}.json")
        return published.last_modified if published else None

    def _describe(self, name: str) -> Folder:
        found = list(self.world.bucket.list_objects(name))
        written = max(each.last_modified for each in found)
        if f"{name}claim.json" not in {each.key for each in found}:
            return Folder(None, written)
        return Folder(
            json.loads(self.world.bucket.require(f"{name}claim.json"))["commit"] + 1, written
        )
