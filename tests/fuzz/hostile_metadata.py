"""Hostile users and songs files, the same ones for the same seed."""

from collections.abc import Callable, Sequence
from random import Random

from pyspark.sql.types import StructField

from tests.fuzz.hostile_files import BOM, ENCODINGS, FORMULAS, HostileFile
from tests.fuzz.hostile_packing import PACKED
from tests.fuzz.metadata_reference import SCHEMAS
from tests.generators import PIECES, mutated, quoted

WHOLE = ("7", "007", "0", "-1", "-0", "2147483647", "-2147483648", "2147483648", "+5", "1.0", "1e3")
WHOLE += (
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "",
    "٣",
    "0x1",
    "--1",
)
WHOLE += ("-", "1_000", "1 0", "0" * 400 + "7", "9" * 5_000, "null", "100", "101")
REAL = (
    "0.5",
    "-0.0",
    "1e308",
    "1e309",
    "-1.7976931348623157e308",
    "5e-324",
    "1e-400",
    "nan",
    "inf",
)
REAL += (
    "Infinity",
    ".5",
    "5.",
    ".",
    "1e",
    "1E+5",
    "1e-5",
    "0x1p3",
    "1_0.5",
    "١.٥",
    "1d",
    "1f",
    "+1.5",
)
REAL += ("", "-", "-.5", "1e5.5", "e5", "0." + "3" * 5_000, "9" * 308, "9" * 310, "1,5")
TRUTH = ("true", "false", "TRUE", "fAlSe", "1", "0", "yes", "", "t", "trueſ", "falſe", " true ")
DAYS = (
    "2024-02-29",
    "0001-01-01",
    "9999-12-31",
    "2023-02-29",
    "0000-01-01",
    "2024-1-1",
    "20240101",
)
DAYS += ("2024-W01-1", "٢٠٢٤-01-01", "2024-01-01T00", "", "10000-01-01", "-001-01-01", "now")
TEXTS = (
    "",
    " a ",
    "a\0b",
    "\\N",
    "\\.",
    'say "hi"',
    "a\rb",
    "\ufeff",
    "\u2028",
    "\x85",
    "a\x7f",
    "NULL",
)
TEXTS += (
    "🎵;🎶",
    "é",
    "\\",
    "'",
    "\t",
    "\xa0",
    "a;;b",
    "\ue000",
    "\uffff",
    "\U0010ffff",
    *FORMULAS,
)
POOLS = {"bigint": WHOLE, "int": WHOLE, "double": REAL, "boolean": TRUTH, "date": DAYS}
HUGE_BYTES = (70_000, 300_000, 1 << 20, (1 << 20) + 1, 2_500_000)
QUOTED_BYTES = 20_000  # the reference reads a quoted field in quadratic time


def hostile_metadata(random: Random, table: str) -> HostileFile:
    """Give a file of any kind, packed in one of three."""
    kind = random.choice(sorted(PLAIN))
    content = PLAIN[kind](random, table)
    if random.random() < 2 / 3:
        return HostileFile(kind, ".csv", content)
    packing = random.choice(sorted(PACKED))
    return HostileFile(f"{kind}-{packing}", ".csv.gz", PACKED[packing](random, content))


