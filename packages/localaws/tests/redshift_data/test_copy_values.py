"""COPY: which types of Parquet it takes, and that each value comes back as it was."""

import datetime
import io
import math
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import BUCKET, ROLE, Warehouse

GUIDE = "redshift/latest/dg"
COLUMNAR = f"{GUIDE}/copy-usage_notes-copy-from-columnar.html"
CHARACTERS = f"{GUIDE}/r_Character_types.html"
NUMBERS = f"{GUIDE}/r_Numeric_types201.html"
TIMES = f"{GUIDE}/r_Datetime_types.html"
NOT_NULL = f"{GUIDE}/r_CREATE_TABLE_NEW.html"
INSTANT = datetime.datetime.fromisoformat("2024-06-01 12:30:00.000001")
COPY = f"COPY t FROM 's3://{BUCKET}/one' IAM_ROLE '{ROLE}' FORMAT AS PARQUET"


def put(warehouse: Warehouse, *columns: pa.Array, **writing: Any) -> None:
    """Put an object of these columns, in the place that COPY loads."""
    buffer = io.BytesIO()
    table = pa.table(list(columns), names=[f"c{number}" for number in range(len(columns))])
    pq.write_table(table, buffer, **writing)
    warehouse.s3.put_object(Bucket=BUCKET, Key="one", Body=buffer.getvalue())


def load(warehouse: Warehouse, *columns: pa.Array) -> list[tuple[Any, ...]]:
    """Load these columns into the empty table t, and give its rows in their order."""
    put(warehouse, *columns)
    warehouse.run("DELETE FROM t", COPY)
    return warehouse.rows("SELECT * FROM t")


TYPES: list[tuple[str, pa.DataType, list[pa.DataType], Any]] = [
    ("SMALLINT", pa.int16(), [pa.int32(), pa.int8(), pa.uint16()], -(2**15)),
    ("INTEGER", pa.int32(), [pa.int64(), pa.int16(), pa.uint32(), pa.decimal128(9, 0)], -(2**31)),
    ("BIGINT", pa.int64(), [pa.int32(), pa.uint64(), pa.float64(), pa.decimal128(18, 0)], -(2**63)),
    ("REAL", pa.float32(), [pa.float64(), pa.float16()], 0.5),
    ("DOUBLE PRECISION", pa.float64(), [pa.float32(), pa.int64(), pa.decimal128(10, 2)], 0.1),
    ("BOOLEAN", pa.bool_(), [pa.int8(), pa.string()], False),
    ("DATE", pa.date32(), [pa.int32(), pa.timestamp("us"), pa.string()], INSTANT.date()),
    ("VARCHAR(9)", pa.string(), [pa.binary(), pa.list_(pa.string()), pa.int32()], ""),
    ("TIMESTAMP", pa.timestamp("us"), [pa.int64(), pa.date32(), pa.string()], INSTANT),
]


@pytest.mark.rule("A file's type is its column's own", page=COLUMNAR, group="copy")
@pytest.mark.parametrize(("column", "taken", "refused", "value"), TYPES)
def test_a_neighbouring_type_is_refused(
    warehouse: Warehouse, column: str, taken: pa.DataType, refused: list[pa.DataType], value: Any
) -> None:
    warehouse.run(f"CREATE TABLE t (c0 {column})")
    for other in refused:
        put(warehouse, pa.array([None], other))
        error = warehouse.refuse(COPY)
        assert "15007" in error, other
        assert "incompatible Parquet schema for column 'c0'" in error, other

    ((found,),) = load(warehouse, pa.array([value], taken))

    assert found == (str(value) if isinstance(value, datetime.date) else value)


@pytest.mark.rule("DECIMAL has one precision and scale", page=NUMBERS, group="copy")
@pytest.mark.parametrize(
    ("precision", "scale", "written"),
    [
        (9, 2, "-1234567.89"),
        (18, 2, "9999999999999999.99"),
        (38, 10, "-9999999999999999999999999999.9999999999"),
        (38, 37, "0.0000000000000000000000000000000000001"),
    ],
)
def test_a_decimal_of_another_size_is_refused(
    warehouse: Warehouse, precision: int, scale: int, written: str
) -> None:
    warehouse.run(f"CREATE TABLE t (c0 DECIMAL({precision}, {scale}))")
    for other in (pa.decimal128(precision - 1, scale), pa.decimal128(precision, scale - 1)):
        put(warehouse, pa.array([None], other))
        assert "incompatible Parquet schema" in warehouse.refuse(COPY), other

    rows = load(warehouse, pa.array([Decimal(written)], pa.decimal128(precision, scale)))

    assert rows == [(written,)]


@pytest.mark.rule("Timestamps are INT64 of microseconds", page=TIMES, group="copy")
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Paris"])
def test_nanoseconds_and_int96_are_refused(warehouse: Warehouse, zone: str | None) -> None:
    warehouse.run("CREATE TABLE t (c0 TIMESTAMP)")
    zoned = INSTANT.replace(tzinfo=datetime.UTC) if zone else INSTANT
    micros = pa.array([zoned], pa.timestamp("us", tz=zone))
    put(warehouse, micros.cast(pa.timestamp("ns", tz=zone)))
    assert "incompatible Parquet schema" in warehouse.refuse(COPY)
    put(warehouse, micros, use_deprecated_int96_timestamps=True)
    assert "incompatible Parquet schema" in warehouse.refuse(COPY)

    assert load(warehouse, micros) == [("2024-06-01 12:30:00.000001",)]


