"""Results as the API writes them: typed fields, and what the columns are."""

import datetime
import decimal
from typing import Any

from localaws.redshift_data.session import Column, Outcome

INTEGERS = ("int2", "int4", "int8")
FLOATS = ("float4", "float8")


def encode_rows(outcome: Outcome) -> list[list[dict[str, Any]]]:
    """Give the rows as lists of fields."""
    return [[encode(value) for value in row] for row in outcome.rows]


def encode(value: object) -> dict[str, Any]:
    """Give a field: numbers and booleans as such, all else as text, a null as isNull."""
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": write(value)}


def write(value: object) -> str:
    """Write a value as Redshift writes it; decimals, dates and times are texts in the API."""
    if isinstance(value, datetime.datetime):
        # Not strftime: it writes the year 999 with three digits.
        text = value.replace(microsecond=0, tzinfo=None).isoformat(sep=" ")
        if value.microsecond:
            text += f".{value.microsecond:06d}".rstrip("0")
        return text + ("+00" if value.tzinfo else "")
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)


def describe_column(column: Column) -> dict[str, Any]:
    """Give a column's ColumnMetadata."""
    is_text = column.type_name in ("varchar", "bpchar", "char")
    return {
        "isCaseSensitive": is_text,
        "isCurrency": False,
        "isSigned": column.type_name in (*INTEGERS, *FLOATS, "numeric"),
        "label": column.name,
        "length": column.length,
        "name": column.name,
        "nullable": 1,
        "precision": column.precision,
        "scale": column.scale,
        "schemaName": "",
        "tableName": "",
        "typeName": column.type_name,
    }
