"""Which objects a COPY loads: by manifest, by prefix, by whose role."""

import json
from typing import Any

import pyarrow as pa
import pytest

from tests.localaws.redshift_data.conftest import BUCKET, ROLE, Warehouse

MANIFEST = "redshift/latest/dg/loading-data-files-using-manifest.html"
PREFIX = "redshift/latest/dg/copy-parameters-data-source-s3.html"
ROLES = "redshift/latest/dg/copy-parameters-authorization.html"


@pytest.fixture
def table(warehouse: Warehouse) -> Warehouse:
    """A warehouse with an empty table t of one integer, and no objects."""
    warehouse.run("CREATE TABLE t (a INTEGER)")
    listed = warehouse.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    for entry in listed:
        warehouse.s3.delete_object(Bucket=BUCKET, Key=entry["Key"])
    return warehouse


def put(warehouse: Warehouse, key: str, *numbers: int) -> dict[str, Any]:
    """Put an object of numbers and give its entry for a manifest."""
    size = warehouse.put_parquet(key, pa.table({"a": pa.array(numbers, pa.int32())}))
    return {
        "url": f"s3://{BUCKET}/{key}",
        "mandatory": True,
        "meta": {"content_length": size},
    }


def copy(source: str, more: str = "", role: str = f"'{ROLE}'") -> str:
    return f"COPY t FROM 's3://{BUCKET}/{source}' IAM_ROLE {role} FORMAT AS PARQUET {more}"


def by_manifest(warehouse: Warehouse, *entries: dict[str, Any]) -> str:
    body = json.dumps({"entries": entries}).encode()
    warehouse.s3.put_object(Bucket=BUCKET, Key="list.manifest", Body=body)
    return copy("list.manifest", "MANIFEST")


def numbers(warehouse: Warehouse) -> list[int]:
    return [row[0] for row in warehouse.rows("SELECT a FROM t ORDER BY a")]


@pytest.mark.rule(
    "A manifest's entry has meta with its content_length", page=MANIFEST, group="copy"
)
@pytest.mark.parametrize("meta", [None, {}, {"content_length": "10"}])
def test_an_entry_without_its_length_is_refused(table: Warehouse, meta: Any) -> None:
    entry = put(table, "a.parquet", 1)

    error = table.refuse(by_manifest(table, entry | {"meta": meta}))

    assert "15003" in error
    assert "File entry does not have 'meta' key." in error
    table.run(by_manifest(table, entry))
    assert numbers(table) == [1]


@pytest.mark.rule("A manifest's content_length is the object's size", page=MANIFEST, group="copy")
@pytest.mark.parametrize("difference", [1, -1])
def test_a_wrong_length_is_refused(table: Warehouse, difference: int) -> None:
    entry = put(table, "a.parquet", 1)
    wrong = {"content_length": entry["meta"]["content_length"] + difference}

    error = table.refuse(by_manifest(table, entry | {"meta": wrong}))

    assert "HTTP response error code: 416 Message: InvalidRange" in error
    table.run(by_manifest(table, entry))


@pytest.mark.rule("A missing file fails where it is mandatory", page=MANIFEST, group="copy")
def test_a_missing_file_is_passed_over_only_where_it_is_optional(table: Warehouse) -> None:
    there, missing = put(table, "a.parquet", 1), put(table, "b.parquet", 2)
    table.s3.delete_object(Bucket=BUCKET, Key="b.parquet")

    assert "Problem reading" in table.refuse(by_manifest(table, there, missing))
    table.run(by_manifest(table, there, missing | {"mandatory": False}))
    optional = {name: value for name, value in missing.items() if name != "mandatory"}
    table.run(by_manifest(table, there, optional))

    assert numbers(table) == [1, 1]


@pytest.mark.rule("A file listed twice loads twice", page=MANIFEST, group="copy")
def test_a_file_listed_twice_loads_twice(table: Warehouse) -> None:
    entry = put(table, "a.parquet", 1)

    table.run(by_manifest(table, entry, entry))

    assert numbers(table) == [1, 1]


