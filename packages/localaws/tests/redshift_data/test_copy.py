"""COPY: what it loads into which columns, which options it takes, which objects it reads."""

import json
from typing import Any

import pyarrow as pa
import pytest

from .conftest import BUCKET, ROLE, Warehouse

GUIDE = "redshift/latest/dg"
COLUMNAR = f"{GUIDE}/copy-usage_notes-copy-from-columnar.html"
COLUMN_LIST = f"{GUIDE}/copy-parameters-column-mapping.html"
CONVERSION = f"{GUIDE}/copy-parameters-data-conversion.html"
MANIFEST = f"{GUIDE}/loading-data-files-using-manifest.html"
SOURCE = f"{GUIDE}/copy-parameters-data-source-s3.html"
AUTHORIZATION = f"{GUIDE}/copy-parameters-authorization.html"
ELSEWHERE = "arn:aws:iam::123456789012:role/another"
REFUSED_OPTIONS = [
    "REGION 'eu-west-1'", "REGION AS 'eu-west-1'", "MAXERROR 10", "ACCEPTANYDATE",
    "TRUNCATECOLUMNS", "COMPUPDATE ON", "COMPUPDATE OFF", "GZIP", "BZIP2", "LZOP", "ZSTD",
    "DELIMITER ','", "IGNOREHEADER 1", "IGNOREBLANKLINES", "DATEFORMAT 'auto'",
    "TIMEFORMAT 'auto'", "NULL AS 'x'", "BLANKSASNULL", "EMPTYASNULL", "ESCAPE", "REMOVEQUOTES",
    "ROUNDEC", "TRIMBLANKS", "ENCODING UTF8", "FIXEDWIDTH 'a:3'", "CSV", "JSON 'auto'",
    "AVRO 'auto'", "QUOTE AS '%'", "NOLOAD", "ENCRYPTED", "MASTER_SYMMETRIC_KEY 'x'",
    "COMPROWS 10", "READRATIO 10", "IGNOREALLERRORS",
]  # fmt: skip


@pytest.fixture
def table(warehouse: Warehouse) -> Warehouse:
    """A warehouse with an empty table t of one column, and nothing under any prefix."""
    warehouse.run("CREATE TABLE t (a INTEGER)")
    for entry in warehouse.s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        warehouse.s3.delete_object(Bucket=BUCKET, Key=entry["Key"])
    return warehouse


def put(warehouse: Warehouse, key: str, *numbers: int) -> dict[str, Any]:
    """Put an object of numbers and give its entry of a manifest."""
    size = warehouse.put_parquet(key, pa.table({"a": pa.array(numbers, pa.int32())}))
    return {"url": f"s3://{BUCKET}/{key}", "mandatory": True, "meta": {"content_length": size}}


def copy(target: str = "t", source: str = "one", more: str = "", role: str = f"'{ROLE}'") -> str:
    return f"COPY {target} FROM 's3://{BUCKET}/{source}' IAM_ROLE {role} FORMAT AS PARQUET {more}"


def by_manifest(warehouse: Warehouse, *entries: Any, body: bytes | None = None) -> str:
    body = body if body is not None else json.dumps({"entries": entries}).encode()
    warehouse.s3.put_object(Bucket=BUCKET, Key="list.manifest", Body=body)
    return copy(source="list.manifest", more="MANIFEST")


def loaded(warehouse: Warehouse, table: str = "t") -> list[Any]:
    return [row[0] for row in warehouse.rows(f"SELECT a FROM {table} ORDER BY a")]


