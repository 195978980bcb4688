"""The grammar of a delivered line: fields, quotes, blanks. The same for Java and Python.

A row is one line. A quote opens only as a field's first byte and is doubled inside; a backslash
is an ordinary character. The patterns are possessive: no input makes them backtrack or recurse.
"""

import re

TRIMMED = "\t\n\x0b\x0c\r "
BLANKS = " \t"
FIELD = r'(?:"[^"]*+(?:""[^"]*+)*+"|[^",][^,]*+|)'
# Matched against a line with a comma put before it: each field then takes one, none is empty.
NEXT_FIELD = rf",({FIELD})"
WELL_FORMED = rf"(?:,{FIELD})++"


def split_line(line: str) -> list[str] | None:
    """Split a line into its fields, unquoted; None if a quote is open or text follows it."""
    if not re.fullmatch(WELL_FORMED, f",{line}"):
        return None
    return [unquote(field) for field in re.findall(NEXT_FIELD, f",{line}")]


def unquote(field: str) -> str:
    return field[1:-1].replace('""', '"') if field.startswith('"') else field
