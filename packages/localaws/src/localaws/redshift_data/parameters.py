"""The `:name` parameters of a statement, put in as literals."""

import re
from collections.abc import Mapping

from localaws.endpoint.service import ServiceError

# What is passed over, and then a parameter: not the second colon of a cast.
PARTS = re.compile(
    r"""
    '(?:[^'\\]|\\.|'')*'      # a text
    | "(?:[^"]|"")*"          # a quoted name
    | --[^\n]*                # a comment to the line's end
    | /\*.*?\*/               # a comment
    | ::                      # a cast
    | :(?P<name>[0-9A-Za-z_]+) # a parameter
    """,
    re.VERBOSE | re.DOTALL,
)


def bind(sql: str, values: Mapping[str, str]) -> tuple[str, set[str]]:
    """Give the statement with its values as literals, and the names that it used.

    All values are texts, as the API sends them; the column or the cast gives the type. A
    parameter without a value stays, and the statement fails by it: the parser knows no colon.
    """
    used: set[str] = set()

    def put(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None or name not in values:
            return match[0]
        used.add(name)
        return quote(values[name])

    return PARTS.sub(put, sql), used


def quote(value: str) -> str:
    """Write a text as a literal of Redshift, in which a backslash escapes."""
    if "\0" in value:
        raise ServiceError("ValidationException", "a parameter holds U+0000")
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def bind_all(sqls: list[str], parameters: list[dict[str, str]]) -> list[str]:
    """Bind a request's parameters in its statements.

    Raises:
        ServiceError: ValidationException: a name is given twice, is empty, or is not used.
    """
    values: dict[str, str] = {}
    for parameter in parameters:
        if parameter["name"] in values:
            message = f"Parameter {parameter['name']} is given twice"
            raise ServiceError("ValidationException", message)
        if parameter["value"] == "":
            message = f"Parameter {parameter['name']} is an empty text, which cannot be bound"
            raise ServiceError("ValidationException", message)
        values[parameter["name"]] = parameter["value"]
    bound, used = [], set()
    for sql in sqls:
        text, names = bind(sql, values)
        bound.append(text)
        used |= names
    if unused := sorted(values.keys() - used):
        message = (
            f"Parameters list contains unused parameters. Unused parameters: [{', '.join(unused)}]"
        )
        raise ServiceError("ValidationException", message)
    return bound
