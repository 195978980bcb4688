"""COPY from Parquet: by position, exact types, bytes, nulls; each refusal beside what loads."""

import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.localaws.redshift_data.conftest import BUCKET, ROLE, Warehouse

PAGE = "redshift/latest/dg/copy-usage_notes-copy-from-columnar.html"
OPTIONS = "redshift/latest/dg/copy-usage_notes-copy-from-columnar.html"
TIMES = "redshift/latest/dg/r_Datetime_types.html"
UTC = datetime.UTC


def copy(table: str = "t", key: str = "one/part.parquet", more: str = "") -> str:
    return f"COPY {table} FROM 's3://{BUCKET}/{key}' IAM_ROLE '{ROLE}' FORMAT AS PARQUET {more}"


def put(warehouse: Warehouse, **columns: pa.Array) -> None:
    warehouse.put_parquet("one/part.parquet", pa.table(columns))


@pytest.mark.rule("Columns load by position, whatever their names", page=PAGE, group="copy")
def test_columns_load_by_position(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (a VARCHAR(9), b VARCHAR(9))")
    put(warehouse, b=pa.array(["first"]), a=pa.array(["second"]))

    warehouse.run(copy())
    warehouse.run(copy("t (b, a)"))

    assert warehouse.rows("SELECT a, b FROM t ORDER BY a") == [
        ("first", "second"),
        ("second", "first"),
    ]


@pytest.mark.rule("A file has as many columns as are loaded", page=PAGE, group="copy")
def test_another_number_of_columns_is_refused(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (a INTEGER, b INTEGER)")
    put(warehouse, a=pa.array([1], pa.int32()))

    error = warehouse.refuse(copy())

    assert "code: 15007" in error
    expected = (
        "Unmatched number of columns between table and file. Table columns: 2, Data columns: 1"
    )
    assert expected in error
    warehouse.run(copy("t (a)"))
    assert warehouse.rows("SELECT a, b FROM t") == [(1, None)]


def test_a_column_that_the_table_lacks_is_refused(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (a INTEGER)")
    put(warehouse, a=pa.array([1], pa.int32()))

    assert 'column "b" of relation "t" does not exist' in warehouse.refuse(copy("t (b)"))
    assert "nonexistent table u" in warehouse.refuse(copy("u"))


@pytest.mark.rule("Options that Parquet does not take are refused", page=OPTIONS, group="copy")
@pytest.mark.parametrize(
    "option",
    [
        "REGION 'eu-west-1'", "MAXERROR 10", "ACCEPTANYDATE", "TRUNCATECOLUMNS", "COMPUPDATE ON",
        "GZIP", "ENCRYPTED", "IGNOREHEADER 1", "DELIMITER ','",
    ],
)  # fmt: skip
def test_an_option_that_parquet_does_not_take_is_refused(warehouse: Warehouse, option: str) -> None:
    warehouse.run("CREATE TABLE t (a INTEGER)")
    put(warehouse, a=pa.array([1], pa.int32()))

    error = warehouse.refuse(copy(more=option))

    name = option.split()[0]
    assert error == f"ERROR: {name} argument is not supported for PARQUET based COPY"
    warehouse.run(copy(more="STATUPDATE OFF"))


@pytest.mark.parametrize("option", ["FILLRECORD", "ACCEPTINVCHARS", "EXPLICIT_IDS"])
def test_an_option_that_is_not_covered_is_refused_in_the_doubles_name(
    warehouse: Warehouse, option: str
) -> None:
    warehouse.run("CREATE TABLE t (a INTEGER)")

    assert warehouse.refuse(copy(more=option)).startswith(
        "ERROR: not supported by the local warehouse: "
    )


TYPES: list[tuple[str, pa.DataType, list[pa.DataType], Any]] = [
    ("INTEGER", pa.int32(), [pa.int64(), pa.int16(), pa.string(), pa.float64()], 7),
    ("BIGINT", pa.int64(), [pa.int32(), pa.uint64(), pa.string()], 7),
    ("SMALLINT", pa.int16(), [pa.int32(), pa.int64()], 7),
    ("DOUBLE PRECISION", pa.float64(), [pa.float32(), pa.int64()], 7.5),
    ("BOOLEAN", pa.bool_(), [pa.int32(), pa.string()], True),
    ("DATE", pa.date32(), [pa.timestamp("us"), pa.string()], datetime.date(2024, 6, 1)),
    ("VARCHAR(9)", pa.string(), [pa.binary(), pa.int32()], "7"),
    (
        "DECIMAL(10, 2)",
        pa.decimal128(10, 2),
        [pa.decimal128(10, 3), pa.decimal128(12, 2), pa.float64()],
        Decimal("7.50"),
    ),
]


@pytest.mark.rule("A file's types are the columns' own, exactly", page=PAGE, group="copy")
@pytest.mark.parametrize(("column", "taken", "refused", "value"), TYPES)
def test_a_type_is_exact(
    warehouse: Warehouse, column: str, taken: pa.DataType, refused: list[pa.DataType], value: Any
) -> None:
    warehouse.run(f"CREATE TABLE t (a {column})")
    for other in refused:
        put(warehouse, a=pa.array([None], other))
        assert "incompatible Parquet schema for column 'a'" in warehouse.refuse(copy()), other

    put(warehouse, a=pa.array([value, None], taken))
    warehouse.run(copy())

    assert warehouse.rows("SELECT count(*), count(a) FROM t") == [(2, 1)]


@pytest.mark.rule("Timestamps are microseconds, adjusted to UTC or not", page=TIMES, group="copy")
def test_an_instant_loads_as_utc_without_its_zone(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (a TIMESTAMP, b TIMESTAMP)")
    with_zone = datetime.datetime(2024, 6, 1, 12, 30, 0, 1, tzinfo=UTC)
    instant = with_zone.replace(tzinfo=None)
    in_utc = pa.array([with_zone], pa.timestamp("us", tz="UTC"))
    put(warehouse, a=in_utc, b=pa.array([instant], pa.timestamp("us")))

    warehouse.run(copy())

    assert warehouse.rows("SELECT a, b FROM t") == [("2024-06-01 12:30:00.000001",) * 2]
    nanoseconds = pa.array([instant], pa.timestamp("ns"))
    put(warehouse, a=nanoseconds, b=nanoseconds)
    assert "incompatible Parquet schema" in warehouse.refuse(copy())


@pytest.mark.rule("VARCHAR counts bytes, and a longer value fails all", page=PAGE, group="copy")
def test_a_text_that_is_too_long_in_bytes_fails_the_copy(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (a VARCHAR(8))")
    put(warehouse, a=pa.array(["fits", "😀😀x"]))

    error = warehouse.refuse(copy())

    assert error.endswith(
        "The length of the data column a is longer than the length defined in the table. "
        "Table: 8, Data: 9"
    )
    assert warehouse.rows("SELECT count(*) FROM t") == [(0,)]
    put(warehouse, a=pa.array(["fits", "😀😀"]))
    warehouse.run(copy())
    assert warehouse.rows("SELECT a FROM t ORDER BY a") == [("fits",), ("😀😀",)]


@pytest.mark.rule("A null does not load into NOT NULL", page=PAGE, group="copy")
def test_a_null_fails_where_it_may_not_be(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (a VARCHAR(8) NOT NULL)")
    put(warehouse, a=pa.array(["", None]))

    assert warehouse.refuse(copy()) == "ERROR: Cannot insert a NULL value into column a"
    put(warehouse, a=pa.array([""]))
    warehouse.run(copy())
    assert warehouse.rows("SELECT a FROM t") == [("",)]


@pytest.mark.rule("The first error rolls all back", page=PAGE, group="copy")
def test_a_copy_that_fails_takes_its_batch_with_it(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (a VARCHAR(3))")
    put(warehouse, a=pa.array(["ok", "long"]))

    warehouse.refuse("INSERT INTO t VALUES ('x')", copy())

    assert warehouse.rows("SELECT count(*) FROM t") == [(0,)]


TEXTS = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5
) | st.sampled_from(["", "\\N", '"', "a,b", "x\ny", "\r", "\x01", "NULL", " "])
INSTANTS = st.datetimes()  # without a zone
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | TEXTS,
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.none() | INSTANTS,
        st.none() | st.dates(datetime.date(1, 1, 1)),
        st.none() | st.booleans(),
    ),
    min_size=1,
    max_size=8,
)
COLUMNS = {
    "i": pa.int64(), "t": pa.string(), "d": pa.float64(), "at": pa.timestamp("us"),
    "day": pa.date32(), "b": pa.bool_(),
}  # fmt: skip


@settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=ROWS)
def test_any_value_comes_back_as_it_was(warehouse: Warehouse, rows: list[tuple[Any, ...]]) -> None:
    arrays = [
        pa.array([row[place] for row in rows], kind) for place, kind in enumerate(COLUMNS.values())
    ]
    put(warehouse, **dict(zip(COLUMNS, arrays, strict=True)))
    batch = warehouse.run(
        "CREATE TEMP TABLE u (i BIGINT, t VARCHAR(40), d DOUBLE PRECISION, at TIMESTAMP, "
        "day DATE, b BOOLEAN)",
        copy("u"),
        "SELECT i, t, d, at, day, b FROM u",
    )

    records = warehouse.client.get_statement_result(Id=f"{batch['Id']}:3")["Records"]

    found = [
        tuple(None if field.get("isNull") else next(iter(field.values())) for field in record)
        for record in records
    ]
    assert sorted(map(repr, found)) == sorted(repr(written(row)) for row in rows)


def written(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Write a row's instants and days as the API does."""
    number, text, real, instant, day, flag = row
    at = None
    if instant is not None:
        at = instant.isoformat(sep=" ", timespec="seconds")
        at += f".{instant.microsecond:06d}".rstrip("0") if instant.microsecond else ""
    return number, text, real, at, day and day.isoformat(), flag
