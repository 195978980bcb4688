"""Hostile gzip files of any content: cut, damaged, in pieces, twice packed or not at all."""

import gzip
import zlib
from collections.abc import Callable
from random import Random

GZIP_HEADER_BYTES = 10


def packed(random: Random, content: bytes) -> bytes:
    return gzip.compress(content, random.choice((0, 1, 6)), mtime=0)


def truncated(random: Random, content: bytes) -> bytes:
    whole = packed(random, content)
    return whole[: random.choice((random.randrange(len(whole)), -1, -8, -9))]


def corrupted(random: Random, content: bytes) -> bytes:
    """Flip a bit behind the header: some of its bytes mean nothing, so a flip there is no fault."""
    whole = bytearray(packed(random, content))
    whole[random.randrange(GZIP_HEADER_BYTES, len(whole))] ^= 1 << random.randrange(8)
    return bytes(whole)


def members(random: Random, content: bytes) -> bytes:
    """Cut a file anywhere into members, some of them empty."""
    cuts = sorted(random.randrange(len(content) + 1) for _ in range(random.randrange(5)))
    bounds = zip([0, *cuts], [*cuts, len(content)], strict=True)
    return b"".join(packed(random, content[start:end]) for start, end in bounds)


def followed(random: Random, content: bytes) -> bytes:
    """Put something behind the last member."""
    rest = (b"rubbish", b"\x1f", b"\x1f\x8b\x08\0", b"x,y\n" * 9, packed(random, content)[:-5])
    return packed(random, content) + random.choice(rest)


def not_packed(random: Random, content: bytes) -> bytes:
    return random.choice((content, b"x", b"\x1f\x8b", random.randbytes(64), b"\n" * 40))


def odd_packing(random: Random, content: bytes) -> bytes:
    """Give a named, a raw or a zlib stream, one packed twice, or one of nothing."""
    whole = packed(random, content)
    named = b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"a name.csv\0" + whole[GZIP_HEADER_BYTES:]
    raw = whole[GZIP_HEADER_BYTES:-8]
    shapes = (named, named, raw, zlib.compress(content), gzip.compress(whole), gzip.compress(b""))
    return random.choice(shapes)


def garbage_packed(random: Random, content: bytes) -> bytes:
    return packed(random, random.randbytes(random.randrange(600)))


GZIPS = (packed, truncated, corrupted, members, followed, not_packed, odd_packing, garbage_packed)
PACKED: dict[str, Callable[[Random, bytes], bytes]] = {kind.__name__: kind for kind in GZIPS}


def readable_part(content: bytes) -> bytes:
    """Inflate a gzip file up to its first fault, and give what that is."""
    found, member = b"", zlib.decompressobj(31)
    for at in range(len(content)):
        if member.eof:
            member = zlib.decompressobj(31)
        try:
            found += member.decompress(content[at : at + 1])
        except zlib.error:
            break
    return found


def with_last_line_ended(file_key: str, content: bytes) -> bytes:
    """End a file's last line where only a carriage return does.

    docs/input.md takes that byte for a line's end; the reference takes it for an ordinary one.
    """
    is_packed = file_key.endswith(".gz")
    try:
        text = gzip.decompress(content) if is_packed else content
    except (OSError, EOFError, zlib.error):
        return content
    if not text.endswith(b"\r"):
        return content
    return gzip.compress(text + b"\n", 1) if is_packed else text + b"\n"
