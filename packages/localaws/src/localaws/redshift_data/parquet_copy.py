"""Parquet into a table, by position and with exact types, as COPY loads it."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg2
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
from psycopg2 import sql

from localaws.redshift_data.copy_sources import SourceObject
from localaws.redshift_data.sql_error import SqlError, translate

BATCH_ROWS = 65_536
READ_BYTES = 1 << 20
# Exact, as strict as any report says: int32 into BIGINT was never seen to load.
ARROW_TYPES = {
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float32(),
    "double precision": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}
CATALOGUE = """
    SELECT attname, format_type(atttypid, NULL), attnotnull, atttypmod
    FROM pg_attribute
    WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
    ORDER BY attnum
"""
TYPE_MODIFIER_HEADER = 4


@dataclass(frozen=True)
class TargetColumn:
    """A column of the table; `width` is a text's, in bytes, `size` a number's."""

    name: str
    type_name: str
    is_required: bool
    width: int | None
    size: tuple[int, int] | None


def read_columns(
    connection: "psycopg2.extensions.connection", table: str, names: Sequence[str]
) -> list[TargetColumn]:
    """Give the columns that are loaded, in the order of the file.

    Raises:
        SqlError: There is no such table or column.
    """
    with connection.cursor() as cursor:
        cursor.execute(CATALOGUE, (identify(table).as_string(cursor),))
        rows = cursor.fetchall()
    if not rows:
        raise SqlError(f"ERROR: Cannot COPY into nonexistent table {table}")
    found = {row[0]: describe_column(*row) for row in rows}
    for name in names:
        if name not in found:
            raise SqlError(f'ERROR: column "{name}" of relation "{table}" does not exist')
    return [found[name] for name in names] if names else list(found.values())


def identify(table: str) -> sql.Identifier:
    """Give the name of a table, which may have its schema before it."""
    return sql.Identifier(*table.split(".", 1))


def describe_column(name: str, type_name: str, is_required: bool, modifier: int) -> TargetColumn:
    modifier -= TYPE_MODIFIER_HEADER
    is_text = type_name.startswith("character")
    size = (modifier >> 16, modifier & 0x7FF) if type_name == "numeric" else None
    width = modifier if is_text and modifier > 0 else None
    return TargetColumn(name, type_name, is_required, width, size)


def copy_parquet(
    connection: "psycopg2.extensions.connection",
    table: str,
    columns: Sequence[TargetColumn],
    source: SourceObject,
) -> int:
    """Load one object into the table, in the open transaction, and give its number of rows.

    Raises:
        SqlError: Columns, types, widths or nulls are not those of the table.
    """
    try:
        file = pq.ParquetFile(io.BytesIO(source.content))
    except (pa.ArrowInvalid, OSError) as error:
        raise SqlError(
            f"ERROR: Spectrum Scan Error code: 15001 context: {source.url} is not a Parquet file"
        ) from error
    check_schema(source.url, file.schema_arrow, columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv)").format(
        identify(table), sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    )
    text = CsvStream(csv_texts(checked_batches(file, columns), source.url))
    try:
        with connection.cursor() as cursor:
            cursor.copy_expert(statement, text, size=READ_BYTES)
    except psycopg2.Error as error:
        # What the stream raised while it was pulled comes back as a cancelled query.
        raise text.failure or translate(error) from error
    return int(file.metadata.num_rows)


def check_schema(url: str, schema: pa.Schema, columns: Sequence[TargetColumn]) -> None:
    if len(schema) != len(columns):
        raise SqlError(
            "ERROR: Spectrum Scan Error code: 15007 context: Unmatched number of columns between "
            f"table and file. Table columns: {len(columns)}, Data columns: {len(schema)}, "
            f"File name: {url}"
        )
    for field, column in zip(schema, columns, strict=True):
        if not is_loadable(field.type, column):
            raise SqlError(
                f"ERROR: Spectrum Scan Error code: 15007 context: File '{url}' has an "
                f"incompatible Parquet schema for column '{column.name}'. Column type: "
                f"{column.type_name.upper()}, Parquet schema: {field.name} {field.type}"
            )


def is_loadable(found: pa.DataType, column: TargetColumn) -> bool:
    """Tell whether a type of a file is the column's, exactly."""
    if column.type_name.startswith("character"):
        return bool(pa.types.is_string(found) or pa.types.is_large_string(found))
    if column.type_name.startswith("timestamp"):
        return bool(pa.types.is_timestamp(found)) and found.unit in ("ms", "us")
    if column.size is not None:
        return bool(pa.types.is_decimal(found)) and (found.precision, found.scale) == column.size
    return bool(found == ARROW_TYPES.get(column.type_name))


def checked_batches(
    file: pq.ParquetFile, columns: Sequence[TargetColumn]
) -> Iterator[pa.RecordBatch]:
    """Give the rows by batches, as text for PostgreSQL: instants in UTC without their zone."""
    for batch in file.iter_batches(batch_size=BATCH_ROWS):
        arrays = []
        for array, column in zip(batch.columns, columns, strict=True):
            check_values(array, column)
            is_instant = pa.types.is_timestamp(array.type)
            arrays.append(array.cast(pa.timestamp("us")) if is_instant else array)
        yield pa.RecordBatch.from_arrays(arrays, [column.name for column in columns])


def check_values(array: pa.Array, column: TargetColumn) -> None:
    if column.is_required and array.null_count:
        raise SqlError(f"ERROR: Cannot insert a NULL value into column {column.name}")
    if column.width is not None:
        longest = pc.max(pc.binary_length(array)).as_py() or 0
        if longest > column.width:
            raise SqlError(
                "ERROR: Spectrum Scan Error code: 15007 context: The length of the data column "
                f"{column.name} is longer than the length defined in the table. "
                f"Table: {column.width}, Data: {longest}"
            )


def csv_texts(batches: Iterator[pa.RecordBatch], url: str) -> Iterator[bytes]:
    """Give each batch as CSV; a null is nothing, an empty text two quotes.

    Raises:
        SqlError: A part of the object cannot be read or written as text.
    """
    options = pcsv.WriteOptions(include_header=False)
    try:
        for batch in batches:
            text = io.BytesIO()
            pcsv.write_csv(batch, text, options)
            yield text.getvalue()
    except (pa.ArrowException, OSError) as error:
        raise SqlError(
            f"ERROR: Spectrum Scan Error code: 15001 context: {url} cannot be read: {error}"
        ) from error


class CsvStream(io.RawIOBase):
    """Texts as one file, made while it is read."""

    def __init__(self, texts: Iterator[bytes]) -> None:
        self._texts = texts
        self._text = io.BytesIO()
        self.failure: SqlError | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Give some of the text, none at its end."""
        while not (found := self._text.read(size)):
            try:
                text = next(self._texts, None)
            except SqlError as error:
                self.failure = error
                raise
            if text is None:
                return b""
            self._text = io.BytesIO(text)
        return found
