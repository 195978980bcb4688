"""The constraints of an API's model, checked as the services check them."""

import re
from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from localaws.endpoint.service import ServiceError

PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float, str),
    "blob": (str,),
}


def check_input(shape: StructureShape | None, value: dict[str, Any]) -> None:
    """Refuse an input that breaks its model, naming each broken constraint.

    Raises:
        ServiceError: ValidationException.
    """
    found = list(_broken(shape, value, "")) if shape is not None else []
    if found:
        noun = "error" if len(found) == 1 else "errors"
        raise ServiceError(
            "ValidationException", f"{len(found)} validation {noun} detected: {'; '.join(found)}"
        )


def _broken(shape: Shape, value: Any, place: str) -> Iterator[str]:
    if not _is_of_type(shape, value):
        yield f"Value at '{place}' failed to satisfy constraint: Member must be a {shape.type_name}"
    elif isinstance(shape, StructureShape):
        yield from _broken_members(shape, value, place)
    elif isinstance(shape, ListShape | MapShape):
        yield from _broken_range(shape, len(value), place, "have length")
        yield from _broken_items(shape, value, place)
    elif isinstance(shape, StringShape):
        yield from _broken_text(shape, value, place)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _broken_range(shape, value, place, "have value")


def _is_of_type(shape: Shape, value: Any) -> bool:
    """Tell whether JSON gave a value of the type; a boolean is no number."""
    is_bool_for_number = isinstance(value, bool) and shape.type_name != "boolean"
    return isinstance(value, PYTHON_TYPES[shape.type_name]) and not is_bool_for_number


def _broken_members(shape: StructureShape, value: dict[str, Any], place: str) -> Iterator[str]:
    prefix = f"{place}." if place else ""
    for name in shape.required_members:
        if value.get(name) is None:
            yield (
                f"Value null at '{prefix}{name}' failed to satisfy constraint: "
                "Member must not be null"
            )
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _broken(member, value[name], f"{prefix}{name}")


def _broken_items(shape: ListShape | MapShape, value: Any, place: str) -> Iterator[str]:
    if isinstance(shape, ListShape):
        for number, item in enumerate(value, start=1):
            yield from _broken(shape.member, item, f"{place}.{number}.member")
        return
    for name, item in value.items():
        yield from _broken(shape.key, name, f"{place}.key")
        yield from _broken(shape.value, item, f"{place}.{name}")


def _broken_text(shape: StringShape, value: str, place: str) -> Iterator[str]:
    yield from _broken_range(shape, len(value), place, "have length")
    pattern = shape.metadata.get("pattern")
    if pattern and not re.search(_anchored(pattern), value):
        yield (
            f"Value '{value}' at '{place}' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {pattern}"
        )
    if shape.enum and value not in shape.enum:
        yield (
            f"Value '{value}' at '{place}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        )


def _anchored(pattern: str) -> str:
    """Java matches the whole text; its POSIX classes are written otherwise in Python."""
    written = pattern.replace(r"\p{L}", r"\w")
    return rf"\A(?:{written})\Z"


def _broken_range(shape: Shape, size: float, place: str, verb: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        bound = f"greater than or equal to {least}"
    elif most is not None and size > most:
        bound = f"less than or equal to {most}"
    else:
        return
    yield f"Value at '{place}' failed to satisfy constraint: Member must {verb} {bound}"
