"""Each rule of a users or songs file, at its edges."""

import datetime

import pytest

from dags.metadata.rows import (
    MAX_LINE_BYTES,
    GoodRow,
    RefusedFileError,
    RejectedRow,
    read_rows,
)
from dags.metadata.values import TABLE_COLUMNS
from spark_jobs import schemas

HEADER = b"user_id,user_name,user_age,user_country,created_at"
SONG = {column.name: "" for column in TABLE_COLUMNS["songs"]} | {"id": "7"}


def outcomes(content: bytes, table: str = "users") -> list[GoodRow | RejectedRow]:
    return list(read_rows(table, [content]))


def user_outcome(line: bytes) -> tuple[object, ...] | str:
    """Give a single row's values or the reason of its rejection."""
    (row,) = outcomes(HEADER + b"\n" + line + b"\n")
    return row.reason if isinstance(row, RejectedRow) else row.values


def song_outcome(**fields: str) -> object:
    """Give the one field's value in a song, or the reason of the song's rejection."""
    ((name, _),) = fields.items()
    song = SONG | fields
    text = ",".join(song) + "\n" + ",".join(song.values()) + "\n"
    (row,) = outcomes(text.encode(), "songs")
    return row.reason if isinstance(row, RejectedRow) else row.values[list(song).index(name)]


def test_the_columns_are_those_of_the_schemas() -> None:
    kinds = {
        "integer": "integer",
        "bigint": "long",
        "double": "double",
        "boolean": "boolean",
        "date": "date",
        "text": "string",
    }

    for table, columns in TABLE_COLUMNS.items():
        ours = [(c.name, kinds[c.kind], c.width or None, not c.is_key) for c in columns]
        schema = [
            (field.name, field.dataType.typeName(), field.metadata.get("width"), field.nullable)
            for field in schemas.TABLES[table].fields
        ]
        assert ours == schema
        assert len(ours) > 4


def test_a_plain_row_gives_its_values_in_schema_order() -> None:
    values = user_outcome(b"7,Ana,31,Chile,2024-02-29")

    assert values == (7, "Ana", 31, "Chile", datetime.date(2024, 2, 29))


def test_columns_are_found_by_name_in_any_order_beside_others() -> None:
    content = b" created_at ,x,user_country,x,user_age,user_name,\tuser_id\n,1,,2,30,Ana,7\n"

    assert outcomes(content) == [GoodRow(2, (7, "Ana", 30, None, None))]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf \t\r\n\n  \n"])
def test_a_file_without_a_line_is_refused_as_empty(content: bytes) -> None:
    with pytest.raises(RefusedFileError, match="^empty$"):
        outcomes(content)


@pytest.mark.parametrize(
    "header",
    [
        HEADER.replace(b",user_age", b""),
        HEADER + b",user_age",
        HEADER.replace(b"user_id", b"User_Id"),
        HEADER.replace(b"user_id", b'"user_id'),
        HEADER + b"," + b"x" * MAX_LINE_BYTES,
    ],
)
def test_a_header_that_lacks_or_doubles_a_column_is_refused(header: bytes) -> None:
    with pytest.raises(RefusedFileError, match="^columns$"):
        outcomes(header + b"\n1,,,,\n")


def test_a_header_that_is_not_utf8_is_unreadable() -> None:
    with pytest.raises(RefusedFileError, match="^unreadable$"):
        outcomes(HEADER + b",\xff\n")


def test_a_header_alone_is_a_good_file_of_no_rows() -> None:
    assert outcomes(HEADER) == []


def test_bom_crlf_quoted_names_and_blank_lines_are_no_obstacle() -> None:
    header = b',"user_name"'.join(HEADER.split(b",user_name"))
    content = b"\xef\xbb\xbf\n \t\r\n" + header + b"\r\n\t \r\n1,a,,,\r\n\r\n2,b,,,"

    rows = outcomes(content)

    assert rows == [
        GoodRow(5, (1, "a", None, None, None)),
        GoodRow(7, (2, "b", None, None, None)),
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'1,"a,""b""",,,', (1, 'a,"b"', None, None, None)),
        (b'1, "a",,,', (1, '"a"', None, None, None)),
        (b'1,a"b,,,', (1, 'a"b', None, None, None)),
        (b'1,"",,,', (1, None, None, None, None)),
        (b'"1","\t a\x0b ",,,""', (1, "a", None, None, None)),
        (b"1,a\\,,,", (1, "a\\", None, None, None)),
        (b"1,a\rb,,,", (1, "a\rb", None, None, None)),
        (b"1,a,,,\r", (1, "a", None, None, None)),
        ("1,\u00a0a\u2003,,,".encode(), (1, "\u00a0a\u2003", None, None, None)),
        ("1,\x1ca\x85,,,".encode(), (1, "\x1ca\x85", None, None, None)),
        (b'1,"a"b,,,', "malformed_row"),
        (b'1,"a" ,,,', "malformed_row"),
        (b'1,"a,,,', "malformed_row"),
        (b'1,"a"",,,', "malformed_row"),
        (b"1,a,,", "malformed_row"),
        (b"1,a,,,,", "malformed_row"),
        (b"\r\r", "malformed_row"),
        (b"1,\xff,,", "invalid_encoding"),
        (b"1,\xed\xa0\x80,,,", "invalid_encoding"),
        (b"1,\xc0\x80,,,", "invalid_encoding"),
    ],
)
def test_quotes_trimming_and_encoding(line: bytes, expected: object) -> None:
    assert user_outcome(line) == expected


