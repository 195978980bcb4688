"""Hostile stream files, the same for the same seed: what careless and evil senders deliver."""

import gzip
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tests.fuzz.hostile_packing import PACKED
from tests.generators import HEADERS, PIECES, good_line, hostile_file, hostile_line

HEADER = b"user_id,track_id,listen_time"
COLUMNS = HEADERS[0]
BOM = b"\xef\xbb\xbf"
ENCODINGS = (
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "latin-1",
    "cp1252",
    "cp500",
    "utf-8-sig",
)
FORMULAS = (
    "=1+1",
    "@SUM(A1)",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "=HYPERLINK(x)",
    "%0A",
    "<b>",
    "'; --",
)
TRACKS = (
    "t{}",
    "é{}",
    "🎵{}",
    "a b{}",
    "{}\\",
    "=1+{}",
    "null{}",
    "'{}'",
    "\u2028{}",
    "{}" + "x" * 40,
)
HUGE_BYTES = (100_000, 300_000, 1_000_000)
QUOTED_BYTES = 20_000  # the reference reads a quoted field in quadratic time
WIDE_BYTES = 4_000  # and a line of commas too


class HostileFile(NamedTuple):
    """A file's kind, the ending of its name and its bytes."""

    kind: str
    suffix: str
    content: bytes


def hostile_stream(random: Random) -> HostileFile:
    """Give a file of any kind, packed at times."""
    kind = random.choice(sorted(PLAIN) + sorted(PACKED))
    if kind in PACKED:
        content = PLAIN[random.choice(sorted(PLAIN))](random)
        return HostileFile(kind, ".csv.gz", PACKED[kind](random, content))
    content = PLAIN[kind](random)
    if random.random() < 0.1:
        return HostileFile(kind, ".csv.gz", gzip.compress(content, 1, mtime=0))
    return HostileFile(kind, ".csv", content)


def fresh_line(random: Random) -> bytes:
    """Give a good line that hardly another file holds."""
    user = random.choice((random.randrange(1, 2**63), random.randrange(1, 10**6)))
    track = random.choice(TRACKS).format(random.randrange(10**6))
    day, hour, minute, second = (random.randrange(n) for n in (4, 24, 60, 60))
    fraction = random.choice(("", f".{random.randrange(10**6):06}", ".5"))
    zone = random.choice(("", "", "Z", "+00:00", "-03:30", "+05:45"))
    mark = random.choice(" T")
    time = f"2024-06-{day + 22}{mark}{hour:02}:{minute:02}:{second:02}{fraction}{zone}"
    return f"{user},{track},{time}".encode()


def good_lines(random: Random, most: int = 12) -> list[bytes]:
    """Give fresh lines, lines that other files hold too, and copies of some."""
    lines = [fresh_line(random) for _ in range(random.randrange(1, most))]
    lines += [good_line(random, COLUMNS) for _ in range(random.randrange(4))]
    lines += random.choices(lines, k=random.randrange(3))
    random.shuffle(lines)
    return lines


def among_good(random: Random, *lines: bytes) -> list[bytes]:
    """Put lines somewhere among good ones."""
    among = good_lines(random)
    for line in lines:
        among.insert(random.randrange(len(among) + 1), line)
    return among


def joined(lines: list[bytes], header: bytes = HEADER, end: bytes = b"\n") -> bytes:
    return b"".join(line + end for line in (header, *lines))


def good(random: Random) -> bytes:
    content = joined(good_lines(random, 30), end=random.choice((b"\n", b"\r\n")))
    return random.choice((b"", BOM)) + (content if random.random() < 0.8 else content.rstrip())


def mixed(random: Random) -> bytes:
    columns = random.choice(HEADERS)
    return hostile_file(random, columns, random.randrange(60), random.choice((0.02, 0.1, 0.5, 1)))


def random_bytes(random: Random) -> bytes:
    noise = random.randbytes(random.randrange(600))
    return random.choice((b"", BOM, HEADER + b"\n", joined(good_lines(random)))) + noise


def other_encoding(random: Random) -> bytes:
    text = joined(good_lines(random)).decode() + f"7,t{random.randrange(99)}é,2024-06-25 17:43:13\n"
    head, body = text.split("\n", 1)
    encoding = random.choice(ENCODINGS)
    if random.random() < 0.5:  # the header as it is to be, the rest in another encoding
        return head.encode() + b"\n" + body.encode(encoding, "replace")
    return text.encode(encoding, "replace")


def nuls(random: Random) -> bytes:
    content = bytearray(joined(good_lines(random)))
    for _ in range(random.randrange(1, 5)):
        at = random.randrange(len(HEADER) * (random.random() < 0.9), len(content) + 1)
        content[at:at] = b"\0" * random.choice((1, 1, 40))
    return bytes(content)