@pytest.mark.rule("TIMESTAMP has no zone and begins before year 1", page=TIMES, group="copy")
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_the_first_and_the_last_instant_come_back(warehouse: Warehouse, zone: str | None) -> None:
    warehouse.run("CREATE TABLE t (c0 TIMESTAMP)")
    first, last = -62_135_596_800_000_000, 253_402_300_799_999_999
    kind = pa.timestamp("us", tz=zone)
    put(warehouse, pa.array([2**63 - 1], kind))
    assert warehouse.refuse(COPY).startswith("ERROR: ")

    rows = load(warehouse, pa.array([first, -1, last], kind))

    assert [row[0] for row in rows] == [
        "0001-01-01 00:00:00", "1969-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999",
    ]  # fmt: skip


@pytest.mark.rule("VARCHAR(n) holds n bytes, not characters", page=CHARACTERS, group="copy")
@pytest.mark.parametrize(
    ("width", "fitting", "too_long"),
    [(8, "😀😀", "😀😀x"), (8, "xxxx😀", "xxxxx😀"), (7, "😀éx", "😀😀"), (3, "€", "😀")],
)
def test_a_text_one_byte_too_long_is_refused(
    warehouse: Warehouse, width: int, fitting: str, too_long: str
) -> None:
    warehouse.run(f"CREATE TABLE t (c0 VARCHAR({width}))")
    put(warehouse, pa.array([fitting, None, too_long]))

    assert warehouse.refuse(COPY).endswith(
        "The length of the data column c0 is longer than the length defined in the table. "
        f"Table: {width}, Data: {len(too_long.encode())}"
    )
    assert load(warehouse, pa.array([fitting])) == [(fitting,)]


@pytest.mark.rule("NOT NULL holds; an empty text is no null", page=NOT_NULL, group="copy")
def test_a_null_is_refused_where_an_empty_text_is_not(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (c0 VARCHAR(5) NOT NULL, c1 VARCHAR(5))")
    put(warehouse, pa.array(["", None]), pa.array(["", ""]))

    assert warehouse.refuse(COPY) == "ERROR: Cannot insert a NULL value into column c0"
    rows = load(warehouse, pa.array(["", "", "NULL"]), pa.array(["", None, "null"]))
    assert rows == [("", ""), ("", None), ("NULL", "null")]


def test_extreme_doubles_come_back_to_the_last_bit(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (c0 DOUBLE PRECISION)")
    doubles = [5e-324, -2.2250738585072014e-308, 1.7976931348623157e308, 0.1 + 0.2, 1e23, -0.0]

    found = [row[0] for row in load(warehouse, pa.array(doubles))]

    assert [value.hex() for value in found] == [value.hex() for value in doubles]


def test_what_is_no_finite_number_stays_so(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (c0 DOUBLE PRECISION)")

    load(warehouse, pa.array([math.nan, math.inf, -math.inf, None], pa.float64()))

    for written in ("NaN", "Infinity", "-Infinity"):
        count = f"SELECT count(*) FROM t WHERE c0 = '{written}'::DOUBLE PRECISION"
        assert warehouse.rows(count) == [(1,)], written


def test_texts_that_mean_something_in_csv_come_back(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (c0 VARCHAR(20))")
    texts = [
        '"', '""', 'a"b', ",", "a,b", "x\ny", "x\r\ny", "\r", "\n", "\\", "\\N", "\\.",
        "x\n\\.\ny", "\\n", "\x01", "\x1f", "\x7f", "\t", " ", "  x  ", "'", "NULL", "\ufeff",
        "e\u0301", "\u2028", "👩\u200d👩", None, "",
    ]  # fmt: skip

    assert load(warehouse, pa.array(texts)) == [(text,) for text in texts]


@pytest.mark.rule("The first error rolls all back", page=COLUMNAR, group="copy")
def test_an_error_in_the_last_row_takes_the_whole_batch_back(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (c0 VARCHAR(3))")
    many = ["ok"] * 70_000

    put(warehouse, pa.array([*many, "long"]))
    assert "Table: 3, Data: 4" in warehouse.refuse("INSERT INTO t VALUES ('x')", COPY)
    assert warehouse.rows("SELECT count(*) FROM t") == [(0,)]

    put(warehouse, pa.array([*many, "end"]))
    _, loading = warehouse.run("INSERT INTO t VALUES ('x')", COPY)["SubStatements"]
    assert loading["ResultRows"] == 70_001
    assert warehouse.rows("SELECT count(*) FROM t") == [(70_002,)]


@pytest.mark.rule("Only a whole Parquet file is loaded", page=COLUMNAR, group="copy")
def test_a_damaged_file_is_refused(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (c0 VARCHAR(9))")
    put(warehouse, pa.array(["a", "b"]), compression="gzip")
    whole = warehouse.s3.get_object(Bucket=BUCKET, Key="one")["Body"].read()

    for broken in (b"", b"a,b\n", whole[:-1], whole[:4] + bytes(40) + whole[44:]):
        warehouse.s3.put_object(Bucket=BUCKET, Key="one", Body=broken)
        assert "Spectrum Scan Error code: 15001" in warehouse.refuse(COPY), broken
    warehouse.s3.put_object(Bucket=BUCKET, Key="one", Body=whole)
    warehouse.run(COPY)
    assert warehouse.rows("SELECT c0 FROM t") == [("a",), ("b",)]