@pytest.mark.parametrize(
    "body", [b"no json", b"[]", b"{}", b'{"entries": []}', b'{"entries": [{}]}']
)
def test_what_is_no_manifest_is_refused(table: Warehouse, body: bytes) -> None:
    table.s3.put_object(Bucket=BUCKET, Key="list.manifest", Body=body)

    assert "Problem reading manifest file" in table.refuse(copy("list.manifest", "MANIFEST"))
    table.run(by_manifest(table, put(table, "a.parquet", 1)))


@pytest.mark.rule("A prefix matches by characters", page=PREFIX, group="copy")
def test_a_prefix_matches_by_characters(table: Warehouse) -> None:
    put(table, "kpi/a.parquet", 1)
    put(table, "kpi_old/a.parquet", 2)
    put(table, "other/a.parquet", 3)

    table.run(copy("kpi"))
    assert numbers(table) == [1, 2]
    table.run("DELETE FROM t WHERE a > 0")
    table.run(copy("kpi/"))
    assert numbers(table) == [1]


@pytest.mark.rule("A prefix without objects fails", page=PREFIX, group="copy")
def test_an_empty_prefix_is_refused(table: Warehouse) -> None:
    assert table.refuse(copy("none/")) == "ERROR: The specified S3 prefix 'none/' does not exist"
    put(table, "none/a.parquet", 1)
    table.run(copy("none/"))


@pytest.mark.rule("What lies under a prefix is Parquet (strict)", page=PREFIX, group="copy")
@pytest.mark.parametrize("name", ["_SUCCESS", "_files.json", ".hidden", "notes.txt"])
def test_another_file_under_the_prefix_is_refused(table: Warehouse, name: str) -> None:
    put(table, "out/a.parquet", 1)
    table.s3.put_object(Bucket=BUCKET, Key=f"out/{name}", Body=b"")

    assert "is not a Parquet file" in table.refuse(copy("out/"))
    table.s3.delete_object(Bucket=BUCKET, Key=f"out/{name}")
    table.run(copy("out/"))


@pytest.mark.rule("COPY reads by a role of the namespace", page=ROLES, group="copy")
def test_an_unknown_role_is_refused_and_the_default_one_is_not(table: Warehouse) -> None:
    put(table, "a.parquet", 1)

    error = table.refuse(copy("a.parquet", role="'arn:aws:iam::123456789012:role/another'"))

    assert "is not authorized to assume IAM Role" in error
    table.run(copy("a.parquet"))
    table.run(copy("a.parquet", role="default"))


@pytest.mark.parametrize(
    "statement",
    [
        f"COPY t FROM 's3://{BUCKET}/a.parquet' IAM_ROLE '{ROLE}' CSV",
        f"COPY t FROM 's3://{BUCKET}/a.parquet' IAM_ROLE '{ROLE}' FORMAT AS ORC",
        f"COPY t FROM 's3://{BUCKET}/a.parquet' IAM_ROLE '{ROLE}'",
        f"COPY t FROM 's3://{BUCKET}/a.parquet' FORMAT AS PARQUET",
        f"COPY t FROM 's3://{BUCKET}/a.parquet' CREDENTIALS 'x' FORMAT AS PARQUET",
        f"COPY t FROM 'dynamodb://table' IAM_ROLE '{ROLE}' FORMAT AS PARQUET",
        "COPY t FROM",
    ],
)
def test_a_copy_of_another_kind_is_refused(table: Warehouse, statement: str) -> None:
    put(table, "a.parquet", 1)

    assert table.refuse(statement).startswith("ERROR: ")
    table.run(copy("a.parquet"))


def test_a_file_without_rows_loads_nothing(table: Warehouse) -> None:
    table.run(by_manifest(table, put(table, "empty.parquet"), put(table, "a.parquet", 5)))

    assert numbers(table) == [5]