def huge_field(random: Random) -> bytes:
    """Give a file with fields of up to a megabyte; files of other shapes stay smaller."""
    size = random.choice(HUGE_BYTES)
    giant = random.choice((b"t" * size, "🎵".encode() * (size // 4), b"\xff" * size, b" " * size))
    shapes = [b"1," + giant + b",2024-06-25 17:43:13", b"1,t,2024-06-25 17:43:13" + giant, giant]
    shapes += [b"0" * QUOTED_BYTES + b"7,t,2024-06-25 17:43:13", b"9" * QUOTED_BYTES + b",t,x"]
    shapes += [b'1,"' + b'""' * (QUOTED_BYTES // 2) + b'",x', b'"' * QUOTED_BYTES]
    shapes += [b"," * WIDE_BYTES, b'"",' * (WIDE_BYTES // 3), b'1,"' + b"t" * QUOTED_BYTES]
    return joined(among_good(random, random.choice(shapes)))


def headers(random: Random) -> bytes:
    """Give good lines below a header that is not the plain one."""
    names = ["user_id", "track_id", "listen_time"]
    random.shuffle(names)
    shape = random.randrange(10)
    if shape < 3:
        names.insert(random.randrange(4), random.choice((names[0], "extra", "", "USER_ID", "é\0")))
    elif shape == 3:
        names.pop()
    elif shape == 4:
        names[0] = random.choice((names[0].upper(), f" {names[0]}\t", f"\xa0{names[0]}"))
    elif shape == 5:
        names = [random.choice((f'"{name}"', name, f'"{name}\n"')) for name in names]
    elif shape == 6:
        names += [f"column_{number}" for number in range(random.choice((5, 62, 300)))]
    header = ",".join(names).encode()
    before = random.choice((b"", b"", b"\n\n", b" \t\r\n\r\n", BOM, BOM + b"\n", b"\n" + BOM))
    lines = [HEADER, header] if shape == 7 else []
    lines += [b",".join([line, *[b"x"] * (len(names) - 3)]) for line in good_lines(random)]
    return before + (header if shape == 8 else joined(lines, header))


def formulas(random: Random) -> bytes:
    lines = []
    for text in random.sample(FORMULAS, 3):
        fields = ["7", f"{text}{random.randrange(999)}", "2024-06-25 17:43:13"]
        fields[random.choice((1, 1, 1, 0, 2))] = text
        lines.append(",".join(fields).encode())
    return joined(among_good(random, *lines))


def quotes(random: Random) -> bytes:
    """Give quotes that stay open, open late, or hold a line's end and other rows."""
    pair = good_lines(random)[0], good_lines(random)[0]
    broken = (b'1,"t,2024-06-25 17:43:13', b'1,t",x', b'"1","t"x,2', b'"', b'""', b'"""', b',"')
    broken += (b'1,"a\nb",2024-06-25 17:43:13', b'"' + b"\n".join(pair) + b'"')
    lines = among_good(random, *random.choices(broken, k=random.randrange(1, 4)))
    return joined(lines, random.choice((HEADER, HEADER, b'"user_id' + HEADER[7:])))


def blanks(random: Random) -> bytes:
    lines = random.choices((b"", b" ", b"\t", b" \t ", b"\r"), k=random.randrange(9))
    return random.choice((b"", BOM)) + b"".join(line + b"\n" for line in lines)


def line_ends(random: Random) -> bytes:
    """Give carriage returns alone, ends of all kinds, and ends that others take for one."""
    ends = random.choice((b"\r", b"\n\r", None, None, b"\r\r\n", b"\x85\n", b"\x0b\n", b"\0\n"))
    some = (b"\n", b"\r\n", b"\n\n", b"\r", b"\r\r\n", "\u2028".encode())
    lines = [HEADER, *good_lines(random)]
    return b"".join(line + (ends or random.choice(some)) for line in lines)


def many_rejected(random: Random) -> bytes:
    """Give rejected lines about as many as refuse the file."""
    bad = random.choice((19, 20, 20, 21, 40))
    some_good = [
        good_line(random, COLUMNS) for _ in range(random.choice((0, 9 * bad, 9 * bad - 1)))
    ]
    lines = some_good + [hostile_line(random, COLUMNS) for _ in range(bad)]
    random.shuffle(lines)
    return joined(lines)


def mutated_file(random: Random) -> bytes:
    """Give a good file with bytes taken out, put in or replaced anywhere, header included."""
    content = good(random)
    for _ in range(random.randrange(1, 6)):
        start = random.randrange(len(content) + 1)
        end = start + random.choice((0, 0, 1, 1, 30))
        content = content[:start] + random.choice((b"", *PIECES)) + content[end:]
    return content


KINDS = (good, mixed, random_bytes, other_encoding, nuls, huge_field, headers, formulas)
KINDS += (quotes, blanks, line_ends, many_rejected, mutated_file)
PLAIN: dict[str, Callable[[Random], bytes]] = {kind.__name__: kind for kind in KINDS}
