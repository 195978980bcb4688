"""What vendors deliver on the days of a long life: new, late, twice, changed, broken."""

import gzip
import itertools
import random
from collections.abc import Callable
from datetime import date, timedelta

from tests.long_life.catalogue import TRACKS
from tests.pipeline_world import HEADER, World

MOST_DAYS_LATE = 40
HOURS = (0, 7, 23)
# The last form is more than a day ahead at 23 hours: the reference rejects it then, too.
FORMS = (
    "{} {:02}:{:02}:00",
    "{}T{:02}:{:02}:00Z",
    "{} {:02}:{:02}:00.5",
    "{} {:02}:{:02}:00-05:00",
)
BAD_LINES = (
    "1,dawn,yesterday",
    ",dawn,2026-01-01 00:00:00",
    "x,dawn,2026-01-01 00:00:00",
    "1,dawn",
)


class Deliveries:
    """The stream files of a life; `world.versions` keeps every version of each."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world, self.chance = world, chance
        self._numbers = itertools.count(1)

    def arrive(self, today: date) -> None:
        """Deliver a day's files; on some days none arrive."""
        if self.chance.random() < 0.1:
            return
        for _ in range(self.chance.randint(1, 3)):
            self.bring_new(today)
        extras: tuple[tuple[float, Callable[[date], None]], ...] = (
            (0.5, self.bring_late),
            (0.2, self.bring_again),
            (0.25, self.change),
            (0.15, self.bring_refused),
        )
        for likelihood, bring in extras:
            if self.chance.random() < likelihood:
                bring(today)

    def bring_new(self, today: date) -> None:
        lines = [self.a_line(today - timedelta(days=self.chance.randint(0, 1))) for _ in "123"]
        if self.chance.random() < 0.3:
            lines.append(self.chance.choice(BAD_LINES))
            lines.append(f"1,dawn,{today + timedelta(days=3)} 00:00:00")
        self._put(self._name(today), lines)

    def bring_late(self, today: date) -> None:
        """Bring plays of an older day, in its own folder or where today's files are."""
        day = today - timedelta(days=self.chance.randint(1, MOST_DAYS_LATE))
        lines = [self.a_line(day) for _ in range(self.chance.randint(1, 3))]
        name = self._name(today)
        if self.chance.random() < 0.6:
            name = f"{day:%Y/%m/%d}/late-{next(self._numbers)}.csv"
        self._put(name, lines)

    def bring_again(self, today: date) -> None:
        """Bring a former file's plays under another name."""
        if self.world.versions:
            key = self.chance.choice(sorted(self.world.versions))
            content = self.chance.choice(self.world.versions[key])[0]
            ending = ".csv.gz" if key.endswith(".gz") else ".csv"
            name = self._name(today).partition(".csv")[0]
            self.world.deliver_bytes(f"data/streams/{name}{ending}", content)

    def change(self, today: date, key: str = "") -> None:
        """Replace a file by another one of its name, whatever became of the old one."""
        keys = sorted(key for key in self.world.versions if not key.endswith(".gz"))
        if keys or key:
            lines = [self.a_line(today - timedelta(days=1)) for _ in "12"]
            self._put((key or self.chance.choice(keys)).removeprefix("data/streams/"), lines)

    def bring_refused(self, today: date) -> None:
        header, lines = self.chance.choice(
            (("user_id,track_id", ["1,dawn"]), (HEADER, [*[BAD_LINES[0]] * 20, self.a_line(today)]))
        )
        self.world.deliver(self._name(today).removesuffix(".gz"), *lines, header=header)

    def a_line(self, day: date) -> str:
        choose = self.chance.choice
        user, minute = self.chance.randint(1, 30), self.chance.randrange(60)
        moment = choose(FORMS).format(day, choose(HOURS), minute)
        return f"{user},{choose(TRACKS)},{moment}"

    def _name(self, today: date) -> str:
        """Name a file of today: for ten days flat, for ten days in folders of days."""
        name = f"{today:%Y%m%d}-{next(self._numbers)}.csv"
        if self.chance.random() < 0.1:
            name += ".gz"
        if self.chance.random() < 0.1:
            return f"partner/{name}"
        return name if today.toordinal() // 10 % 2 else f"{today:%Y/%m/%d}/{name}"

    def _put(self, name: str, lines: list[str]) -> None:
        content = "".join(f"{line}\n" for line in (HEADER, *lines)).encode()
        packed = gzip.compress(content, mtime=0) if name.endswith(".gz") else content
        self.world.deliver_bytes(f"data/streams/{name}", packed)
