"""The grammar of a line, as Python reads it."""

import re
import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.csv_grammar import BLANKS, TRIMMED, WELL_FORMED, split_line, unquote
from tests.generators import HEADERS, hostile_line
from tests.reference import split_fields


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("a,b,c", ["a", "b", "c"]),
        ("", [""]),
        (",", ["", ""]),
        ("a,,", ["a", "", ""]),
        (" a , b ", [" a ", " b "]),
        ('"a","b"', ["a", "b"]),
        ('"a,b",c', ["a,b", "c"]),
        ('"",""', ["", ""]),
        ('"a""b"', ['a"b']),
        ('""""', ['"']),
        ('"""a"""', ['"a"']),
        ('a"b,c""d', ['a"b', 'c""d']),
        (' "a"', [' "a"']),
        (' "a,b"', [' "a', 'b"']),
        ('a\\,"b\\"', ["a\\", "b\\"]),
        ("a\rb,\x00\x0b", ["a\rb", "\x00\x0b"]),
        ('"é","😀"', ["é", "😀"]),
        ("a;b\tc|d", ["a;b\tc|d"]),
        ("'a,b'", ["'a", "b'"]),
        ('"a\nb"', ["a\nb"]),
    ],
)
def test_a_line_falls_into_its_fields(line: str, fields: list[str]) -> None:
    assert split_line(line) == fields


@pytest.mark.parametrize(
    "line",
    ['"', '"a', 'a,"', '"a""', '"a"b', '"a" ,b', '"a"\r', 'a,"b"c,d', '"a\\"b"', '"""', '"a"""b"'],
)
def test_a_broken_quote_leaves_no_fields(line: str) -> None:
    assert split_line(line) is None


def test_trimmed_and_blank_characters_are_those_of_the_contract() -> None:
    assert sorted(TRIMMED.encode()) == [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20]
    assert sorted(BLANKS.encode()) == [0x09, 0x20]


@pytest.mark.parametrize(
    ("field", "value"), [('"a"', "a"), ('""', ""), ('"a""b"', 'a"b'), ("a", "a"), (' "a"', ' "a"')]
)
def test_a_field_loses_its_quotes_and_their_doubling(field: str, value: str) -> None:
    assert unquote(field) == value


@settings(derandomize=True, deadline=None, database=None)
@given(st.text(alphabet='",a \r\\é', max_size=14))
def test_any_text_is_split_as_by_the_reference(line: str) -> None:
    assert split_line(line) == split_fields(line)


@settings(derandomize=True, deadline=None, database=None, max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_hostile_lines_are_split_as_by_the_reference(seed: int) -> None:
    random = Random(seed)
    lines = [hostile_line(random, random.choice(HEADERS)) for _ in range(100)]

    texts = [line.decode("utf-8", "replace") for line in lines]
    assert [split_line(text) for text in texts] == [split_fields(text) for text in texts]


@pytest.mark.parametrize(
    "line",
    [
        '"' * 100_001,
        '"a"' + "," * 100_000 + '"',
        '"' + '""' * 50_000 + "x",
        '"' + '""' * 50_000 + '"x',
        '"a",' * 50_000 + '"a"x',
    ],
    ids=["quotes", "commas", "doubled, unclosed", "text after doubled", "many fields"],
)
def test_no_long_line_makes_the_pattern_backtrack(line: str) -> None:
    started = time.process_time()

    fields = split_line(line)

    assert fields is None
    assert time.process_time() - started < 2
    assert re.fullmatch(WELL_FORMED, ',"a"')