def test_a_newline_inside_quotes_breaks_two_rows() -> None:
    rows = outcomes(HEADER + b'\n1,"a\nb",,,\n2,c,,,\n')

    assert rows == [
        RejectedRow(2, b'1,"a', "malformed_row"),
        RejectedRow(3, b'b",,,', "malformed_row"),
        GoodRow(4, (2, "c", None, None, None)),
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b",a,x,,", "missing_user_id"),
        (b' ,"a",,,', "missing_user_id"),
        (b"x,a,x,,", "invalid_user_id"),
        (b"-007,,,,", (-7, None, None, None, None)),
        (b"-0,,,,", (0, None, None, None, None)),
        (b"9223372036854775807,,,,", (9223372036854775807, None, None, None, None)),
        (b"9223372036854775808,,,,", "invalid_user_id"),
        (b"-9223372036854775809,,,,", "invalid_user_id"),
        (b"+1,,,,", "invalid_user_id"),
        (b"1_0,,,,", "invalid_user_id"),
        (b"1.0,,,,", (1, None, None, None, None)),
        (b"1.00,,,,", "invalid_user_id"),
        (b"1.,,,,", "invalid_user_id"),
        (b".0,,,,", "invalid_user_id"),
        (b"1,,30.0,,", (1, None, 30, None, None)),
        (b"1,,-0.0,,", (1, None, 0, None, None)),
        (b"1,,30.5,,", "invalid_user_age"),
        (b"1,,2147483648.0,,", "invalid_user_age"),
        (b"1" * 5000 + b",,,,", "invalid_user_id"),
        ("\u0661,,,,".encode(), "invalid_user_id"),
        (b"1,,2147483647,,", (1, None, 2147483647, None, None)),
        (b"1,,2147483648,,", "invalid_user_age"),
        (b"1,,-,,", "invalid_user_age"),
        (b"1,,,,2023-02-29", "invalid_created_at"),
        (b"1,,,,0000-01-01", "invalid_created_at"),
        (b"1,,,,20230201", "invalid_created_at"),
        (b"1,,,,2023-W01-1", "invalid_created_at"),
        (b"1,,,,2023-02-01 00:00:00", "invalid_created_at"),
        (b"1,a\0b,,,", "nul_character"),
        (b"1\0,a,,,", "invalid_user_id"),
        (b"1,\0" + b"a" * 256 + b",,,", "too_long_user_name"),
        (b"1," + b"a" * 257 + b",x,,", "too_long_user_name"),
        ("1,{},,,".format("\U0001f3b5" * 65).encode(), "too_long_user_name"),
        (
            "1,{},,,".format("\U0001f3b5" * 64).encode(),
            (1, "\U0001f3b5" * 64, None, None, None),
        ),
        (b"1,  " + b"a" * 256 + b"  ,,,", (1, "a" * 256, None, None, None)),
    ],
)
def test_the_first_column_that_breaks_names_the_reason(line: bytes, expected: object) -> None:
    assert user_outcome(line) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"popularity": "0"}, 0),
        ({"popularity": "100"}, 100),
        ({"popularity": "101"}, "popularity_out_of_range"),
        ({"popularity": "-1"}, "popularity_out_of_range"),
        ({"popularity": "1.5"}, "invalid_popularity"),
        ({"popularity": "100.0"}, 100),
        ({"popularity": "101.0"}, "popularity_out_of_range"),
        ({"popularity": ""}, None),
        ({"explicit": "TRUE"}, True),
        ({"explicit": "fAlse"}, False),
        *(({"explicit": text}, True) for text in ("1", "t", "T", "yes", "YES")),
        *(({"explicit": text}, False) for text in ("0", "f", "F", "no", "No")),
        *(({"explicit": text}, "invalid_explicit") for text in ("2", "y", "n", "ja", "1.0", "01")),
        ({"explicit": ""}, None),
        ({"tempo": "1.5"}, 1.5),
        ({"tempo": "-.5e-3"}, -0.0005),
        ({"tempo": "5.E+1"}, 50.0),
        ({"tempo": "1e309"}, "invalid_tempo"),
        ({"tempo": "-1e309"}, "invalid_tempo"),
        ({"tempo": "nan"}, "invalid_tempo"),
        ({"tempo": "inf"}, "invalid_tempo"),
        ({"tempo": "1_0.0"}, "invalid_tempo"),
        ({"tempo": "0x1p3"}, "invalid_tempo"),
        ({"tempo": "."}, "invalid_tempo"),
        ({"tempo": "\u0661.5"}, "invalid_tempo"),
        ({"id": "2147483648"}, "invalid_id"),
        ({"track_genre": "g" * 64}, "g" * 64),
        ({"track_genre": "g" * 65}, "too_long_track_genre"),
    ],
)
def test_the_types_of_a_song(fields: dict[str, str], expected: object) -> None:
    assert song_outcome(**fields) == expected