@pytest.mark.rule("Columns load in the file's order, not by name", page=COLUMNAR, group="copy")
def test_columns_swapped_in_the_file_are_swapped_in_the_table(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (a INTEGER, b INTEGER)", "CREATE TABLE u (a INTEGER, n REAL)")
    swapped = {"b": pa.array([2], pa.int32()), "a": pa.array([1], pa.int32())}
    warehouse.put_parquet("one", pa.table(swapped))

    assert "15007" in warehouse.refuse(copy("u"))
    warehouse.run(copy())

    assert warehouse.rows("SELECT a, b FROM t") == [(2, 1)]


@pytest.mark.rule("File and table have one count of columns", page=COLUMNAR, group="copy")
@pytest.mark.parametrize("count", [1, 3])
def test_one_column_too_few_or_too_many_is_refused(warehouse: Warehouse, count: int) -> None:
    warehouse.run("CREATE TABLE t (a INTEGER, b INTEGER)")
    column = pa.array([7], pa.int32())
    warehouse.put_parquet("one", pa.table({f"c{n}": column for n in range(count)}))
    warehouse.put_parquet("two", pa.table({"x": column, "y": column}))

    error = warehouse.refuse(copy())

    assert f"number of columns between table and file. Table columns: 2, Data columns: {count}" in (
        error
    )
    warehouse.run(copy(source="two"))
    assert warehouse.rows("SELECT a, b FROM t") == [(7, 7)]


@pytest.mark.rule("A column list maps by position, too", page=COLUMN_LIST, group="copy")
def test_a_column_list_fills_its_columns_in_its_own_order(warehouse: Warehouse) -> None:
    warehouse.run('CREATE TABLE t (a INTEGER, "explicit" INTEGER, c INTEGER DEFAULT 5)')
    pair = {"x": pa.array([1], pa.int32()), "y": pa.array([2], pa.int32())}
    warehouse.put_parquet("one", pa.table(pair))

    for columns in ("(missing, a)", "(a, a)", "(a)", "()", "(a,)", "(, a)", "('a', c)", "(a c)"):
        assert warehouse.refuse(copy(f"t {columns}")).startswith("ERROR: "), columns
    warehouse.run(copy('t ("explicit", A)'))

    assert warehouse.rows('SELECT a, "explicit", c FROM t') == [(2, 1, 5)]


@pytest.mark.rule("An omitted NOT NULL column has a default", page=COLUMN_LIST, group="copy")
def test_an_omitted_column_that_takes_no_null_is_refused(table: Warehouse) -> None:
    table.run("CREATE TABLE u (a INTEGER, b INTEGER NOT NULL)")
    table.run("CREATE TABLE v (a INTEGER, b INTEGER NOT NULL DEFAULT 9)")
    put(table, "one", 1)

    assert table.refuse(copy("u (a)")) == "ERROR: Cannot insert a NULL value into column b"
    table.run(copy("v (a)"))
    assert table.rows("SELECT a, b FROM v") == [(1, 9)]


@pytest.mark.rule("Parquet takes only few parameters of COPY", page=COLUMNAR, group="copy")
@pytest.mark.parametrize("option", REFUSED_OPTIONS)
def test_an_option_of_text_formats_is_refused(table: Warehouse, option: str) -> None:
    put(table, "one", 1)
    expected = f"{option.split()[0]} argument is not supported for PARQUET based COPY"

    assert table.refuse(copy(more=option)) == f"ERROR: {expected}"
    table.run(copy(more="STATUPDATE ON"))
    assert loaded(table) == [1]


@pytest.mark.rule("FILLRECORD and its like are not covered", page=CONVERSION, group="copy")
@pytest.mark.parametrize("option", ["FILLRECORD", "ACCEPTINVCHARS AS '?'", "EXPLICIT_IDS"])
def test_an_option_left_out_of_the_double_is_refused(table: Warehouse, option: str) -> None:
    put(table, "one", 1)

    assert table.refuse(copy(more=option)) == (
        f"ERROR: not supported by the local warehouse: {option.split()[0]} of COPY"
    )
    table.run(copy())


@pytest.mark.rule("The role is one of the namespace, or default", page=AUTHORIZATION, group="copy")
def test_a_role_of_elsewhere_is_refused(table: Warehouse) -> None:
    put(table, "one", 1)

    assert f"assume IAM Role {ELSEWHERE}" in table.refuse(copy(role=f"'{ELSEWHERE}'"))
    assert "syntax error" in table.refuse(copy(role="'default'"))
    table.run(copy(role="default"))
    assert loaded(table) == [1]


@pytest.mark.rule("The target is the table named, also a temporary one", page=SOURCE, group="copy")
def test_a_temporary_table_is_loaded_and_the_schemas_own_is_told_apart(table: Warehouse) -> None:
    put(table, "one", 1)
    temporary = "CREATE TEMP TABLE t (a INTEGER)"

    assert "nonexistent table other.t" in table.refuse(copy("other.t"))
    assert "nonexistent table u" in table.refuse(copy("u"))
    table.run(temporary, copy(), "INSERT INTO public.t SELECT a + 10 FROM t")
    table.run(temporary, copy("public.t"))

    assert loaded(table) == [1, 11]


@pytest.mark.rule("A manifest of Parquet gives each length", page=MANIFEST, group="copy")
@pytest.mark.parametrize("meta", [None, {}, {"content_length": None}, {"content_length": True}])
def test_an_entry_that_tells_no_length_is_refused(table: Warehouse, meta: Any) -> None:
    entry = put(table, "one", 1)
    without = {name: value for name, value in entry.items() if name != "meta"}

    for wrong in (without, entry | {"meta": meta}):
        error = table.refuse(by_manifest(table, wrong))
        assert "code: 15003 context: File entry does not have 'meta' key." in error
    table.run(by_manifest(table, entry))
    assert loaded(table) == [1]


@pytest.mark.rule("content_length is the object's exact size", page=MANIFEST, group="copy")
@pytest.mark.parametrize("difference", [-1, 1])
def test_a_length_off_by_one_fails_the_files_before_it_too(
    table: Warehouse, difference: int
) -> None:
    first, second = put(table, "one", 1), put(table, "two", 2)
    wrong = {"content_length": second["meta"]["content_length"] + difference}

    assert "416 Message: InvalidRange" in table.refuse(
        by_manifest(table, first, second | {"meta": wrong})
    )
    assert loaded(table) == []
    table.run(by_manifest(table, first, second))
    assert loaded(table) == [1, 2]


@pytest.mark.rule("COPY ends where no file is found at all", page=MANIFEST, group="copy")
def test_a_missing_file_is_passed_over_if_optional_and_not_the_only_one(table: Warehouse) -> None:
    there = put(table, "one", 1)
    missing = there | {"url": f"s3://{BUCKET}/missing"}
    optional = missing | {"mandatory": False}

    assert f"Problem reading s3://{BUCKET}/missing" in table.refuse(
        by_manifest(table, there, missing)
    )
    assert "none of its files was found" in table.refuse(by_manifest(table, optional, optional))
    table.run(by_manifest(table, optional, there))
    assert loaded(table) == [1]


@pytest.mark.rule("Each entry is one load, its key as written", page=MANIFEST, group="copy")
def test_a_file_listed_twice_loads_twice_and_a_double_slash_is_another_key(
    table: Warehouse,
) -> None:
    single, double = put(table, "a/b", 1), put(table, "a//b", 22)
    absent = single | {"url": f"s3://{BUCKET}/a///b"}

    assert "Problem reading" in table.refuse(by_manifest(table, single, absent))
    table.run(by_manifest(table, single, double, single))

    assert loaded(table) == [1, 1, 22]


@pytest.mark.rule("A manifest is JSON with entries of urls", page=MANIFEST, group="copy")
@pytest.mark.parametrize(
    "body",
    [
        b"", b"no json", b"\xff", b"[]", b"{}", b"5", b'{"entries": []}', b'{"entries": 5}',
        b'{"entries": {"url": "s3://a/b"}}', b'{"entries": [5]}', b'{"entries": ["url"]}',
        b'{"entries": [{}]}', b'{"entries": [{"url": 5}]}', b'{"entries": [{"url": "/a/b"}]}',
    ],
)  # fmt: skip
def test_a_text_that_is_no_manifest_is_refused(table: Warehouse, body: bytes) -> None:
    entry = put(table, "one", 1)

    assert "Problem reading manifest file" in table.refuse(by_manifest(table, body=body))
    table.run(by_manifest(table, entry))
    assert loaded(table) == [1]


@pytest.mark.rule("All under a prefix is loaded, so is Parquet", page=SOURCE, group="copy")
@pytest.mark.parametrize("name", ["_SUCCESS", ".part.crc", "notes.txt"])
def test_a_prefix_matches_by_characters_and_spares_no_file(table: Warehouse, name: str) -> None:
    put(table, "kpi/a", 1)
    put(table, "kpi_old/a", 2)
    table.s3.put_object(Bucket=BUCKET, Key=f"kpi_old/{name}", Body=b"PAR1")

    assert f"kpi_old/{name} is not a Parquet file" in table.refuse(copy(source="kpi"))
    assert "prefix 'kpi/b' does not exist" in table.refuse(copy(source="kpi/b"))
    table.run(copy(source="kpi/"))
    assert loaded(table) == [1]
    table.s3.delete_object(Bucket=BUCKET, Key=f"kpi_old/{name}")
    table.run(copy(source="kpi"))
    assert loaded(table) == [1, 1, 2]
