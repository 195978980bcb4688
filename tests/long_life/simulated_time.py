"""A world's days pass at once: its clock is moved, and S3 dates its objects by that clock."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tests.pipeline_world import World

WRITES = ("PutObject", "CopyObject", "CompleteMultipartUpload")
KEY = "key of a simulated write"


class SimulatedTime:
    """Shifts each object's LastModified by what the clock was ahead when it was written.

    S3 dates an object itself, so a client that is followed corrects the answers it gets. An
    object that nobody followed wrote, as Spark does, counts as of when it is first seen.

    The stand-in's S3 lists a folder for some two minutes after its last object went, which is weeks
    of simulated time: such folders are taken out of what a followed client lists, as S3 has none.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.written_ahead: dict[str, timedelta] = {}
        self.follow(world.bucket.client)

    def move_to(self, day: date, hour: int) -> None:
        """Let the world's clock show a full hour of a day, UTC."""
        self.move_to_instant(datetime.combine(day, time(hour), UTC))

    def move_to_instant(self, instant: datetime) -> None:
        # Whole seconds, as S3's own times are.
        seconds = round((instant - datetime.now(UTC)).total_seconds())
        self.world.ahead = timedelta(seconds=seconds)

    def follow(self, client: Any) -> None:
        """Date what a client of S3 writes, and what it reads."""
        events = client.meta.events
        for name in WRITES:
            events.register(f"before-parameter-build.s3.{name}", self._keep_key)
            events.register(f"after-call.s3.{name}", self._date_write)
        events.register("before-parameter-build.s3.DeleteObjects", self._forget)
        for name in ("HeadObject", "GetObject"):
            events.register(f"before-parameter-build.s3.{name}", self._keep_key)
            events.register(f"after-call.s3.{name}", self._shift_object)
        events.register("after-call.s3.ListObjectsV2", self._shift_listing)

    def _keep_key(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context[KEY] = params["Key"]

    def _date_write(self, http_response: Any, context: dict[str, Any], **_: Any) -> None:
        # A write under a condition that did not hold leaves the object as old as it was.
        if http_response.status_code < 300:
            self.written_ahead[context[KEY]] = self.world.ahead

    def _forget(self, params: dict[str, Any], **_: Any) -> None:
        for each in params["Delete"]["Objects"]:
            self.written_ahead.pop(each["Key"], None)

    def _shift_object(self, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if "LastModified" in parsed:
            self._shift(parsed, context[KEY])

    def _shift_listing(self, parsed: dict[str, Any], **_: Any) -> None:
        for found in parsed.get("Contents", ()):
            self._shift(found, found["Key"])
        if "CommonPrefixes" in parsed:
            keys = list(self.written_ahead)
            parsed["CommonPrefixes"] = [
                found
                for found in parsed["CommonPrefixes"]
                if any(key.startswith(found["Prefix"]) for key in keys)
            ]

    def _shift(self, found: dict[str, Any], key: str) -> None:
        found["LastModified"] += self.written_ahead.setdefault(key, self.world.ahead)
