"""However a file's bytes arrive, plain or packed, its rows are the same and memory is bounded."""

import csv
import gzip
import io
import tracemalloc
import zlib
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dags.metadata.rows import (
    MAX_LINE_BYTES,
    GoodRow,
    RefusedFileError,
    RejectedRow,
    inflate,
    read_rows,
)

HEADER = b"user_id,user_name,user_age,user_country,created_at"
GOOD = HEADER + b"\n1,a,,,\n"
A_ROW = GoodRow(2, (1, "a", None, None, None))

PIECES = st.lists(
    st.sampled_from(
        [
            b"1",
            b"a",
            b",",
            b'"',
            b"\r",
            b"\n",
            b"\r\n",
            b" ",
            b"\0",
            b"\xff",
            b"\xc3\xa9",
            b",,,,\n",
        ]
    ),
    max_size=60,
).map(b"".join)


def cut(content: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted(place % (len(content) + 1) for place in places), len(content)]
    return [content[start:end] for start, end in zip(bounds, bounds[1:], strict=False)]


@given(PIECES, st.lists(st.integers(0, 10_000), max_size=12))
def test_where_the_bytes_are_cut_never_shows(body: bytes, places: list[int]) -> None:
    content = b"\xef\xbb\xbf" + HEADER + b"\n" + body

    whole = list(read_rows("users", [content]))
    packed = cut(gzip.compress(content), places)

    assert list(read_rows("users", cut(content, places))) == whole
    assert list(read_rows("users", packed, is_gzipped=True)) == whole


CLEAN = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1).map(str),
        st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=60),
    ),
    max_size=20,
)


@given(CLEAN)
def test_clean_data_is_what_the_csv_module_reads(pairs: Iterable[tuple[str, str]]) -> None:
    text = io.StringIO()
    rows = [(user_id, name, "", "", "") for user_id, name in pairs]
    csv.writer(text).writerows([HEADER.decode().split(","), *rows])

    values = [
        row.values if isinstance(row, GoodRow) else row.reason
        for row in read_rows("users", [text.getvalue().encode()])
    ]

    records = csv.DictReader(io.StringIO(text.getvalue()))
    expected = [
        (int(record["user_id"]), record["user_name"].strip(" ") or None, None, None, None)
        for record in records
    ]
    assert values == expected


@given(PIECES)
def test_every_line_that_is_not_blank_is_a_row(body: bytes) -> None:
    rows = list(read_rows("users", [HEADER + b"\n" + body]))

    lines = [line.removesuffix(b"\r") for line in body.split(b"\n")]
    expected = [(number, line) for number, line in enumerate(lines, 2) if line.strip(b" \t")]
    assert [row.line_number for row in rows] == [number for number, _ in expected]
    rejected = [row for row in rows if isinstance(row, RejectedRow)]
    assert all(dict(expected)[row.line_number] == row.raw_line for row in rejected)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"", b"\r"])
@pytest.mark.parametrize("size", [65_537, MAX_LINE_BYTES // 3, MAX_LINE_BYTES + 50])
def test_a_line_longer_than_the_limit_is_malformed_wherever_it_is_cut(
    end: bytes, size: int
) -> None:
    fits = b"x" * MAX_LINE_BYTES
    content = HEADER + b"\n" + fits + b"\n" + fits + b"x" + end
    chunks = [content[start : start + size] for start in range(0, len(content), size)]

    rows = list(read_rows("users", chunks))

    assert rows == [RejectedRow(2, fits, "malformed_row"), RejectedRow(3, fits, "malformed_row")]


def test_a_line_at_the_limit_still_loads() -> None:
    blanks = b" " * (MAX_LINE_BYTES - len(b"1,a,,,"))

    rows = list(read_rows("users", [HEADER + b"\r\n1,a,,," + blanks + b"\r\n"]))

    assert rows == [A_ROW]


def test_a_line_of_100_mb_is_not_held() -> None:
    def chunks() -> Iterator[bytes]:
        yield HEADER + b"\n1,"
        for _ in range(400):
            yield b"x" * (1 << 18)
        yield b",,,\n2,b,,,\n"

    tracemalloc.start()
    rows = list(read_rows("users", chunks()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [row.line_number for row in rows] == [2, 3]
    assert peak < 16 << 20


def test_a_gzip_bomb_is_not_held() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = packer.compress(GOOD) + b"".join(packer.compress(b" " * (1 << 20)) for _ in range(64))
    packed += packer.flush()

    tracemalloc.start()
    rows = list(read_rows("users", [packed], is_gzipped=True))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert rows == [A_ROW, RejectedRow(3, b" " * MAX_LINE_BYTES, "malformed_row")]
    assert peak < 16 << 20


@pytest.mark.parametrize("padding", [b"", b"\0" * 512])
def test_members_follow_one_another_and_zeros_after_them_are_padding(padding: bytes) -> None:
    packed = gzip.compress(GOOD[:40]) + gzip.compress(b"") + gzip.compress(GOOD[40:]) + padding

    for size in (1, 7, len(packed)):
        chunks = [packed[start : start + size] for start in range(0, len(packed), size)]
        assert list(read_rows("users", chunks, is_gzipped=True)) == [A_ROW]


def test_a_packed_file_of_no_bytes_is_empty() -> None:
    with pytest.raises(RefusedFileError, match="^empty$"):
        list(read_rows("users", [], is_gzipped=True))


@pytest.mark.parametrize(
    "packed",
    [
        b"\0",
        GOOD,
        gzip.compress(GOOD)[:-1],
        gzip.compress(GOOD)[:5],
        gzip.compress(GOOD)[:-8] + b"\1" * 8,
        gzip.compress(GOOD) + b"rubbish",
        gzip.compress(GOOD) + gzip.compress(GOOD)[:-4],
    ],
    ids=[
        "a zero",
        "plain",
        "cut by one byte",
        "cut in its head",
        "a wrong sum",
        "more",
        "cut again",
    ],
)
def test_broken_gzip_is_unreadable(packed: bytes) -> None:
    with pytest.raises(RefusedFileError, match="^unreadable$"):
        list(read_rows("users", [packed], is_gzipped=True))


def test_every_truncation_of_a_packed_file_is_unreadable() -> None:
    packed = gzip.compress(GOOD * 5)
    assert len(packed) > 50

    for end in range(1, len(packed)):
        with pytest.raises(RefusedFileError, match="^unreadable$"):
            list(inflate([packed[:end]]))
