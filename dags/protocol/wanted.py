"""What a life of a run tries to claim: written first, so that whoever comes later knows of it."""

import json
from collections.abc import Iterable, Iterator

from conf import places
from dags.systems.bucket import Bucket


def write_wanted(bucket: Bucket, claim: str, file_keys: Iterable[str]) -> None:
    """Note the files that a claim is about to try, and those that wait for a later run."""
    content = json.dumps(list(file_keys), ensure_ascii=False).encode()
    bucket.put(places.wanted_key(claim), content)


def read_wanted(bucket: Bucket, prefix: str) -> Iterator[str]:
    """Give the noted files of all claims whose folder begins so; a key may come twice."""
    for folder in bucket.list_level(f"{places.STAGING}/").folders:
        if folder.startswith(prefix):
            content = bucket.read(f"{folder}wanted.json")
            yield from json.loads(content) if content else ()
