"""A file is read when no row of it can be a part of one: whole at rest, else up to a line's end."""

import gzip
import io
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dags.protocol import growing
from dags.protocol.growing import describe_growing, ends_open, is_fresh
from tests import reference

NOW = datetime(2024, 7, 1, 2, tzinfo=UTC)
MODIFIED = round(NOW.timestamp()) * 1_000_000
PLAIN, PACKED = "data/streams/a.csv", "data/streams/a.csv.gz"
HEADER = b"user_id,track_id,listen_time"


def is_open(key: str, content: bytes) -> bool:
    return ends_open(key, content[-1:], lambda: io.BytesIO(content))


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(), True),
        (timedelta(minutes=9, seconds=59), True),
        (timedelta(minutes=10), False),
        (timedelta(minutes=-9), True),
        (timedelta(days=-1), False),  # a clock far ahead says nothing
    ],
)
def test_a_file_is_fresh_within_the_minutes_around_the_run(ago: timedelta, expected: bool) -> None:
    assert is_fresh(NOW - ago, NOW, 10) is expected


def test_no_file_is_fresh_where_none_is_to_wait() -> None:
    assert not is_fresh(NOW, NOW, 0)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", False),
        (b"a\n", False),
        (b"a\r\n", False),
        (b"a", True),
        (b"a\r", True),
        (b"a\n ", True),
        ("a\n".encode("utf-16"), False),  # to be refused now, not later
    ],
)
def test_a_file_is_open_where_its_last_line_has_no_end(content: bytes, expected: bool) -> None:
    assert is_open(PLAIN, content) is expected
    assert is_open(PACKED, gzip.compress(content, mtime=0)) is expected


@pytest.mark.parametrize(
    ("packed", "expected"),
    [
        (gzip.compress(b"a\n", mtime=0)[:-1], True),
        (gzip.compress(b"a\n", mtime=0)[:5], True),
        (gzip.compress(b"a\n", mtime=0) + gzip.compress(b"b", mtime=0), True),
        (gzip.compress(b"a", mtime=0) + gzip.compress(b"\n", mtime=0), False),
        (gzip.compress(b"a\n", mtime=0) + gzip.compress(b"", mtime=0), False),
        (gzip.compress(b"a\n", mtime=0) + gzip.compress(b"b\n", mtime=0)[:3], True),
        (b"no gzip", False),
        (gzip.compress(b"a", mtime=0)[:-8] + bytes(8), False),
        (gzip.compress(b"a", mtime=0) + b"rubbish", False),
    ],
)
def test_a_packed_file_is_open_where_it_breaks_off_and_not_where_it_is_damaged(
    packed: bytes, expected: bool
) -> None:
    assert is_open(PACKED, packed) is expected


@pytest.mark.parametrize("size", [growing.CHUNK_BYTES * 3, growing.CHUNK_BYTES * 3 + 1])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_file_that_unpacks_to_far_more_is_read_to_its_end(size: int, end: bytes) -> None:
    packed = gzip.compress(b"a" * size + end, mtime=0)

    assert len(packed) < growing.CHUNK_BYTES
    assert is_open(PACKED, packed) is (end == b"")


def test_who_waits_is_told_in_one_line_as_far_as_people_read() -> None:
    line = describe_growing([f"{number:02d}.csv" for number in range(22)], 10)

    assert line.startswith("22 files wait for the next run, as they may still be written: modified")
    assert line.endswith("19.csv and 2 more")


def accepted(key: str, content: bytes) -> set[reference.Play]:
    """Give the plays of a file; no share of rejected rows refuses it here."""
    return {*reference.validate({key: (content, MODIFIED)}, max_rejected_share=1).accepted}


def read_fresh(key: str, content: bytes) -> set[reference.Play]:
    """Give what a run takes of a file that was modified just now."""
    return set() if is_open(key, content) else accepted(key, content)


ROWS = st.sampled_from(
    [
        b"1,tA,2024-06-01 10:06:00+02:00",
        b"67890,tB,2024-06-01 10:06:00",
        b"4,tD,2024-06-01 21:05:00.25",
        b'5,"t,""E",2024-06-01T00:00:00Z',
        "6,tÉ🎵,2024-06-01 00:00:00".encode(),
        b"7,t,yesterday",
        b"",
        b" ",
    ]
)
CONTENTS = st.builds(
    lambda mark, rows, line_end, last: mark + line_end.join([HEADER, *rows]) + last,
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(ROWS, max_size=6),
    st.sampled_from([b"\n", b"\r\n"]),
    st.sampled_from([b"", b"\n", b"\r\n"]),
)


@settings(max_examples=25)
@given(CONTENTS)
def test_a_file_cut_anywhere_and_read_again_whole_brings_the_plays_of_the_whole_one(
    content: bytes,
) -> None:
    whole = accepted(PLAIN, content)

    assert [cut for cut in range(len(content)) if read_fresh(PLAIN, content[:cut]) - whole] == []


@settings(max_examples=25)
@given(CONTENTS)
def test_a_packed_file_whose_first_member_ends_anywhere_brings_the_plays_of_the_whole_one(
    content: bytes,
) -> None:
    whole = accepted(PLAIN, content)
    members = [gzip.compress(content[:end], mtime=0) for end in range(len(content))]

    assert [end for end, one in enumerate(members) if read_fresh(PACKED, one) - whole] == []
    assert {is_open(PACKED, members[-1][:cut]) for cut in range(len(members[-1]))} == {True}


@given(CONTENTS, st.data())
def test_a_packed_file_that_is_still_written_waits(content: bytes, data: st.DataObject) -> None:
    packer = zlib.compressobj(wbits=31)
    cut = data.draw(st.integers(0, len(content)))
    flushed = packer.compress(content[:cut]) + packer.flush(zlib.Z_SYNC_FLUSH)

    assert is_open(PACKED, flushed)


@given(CONTENTS)
def test_of_a_file_at_rest_no_final_row_is_lost(content: bytes) -> None:
    ended = content if content.endswith(b"\n") else content + b"\n"

    assert not is_fresh(NOW - timedelta(minutes=10), NOW, 10)  # so its end is not looked at
    assert accepted(PLAIN, content) == accepted(PLAIN, ended)