def good_value(random: Random, column: StructField) -> str:
    """Give a value that no rule breaks; some fill their column's bytes."""
    kind = column.dataType.simpleString()
    if kind == "string":
        width = column.metadata["width"]
        fill = random.choice(("x" * width, "é" * (width // 2), "🎵" * (width // 4)))
        return fill if random.random() < 0.05 else random.choice(("Ann", "Zoë", "🎵 a", '"', "a;b"))
    number = random.randrange(1, 400) if not column.nullable else random.randrange(101)
    goods = {"double": f"{number / 7}", "boolean": "true", "date": f"20{number % 90 + 10}-02-28"}
    return goods.get(kind, str(number))


def any_value(random: Random, column: StructField) -> str:
    """Give a value that breaks a rule, or nearly does."""
    kind = column.dataType.simpleString()
    if kind != "string":
        return random.choice(POOLS[kind])
    width = column.metadata["width"]
    return random.choice((*TEXTS, "🎵" * (width // 4) + "x", "é" * (width // 2), "x" * (width + 1)))


def row(random: Random, table: str, hostile: float = 0.0) -> bytes:
    """Give a line whose fields break a rule with such a chance, and its bytes at times."""
    values = []
    for column in SCHEMAS[table]:
        value = good_value(random, column)
        if random.random() < hostile:
            value = any_value(random, column)
        elif column.nullable and random.random() < 0.1:
            value = ""
        is_quoted = any(mark in value for mark in ',"\r\n')
        values.append(
            f'"{value.replace(chr(34), chr(34) * 2)}"' if is_quoted else quoted(random, value)
        )
    line = ",".join(values).encode()
    return mutated(random, line) if random.random() < 2 * hostile else line


def rows(random: Random, table: str, hostile: float = 0.0, most: int = 25) -> list[bytes]:
    return [row(random, table, hostile) for _ in range(random.randrange(1, most))]


def joined(table: str, lines: Sequence[bytes], end: bytes = b"\n") -> bytes:
    header = ",".join(SCHEMAS[table].fieldNames()).encode()
    return b"".join(line + end for line in (header, *lines))


def good(random: Random, table: str) -> bytes:
    content = joined(table, rows(random, table), random.choice((b"\n", b"\r\n")))
    return random.choice((b"", BOM)) + content


def mixed(random: Random, table: str) -> bytes:
    return joined(table, rows(random, table, random.choice((0.01, 0.05, 0.3))))


def mutated_file(random: Random, table: str) -> bytes:
    content = good(random, table)
    for _ in range(random.randrange(1, 6)):
        start = random.randrange(len(content) + 1)
        end = start + random.choice((0, 0, 1, 1, 30))
        content = content[:start] + random.choice((b"", *PIECES)) + content[end:]
    return content


def other_encoding(random: Random, table: str) -> bytes:
    return good(random, table).decode().encode(random.choice(ENCODINGS), "replace")


def headers(random: Random, table: str) -> bytes:
    """Give good rows below a header with columns missing, twice, moved, renamed or added."""
    names = list(SCHEMAS[table].fieldNames())
    change = random.randrange(5)
    if change == 0:
        names.pop(random.randrange(len(names)))
    elif change == 1:
        names.append(random.choice(names))
    elif change == 2:
        names[0] = random.choice((names[0].upper(), f' "{names[0]}"', f"\t{names[0]} ", '"'))
    elif change == 3:
        names = [f'"{name}"' for name in names]
    wide = len(names) if change == 4 else 0
    header = ",".join(names + [f"extra {number}" for number in range(wide)]).encode()
    before = random.choice((b"", b"", b"\n \t\n", BOM + b"\r\n", b"\n" + BOM))
    return before + b"".join(
        line + b"\n" for line in (header, *(one + b",x" * wide for one in rows(random, table)))
    )


def huge(random: Random, table: str) -> bytes:
    size = random.choice(HUGE_BYTES)
    giant = random.choice((b"x" * size, b"\xff" * size, "🎵".encode() * (size // 4), b" " * size))
    lines = [
        giant,
        b"7," + giant,
        row(random, table) + b" " * size,
        row(random, table)[:-1] + giant,
    ]
    lines += [b'7,"' + b'""' * (QUOTED_BYTES // 2) + b'"', b'"' * QUOTED_BYTES, b"," * 4_000]
    among = rows(random, table)
    among.insert(random.randrange(len(among) + 1), random.choice(lines))
    return joined(table, among)


def many_rejected(random: Random, table: str) -> bytes:
    """Give rejected rows about as many as refuse the file."""
    bad = random.choice((19, 20, 21))
    among = [row(random, table) for _ in range(random.choice((0, 9 * bad, 9 * bad - 1)))]
    among += [b"x" + row(random, table) for _ in range(bad)]
    random.shuffle(among)
    return joined(table, among)


def line_ends(random: Random, table: str) -> bytes:
    ends = (b"\n", b"\r\n", b"\n\n", b"\r", b"\r\r\n", b"\0\n", b"\x0b\n", b" \n", b'"\n')
    lines = joined(table, rows(random, table)).splitlines()
    return b"".join(line + random.choice(ends) for line in lines)


def noise(random: Random, table: str) -> bytes:
    start = random.choice((b"", BOM, joined(table, []), good(random, table)))
    return start + random.choice((b"", b"\n \t\n", random.randbytes(random.randrange(400))))


KINDS = (good, mixed, mutated_file, other_encoding, headers, huge, many_rejected, line_ends, noise)
PLAIN: dict[str, Callable[[Random, str], bytes]] = {kind.__name__: kind for kind in KINDS}
