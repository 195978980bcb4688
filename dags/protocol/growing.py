"""Which files are still being written: modified just now, and their last line has no end."""

import contextlib
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import BinaryIO

SHOWN_KEYS = 20
CHUNK_BYTES = 1 << 16
GZIP = 31  # zlib's word for a gzip's header and trailer
# A row that ends with a zero is none that is taken; UTF-16, which is to be refused, ends so.
ENDS = (b"", b"\n", b"\0")


def is_fresh(modified: datetime, now: datetime, settle_minutes: int) -> bool:
    """Tell whether a file was modified just now; an instant far ahead says nothing of that."""
    return abs(now - modified) < timedelta(minutes=settle_minutes)


def ends_open(file_key: str, last_byte: bytes, open_content: Callable[[], BinaryIO]) -> bool:
    """Tell whether a file stops inside a line; one of no bytes, or of none unpacked, does not.

    Args:
        last_byte: The file's own, which decides where it is not packed.
        open_content: Opens the whole file, as a packed one is read through.
    """
    if not file_key.endswith(".gz"):
        return last_byte not in ENDS
    with contextlib.closing(open_content()) as content:
        return _ends_open_unpacked(content)


def _ends_open_unpacked(content: BinaryIO) -> bool:
    """Unpack in bounded memory. A gzip that breaks off is open, a damaged one is refused now."""
    member, last, rest = zlib.decompressobj(GZIP), b"", b""
    is_more = True
    while is_more or (rest := content.read(CHUNK_BYTES)):
        if member.eof and rest:
            member = zlib.decompressobj(GZIP)
        try:
            unpacked = member.decompress(rest, CHUNK_BYTES)
        except zlib.error:
            return False
        last = unpacked[-1:] or last
        rest = member.unused_data if member.eof else member.unconsumed_tail
        is_more = bool(rest) or len(unpacked) == CHUNK_BYTES
    return not member.eof or last not in ENDS


def describe_growing(file_keys: Sequence[str], settle_minutes: int) -> str:
    """Say in one line which files wait, and why."""
    shown = ", ".join(file_keys[:SHOWN_KEYS])
    more = f" and {len(file_keys) - SHOWN_KEYS} more" if len(file_keys) > SHOWN_KEYS else ""
    return (
        f"{len(file_keys)} files wait for the next run, as they may still be written: modified "
        f"within {settle_minutes} minutes, no end of the last line: {shown}{more}"
    )
